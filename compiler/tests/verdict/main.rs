//! Dispersion relations, verdicts, certificates and witnesses.

mod directions;
mod dispersion;
mod equations;
mod evidence;
mod properties;
mod table;
