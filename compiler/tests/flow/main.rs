//! Continuity forms: known equations, random ones, proofs and the independent check.

mod build;
mod known;
mod random;
