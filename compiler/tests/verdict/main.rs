//! Dispersion relations, verdicts, certificates and witnesses.

mod dispersion;
mod equations;
mod evidence;
mod evolving;
mod modes;
mod properties;
mod table;
