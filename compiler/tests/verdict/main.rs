//! Dispersion relations, verdicts, certificates and witnesses.

mod dispersion;
mod enclosures;
mod equations;
mod evidence;
mod orders;
mod properties;
mod table;
