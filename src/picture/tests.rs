use super::frame::{Frame, tick};
use super::*;
use ndarray::{Array2, array};

/// Points on a spiral: structure enough to see, no randomness needed.
fn spiral(n: usize, scale: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, axis)| {
        let u = (i as f64 + 0.5) / n as f64;
        let angle = 9.0 * u + if axis == 1 { -std::f64::consts::FRAC_PI_2 } else { 0.0 };
        scale * u * angle.cos()
    })
}

/// Radii with the quantiles of a Cauchy law.
fn heavy(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, axis)| {
        let u = (i as f64 + 0.5) / n as f64;
        let radius = 40.0 * (std::f64::consts::FRAC_PI_2 * u).tan();
        let angle = 2.399_963 * i as f64;
        radius * if axis == 0 { angle.cos() } else { angle.sin() }
    })
}

/// Decodes a picture; where `GENPHYS_PICTURES` names a folder, leaves it there to look at.
fn decoded(name: &str, png: &[u8]) -> (u32, u32, Vec<u8>) {
    if let Some(folder) = std::env::var_os("GENPHYS_PICTURES") {
        crate::io::write_bytes(&std::path::Path::new(&folder).join(name), png).expect("writable");
    }
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG file");
    let mut rgb = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut rgb).expect("a frame");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width, info.height, rgb)
}

fn cloud<'a>(title: &'a str, points: &'a Array2<f64>) -> Cloud<'a> {
    Cloud { title, points, weights: None }
}

fn share_near(rgb: &[u8], color: [u8; 3]) -> f64 {
    let near = |pixel: &[u8]| pixel.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 24);
    rgb.chunks_exact(3).filter(|pixel| near(pixel)).count() as f64 / (rgb.len() / 3) as f64
}

#[test]
fn three_panels_show_three_clouds() {
    let (data, prior) = (spiral(900, 2.0), heavy(900));
    let samples = data.mapv(|v| v + 0.01);
    let png = scatter(
        "yukawa, m = 0.5: 900 samples of two_moons",
        &cloud("data: two_moons", &data),
        &cloud("prior at T = 40", &prior),
        &cloud("samples", &samples),
    )
    .expect("drawn");
    let (width, height, rgb) = decoded("scatter.png", &png);
    assert_eq!((width, height), (3 * 438, 502));
    // Each panel has dots of its own colour, and only there.
    let panel = |i: usize| -> Vec<u8> {
        rgb.chunks_exact(3 * width as usize).flat_map(|row| row[i * 3 * 438..(i + 1) * 3 * 438].to_vec()).collect()
    };
    for (i, color) in [[59, 104, 161], [211, 126, 46], [28, 132, 110]].into_iter().enumerate() {
        assert!(share_near(&panel(i), color) > 2e-4, "panel {i}");
        assert_eq!(share_near(&panel((i + 1) % 3), color), 0.0, "panel {i}");
    }
}

#[test]
fn weights_are_drawn_as_areas() {
    let data = array![[-1.0, 0.0], [1.0, 0.0]];
    let weights = [0.9, 0.1];
    let weighted = Cloud { title: "data", points: &data, weights: Some(&weights) };
    let png = scatter("two points", &weighted, &cloud("prior at T = 2", &heavy(200)), &weighted).expect("drawn");
    let (width, _, rgb) = decoded("weights.png", &png);
    let half = |from: usize| -> f64 {
        let rows = rgb.chunks_exact(3 * width as usize);
        rows.map(|row| share_near(&row[3 * from..3 * (from + 186)], [92, 128, 175])).sum()
    };
    let ratio = half(52) / half(52 + 186);
    assert!((4.0..16.0).contains(&ratio), "areas 9 to 1, pixels at the rim apart: {ratio}");
}

#[test]
fn images_stand_beside_their_nearest_data() {
    let stripes = |phase: usize| move |at: usize| if (at / 8 + phase) % 3 == 0 { 1.0 } else { at as f64 % 8.0 / 16.0 };
    let data = Array2::from_shape_fn((3, 64), |(i, at)| stripes(i)(at));
    let samples = Array2::from_shape_fn((40, 64), |(i, at)| stripes(i % 3)(at) + 0.001 * i as f64);
    let found = nearest(samples.view(), data.view());
    assert!(found.iter().enumerate().all(|(i, (row, _))| *row == i % 3));
    // 64 coordinates, each 0.004 off: distance 8 * 0.004.
    assert!((found[4].1 - 0.032).abs() < 1e-12);
    let pixels = Pixels { rows: 8, columns: 8, range: (0.0, 1.0) };
    let png = pairs("yukawa, N = 64: digits", samples.view(), data.view(), &found, pixels).expect("drawn");
    let (width, height, rgb) = decoded("grid.png", &png);
    assert_eq!((width, height), (2 * 22 - 22 + 138 * 8, 78 + 5 * 86 + 10));
    assert!(share_near(&rgb, [20, 20, 20]) > 0.05, "black stripes");
}

#[test]
fn points_on_a_line_are_counted_in_bins() {
    let line = |scale: f64| Array2::from_shape_fn((500, 1), |(i, _)| scale * ((i as f64 * 0.618) % 1.0 - 0.5));
    let prior = heavy(500).column(0).to_owned().insert_axis(ndarray::Axis(1));
    let (data, samples) = (line(2.0), line(1.9));
    let png =
        histograms("diffusion", &cloud("data", &data), &cloud("prior at T = 9", &prior), &cloud("samples", &samples))
            .expect("drawn");
    let (width, _, _) = decoded("histogram.png", &png);
    assert_eq!(width, 1260);
}

#[test]
fn heavy_tails_do_not_shrink_the_rest() {
    let frame = Frame::around(&heavy(1000));
    assert!(frame.half < 2000.0, "the largest radius is 25000: {frame:?}");
    let all = Frame::around(&spiral(1000, 2.0));
    assert!(spiral(1000, 2.0).rows().into_iter().all(|p| all.holds((p[0], p[1]))));
    let one = Frame::around(&array![[3.0, 4.0]]);
    assert_eq!((one.centre, one.half), ([3.0, 4.0], 1.0));
}

#[test]
fn degenerate_clouds_are_drawn_too() {
    let one = array![[0.0, 0.0]];
    let none = Array2::zeros((0, 2));
    let huge = array![[f64::MAX, -f64::MAX], [-f64::MAX, f64::MAX]];
    for points in [&one, &none, &huge] {
        scatter("degenerate", &cloud("data", points), &cloud("prior", points), &cloud("samples", points))
            .expect("drawn");
        histograms("degenerate", &cloud("data", points), &cloud("prior", points), &cloud("samples", points))
            .expect("drawn");
    }
}

#[test]
fn ticks_have_the_digits_that_tell_them_apart() {
    assert_eq!(tick(0.5, 1.0), "0.5");
    assert_eq!(tick(-20.0, 40.0), "\u{2212}20");
    assert_eq!(tick(-0.0, 1.0), "0");
    assert_eq!(tick(2e7, 1e8), "2.0e7");
}
