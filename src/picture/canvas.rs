//! The surface pictures are drawn on: twice as fine as the result, averaged down so that edges are smooth.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::sync::OnceLock;

/// The drawing surface of a picture.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// How much finer than the result everything is drawn.
pub(super) const FINE: u32 = 2;

/// The name of the embedded font.
pub(super) const FONT: &str = "sans-serif";

pub(super) const INK: RGBColor = RGBColor(34, 40, 49);
pub(super) const FAINT_INK: RGBColor = RGBColor(112, 120, 131);
pub(super) const GRID_LINE: RGBColor = RGBColor(232, 235, 239);

/// A picture that could not be made: always a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Drawing failed.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// Encoding the finished picture failed.
    #[error("encoding the picture failed: {0}")]
    Encoding(#[from] png::EncodingError),
}

/// Drawing errors of every backend carry one type parameter each; their text is what matters.
pub(super) fn drawing(error: impl std::fmt::Display) -> PictureError {
    PictureError::Drawing(error.to_string())
}

/// Draws a picture of `width` x `height` pixels and encodes it as PNG. `draw` works in fine pixels, [`FINE`] to a pixel.
pub(super) fn picture(
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area) -> Result<(), PictureError>,
) -> Result<Vec<u8>, PictureError> {
    if !font_is_registered() {
        return Err(PictureError::Drawing("the embedded font is damaged".into()));
    }
    let fine = (width * FINE, height * FINE);
    let mut buffer = vec![255; 3 * fine.0 as usize * fine.1 as usize];
    {
        let area = BitMapBackend::with_buffer(&mut buffer, fine).into_drawing_area();
        area.fill(&WHITE).map_err(drawing)?;
        draw(&area)?;
        area.present().map_err(drawing)?;
    }
    encode(width, height, &average(&buffer, width as usize, height as usize))
}

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// Pixels.
    Png,
    /// Lines and text, sharp at any size.
    Svg,
}

/// What can be drawn on any surface. Lengths are in fine pixels, [`FINE`] to a pixel.
pub(super) trait Drawing {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), PictureError>;
}

/// Draws a picture of `width` x `height` pixels.
pub(super) fn render(
    (width, height): (u32, u32),
    format: PictureFormat,
    drawing_of: &impl Drawing,
) -> Result<Vec<u8>, PictureError> {
    if format == PictureFormat::Png {
        return picture((width, height), |area| drawing_of.draw(area));
    }
    let fine = (width * FINE, height * FINE);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, fine).into_drawing_area();
        area.fill(&WHITE).map_err(drawing)?;
        drawing_of.draw(&area)?;
        area.present().map_err(drawing)?;
    }
    // Fine pixels are the units of the drawing; the picture has the size of its pixels.
    let size = format!("width=\"{}\" height=\"{}\"", fine.0, fine.1);
    Ok(text.replacen(&size, &format!("width=\"{width}\" height=\"{height}\""), 1).into_bytes())
}

fn font_is_registered() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    const BYTES: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");
    *REGISTERED.get_or_init(|| register_font(FONT, FontStyle::Normal, BYTES).is_ok())
}

/// Text of a size in pixels of the result.
pub(super) fn text(size: u32, color: RGBColor) -> TextStyle<'static> {
    TextStyle { color: color.to_backend_color(), ..TextStyle::from((FONT, size * FINE).into_font()) }
}

/// A length in pixels of the result, in fine pixels.
pub(super) fn px(length: u32) -> i32 {
    (length * FINE) as i32
}

/// The mean of each square of fine pixels.
fn average(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let step = FINE as usize;
    let stride = 3 * width * step;
    let mut out = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let corner = y * step * stride + 3 * x * step + channel;
                let block = (0..step).flat_map(|i| (0..step).map(move |j| corner + i * stride + 3 * j));
                let sum: usize = block.map(|at| usize::from(fine[at])).sum();
                out.push((sum / (step * step)) as u8);
            }
        }
    }
    out
}

fn encode(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(bytes)
}
