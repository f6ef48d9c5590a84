//! Pictures: what the data, the prior and the samples look like.
//!
//! In:    points `[M, N]`, and for images the layout of their pixels.
//! Out:   the bytes of a PNG file, drawn with an embedded font, the same on every machine.
//! Holds: axes have equal scale; what lies outside a frame is counted in its caption, never dropped silently.

mod canvas;
mod frame;
mod grid;
mod histogram;
mod scatter;

pub use canvas::PictureError;
pub use grid::{Pixels, nearest, pairs};
pub use histogram::histograms;
pub use scatter::{Cloud, scatter};

#[cfg(test)]
mod tests;
