//! Dispersion relations, verdicts, certificates and witnesses.

mod dispersion;
mod equations;
mod evidence;
mod kernels;
mod properties;
mod table;
