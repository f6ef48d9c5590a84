//! Dispersion relations, verdicts, certificates and witnesses.

mod equations;
mod table;
