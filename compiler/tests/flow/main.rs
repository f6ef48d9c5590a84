//! Continuity forms: known equations, systems, random and equivalent ones, proofs and the independent check.

mod build;
mod equivalent;
mod known;
mod random;
mod systems;
