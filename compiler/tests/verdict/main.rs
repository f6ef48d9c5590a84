//! Dispersion relations, verdicts, certificates and witnesses.

mod directions;
mod dispersion;
mod equations;
mod evidence;
mod evolving;
mod modes;
mod properties;
mod table;
