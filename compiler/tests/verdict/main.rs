//! Dispersion relations, verdicts, certificates and witnesses.

mod equations;
mod evidence;
mod table;
