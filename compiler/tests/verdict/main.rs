//! Dispersion relations, verdicts, certificates and witnesses.

mod conditions;
mod directions;
mod dispersion;
mod enclosures;
mod equations;
mod evidence;
mod evolving;
mod independence;
mod kernels;
mod modes;
mod orders;
mod properties;
mod table;
