//! Pictures: what the data, the prior and the samples look like; branches, kernels and densities of an equation.
//!
//! In:    points `[M, N]`, and for images the layout of their pixels.
//! Out:   the bytes of a PNG file, drawn with an embedded font, the same on every machine.
//! Holds: axes have equal scale; what lies outside a frame is counted in its caption, never dropped silently.

mod canvas;
mod chart;
mod frame;
mod grid;
mod heat;
mod histogram;
mod intervals;
mod scatter;

pub use canvas::{PictureError, PictureFormat};
pub use chart::{Chart, Line, Stroke, charts};
pub use grid::{Pixels, nearest, pairs};
pub use heat::{HeatMap, heat_map};
pub use histogram::histograms;
pub use intervals::{Panel, Whisker, intervals};
pub use scatter::{Cloud, scatter};

#[cfg(test)]
mod tests;
