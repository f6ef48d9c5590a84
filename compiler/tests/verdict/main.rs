//! Dispersion relations, verdicts, certificates and witnesses.

mod dispersion;
mod equations;
mod evidence;
mod evolving;
mod properties;
mod table;
