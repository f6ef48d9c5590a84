//! Field evaluation on one core: nanoseconds per pair of a query and a data point, beside a plain Rust loop.
//!
//! `cargo bench --bench field` prints the table of ratios, then divan's own statistics (items are pairs).
//! All sides run in turn in the same process, so that their ratios hold on a busy machine too; the fastest of many short runs
//! is close to the time on an idle one. The plain loop is what rustc makes of the textbook formula in two passes over the data, for any x86-64. In many
//! dimensions the two matrix products alone, of the same tiles, are what no evaluation by products can beat.

use std::hint::black_box;
use std::time::Instant;

use divan::counter::ItemsCount;
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, Axis, s};

/// A benchmark: an equation in a dimension, against so many data points from so many queries.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    pde: &'static str,
    dim: usize,
    sources: usize,
    queries: usize,
    t: f64,
    /// `log g(q)` up to a constant, as one would write it in plain Rust.
    log_kernel: fn(q: f32, dim: usize, t: f32) -> f32,
}

const POISSON: &str = "phi_tt + lap(phi) = 0";

const fn poisson(name: &'static str, dim: usize, sources: usize, queries: usize) -> Case {
    // At this time the nearest point carries much of the weight, and not all of it.
    let t = if dim > 16 { 2.0 } else { 0.5 };
    Case { name, pde: POISSON, dim, sources, queries, t, log_kernel: log_poisson }
}

/// The same at a time when every point has weight everywhere.
const fn late(name: &'static str, dim: usize) -> Case {
    Case { t: 200.0, ..poisson(name, dim, 10_000, 512) }
}

const CASES: [Case; 11] = [
    Case {
        name: "diffusion N=2",
        pde: "phi_t - lap(phi) = 0",
        dim: 2,
        sources: 10_000,
        queries: 64,
        t: 0.25,
        log_kernel: log_diffusion,
    },
    poisson("Poisson N=2", 2, 10_000, 64),
    poisson("Poisson N=3", 3, 10_000, 64),
    poisson("Poisson N=8", 8, 10_000, 64),
    Case {
        name: "Yukawa N=2",
        pde: "phi_tt + lap(phi) - m^2 phi = 0 where m > 0",
        dim: 2,
        sources: 10_000,
        queries: 64,
        t: 0.5,
        log_kernel: log_yukawa_2,
    },
    Case {
        name: "Yukawa N=3",
        pde: "phi_tt + lap(phi) - m^2 phi = 0 where m > 0",
        dim: 3,
        sources: 10_000,
        queries: 64,
        t: 0.5,
        log_kernel: log_yukawa_3,
    },
    poisson("Poisson N=16", 16, 10_000, 64),
    poisson("Poisson N=64", 64, 10_000, 512),
    late("Poisson N=64 late", 64),
    poisson("Poisson N=784", 784, 10_000, 512),
    late("Poisson N=784 late", 784),
];

fn log_diffusion(q: f32, _: usize, t: f32) -> f32 {
    -q / (4.0 * t)
}

fn log_poisson(q: f32, dim: usize, t: f32) -> f32 {
    -0.5 * (dim as f32 + 1.0) * (q / (t * t)).ln_1p()
}

/// `K_(3/2)(rho) rho^(-3/2)` at m = 1.
fn log_yukawa_2(q: f32, _: usize, t: f32) -> f32 {
    let rho = (q + t * t).sqrt();
    -rho + (1.0 + 1.0 / rho).ln() - 2.0 * rho.ln()
}

/// `K_2(rho) rho^(-2)` at m = 1, with `K_2 = K_0 + 2 K_1/rho` and the polynomials of Abramowitz and Stegun, 9.8.1 to 9.8.8.
fn log_yukawa_3(q: f32, _: usize, t: f32) -> f32 {
    let polynomial = |x: f32, c: [f32; 7]| c.into_iter().rev().fold(0.0, |sum, c| sum * x + c);
    let rho = (q + t * t).sqrt();
    let (log_scale, k0, k1) = if rho <= 2.0 {
        let (y, u, log) = (0.25 * rho * rho, (rho / 3.75).powi(2), (0.5 * rho).ln());
        let i0 = polynomial(u, [1.0, 3.515_623, 3.089_942_4, 1.206_749_2, 0.265_973_2, 0.036_076_8, 0.004_581_3]);
        let i1 = polynomial(u, [0.5, 0.878_905_9, 0.514_988_7, 0.150_849_3, 0.026_587_3, 0.003_015_3, 0.000_324_1]);
        let k0 =
            polynomial(y, [-0.577_215_7, 0.422_784_2, 0.230_697_6, 0.034_885_9, 0.002_627, 0.000_107_5, 0.000_007_4]);
        let k1 = polynomial(y, [1.0, 0.154_431_4, -0.672_785_8, -0.181_569, -0.019_194, -0.001_104, -0.000_046_9]);
        (0.0, k0 - log * i0, k1 / rho + log * rho * i1)
    } else {
        let z = 2.0 / rho;
        let k0 = polynomial(
            z,
            [1.253_314_1, -0.078_323_6, 0.021_895_7, -0.010_624_5, 0.005_878_7, -0.002_515_4, 0.000_532_1],
        );
        let k1 = polynomial(
            z,
            [1.253_314_1, 0.234_986_2, -0.036_556_2, 0.015_042_7, -0.007_803_5, 0.003_256_1, -0.000_682_5],
        );
        (-rho - 0.5 * rho.ln(), k0, k1)
    };
    log_scale + (k0 + 2.0 * k1 / rho).ln() - 2.0 * rho.ln()
}

/// The data and the queries of a case, and the compiled field.
struct Setup {
    case: Case,
    data: Vec<f32>,
    queries: Array2<f64>,
    field: Field,
}

impl Setup {
    fn new(case: Case) -> Setup {
        let analysis = analyze(&Source::new(case.name, case.pde), Budget::default()).expect("valid text");
        let values = analysis
            .equation
            .parameters
            .iter()
            .map(|p| (Name::from(p.name.as_str()), Rational::from_integer(1.into())));
        let model = Model::new(&analysis, case.dim, &values.collect()).expect("a generative equation");
        let data = cloud(case.sources, case.dim, 1);
        let queries = cloud(case.queries, case.dim, 2);
        let weights = vec![1.0; case.sources];
        let field = Field::new(&model, data.view(), &weights, Precision::F32).expect("a field");
        Setup { case, data: data.iter().map(|x| *x as f32).collect(), queries, field }
    }

    fn compiled(&self, out: &mut Evaluation) {
        self.field.evaluate(self.case.t, black_box(self.queries.view()), out).expect("finite results");
    }

    /// `log p` and the mean displacement in two passes over the data, the second of which knows the largest logarithm.
    fn plain(&self, queries: usize, out: &mut [f32]) {
        let Case { dim, t, log_kernel, .. } = self.case;
        let mut logs = vec![0f32; self.case.sources];
        for (x, out) in self.queries.rows().into_iter().take(queries).zip(out.chunks_exact_mut(dim + 1)) {
            let x: Vec<f32> = x.iter().map(|x| *x as f32).collect();
            let mut max = f32::MIN;
            for (l, y) in logs.iter_mut().zip(self.data.chunks_exact(dim)) {
                let q: f32 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
                *l = log_kernel(q, dim, t as f32);
                max = max.max(*l);
            }
            out.fill(0.0);
            for (l, y) in logs.iter().zip(self.data.chunks_exact(dim)) {
                let w = (l - max).exp();
                out[0] += w;
                out[1..].iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += w * (x - y));
            }
        }
    }
}

/// Points of eight clusters in the unit cube, the same on every run.
fn cloud(count: usize, dim: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    Array2::from_shape_fn((count, dim), |(i, d)| f64::from(((i % 8) >> (d % 3)) as u32 & 1) + 0.3 * next())
}

/// The two matrix products of an evaluation in many dimensions, without anything between them.
struct Products {
    x: Array2<f32>,
    y: Array2<f32>,
    g: Array2<f32>,
    pulled: Array2<f32>,
}

impl Products {
    const TILE: usize = 256;

    fn new(setup: &Setup) -> Option<Products> {
        let Case { dim, sources, queries, .. } = setup.case;
        let y = Array2::from_shape_vec((sources, dim), setup.data.clone()).expect("as many as that");
        let rows = queries.min(Self::TILE);
        (dim > 16).then(|| Products {
            x: setup.queries.slice(s![..rows, ..]).mapv(|x| x as f32),
            y,
            g: Array2::zeros((rows, Self::TILE)),
            pulled: Array2::zeros((rows, dim)),
        })
    }

    /// Runs one tile of queries over all sources, and returns the number of pairs.
    fn run(&mut self) -> usize {
        for y in self.y.axis_chunks_iter(Axis(0), Self::TILE) {
            let mut g = self.g.slice_mut(s![.., ..y.nrows()]);
            general_mat_mul(1.0, black_box(&self.x), &y.t(), 0.0, &mut g);
            general_mat_mul(1e-30, &g, &y, 1.0, &mut self.pulled);
        }
        black_box(&self.pulled);
        self.x.nrows() * self.y.nrows()
    }
}

/// Nanoseconds per pair of all sides, `(fastest, median)` each: compiled, plain, and the products alone where there are any.
fn compare(case: Case) -> Vec<(f64, f64)> {
    let setup = Setup::new(case);
    let mut products = Products::new(&setup);
    let pairs = case.sources * case.queries;
    // The plain loop is slow enough to need few queries.
    let few = (1 + 32 / case.dim).min(case.queries);
    let (mut out, mut plain) = (Evaluation::new(case.queries, case.dim), vec![0f32; few * (case.dim + 1)]);
    let mut times = vec![Vec::new(); 2 + usize::from(products.is_some())];
    setup.compiled(&mut out);
    // Runs are short and many, so that some fall into quiet moments of a shared machine.
    for _ in 0..(8_000_000_000 / (pairs * case.dim)).clamp(7, 200) {
        times[0].push(timed(|| {
            setup.compiled(&mut out);
            pairs
        }));
        times[1].push(timed(|| {
            setup.plain(few, black_box(&mut plain));
            few * case.sources
        }));
        if let Some(products) = &mut products {
            times[2].push(timed(|| products.run()));
        }
    }
    let fastest_and_median = |t: &mut Vec<f64>| {
        t.sort_by(f64::total_cmp);
        (t[0], t[t.len() / 2])
    };
    times.iter_mut().map(fastest_and_median).collect()
}

/// Nanoseconds per pair of a run that returns its number of pairs.
fn timed(run: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    let pairs = run();
    start.elapsed().as_secs_f64() * 1e9 / pairs as f64
}

#[divan::bench(args = ["diffusion N=2", "Poisson N=2", "Poisson N=3", "Poisson N=8", "Yukawa N=2", "Yukawa N=3", "Poisson N=16", "Poisson N=64", "Poisson N=64 late", "Poisson N=784", "Poisson N=784 late"], sample_count = 10, sample_size = 1)]
fn field(bencher: divan::Bencher<'_, '_>, name: &str) {
    let case = CASES.into_iter().find(|case| case.name == name).expect("a case");
    let setup = Setup::new(case);
    let mut out = Evaluation::new(case.queries, case.dim);
    bencher.counter(ItemsCount::new(case.sources * case.queries)).bench_local(|| setup.compiled(&mut out));
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("one thread");
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    println!("nanoseconds per pair on one core, f32, fastest (median)");
    println!(
        "{:18} {:>16} {:>16} {:>8} {:>18} {:>10}",
        "", "compiled", "plain Rust", "ratio", "products alone", "share"
    );
    for case in CASES.into_iter().filter(|case| filter.as_ref().is_none_or(|f| case.name.contains(f.as_str()))) {
        let times = compare(case);
        let cell = |(min, median): (f64, f64)| format!("{min:.2} ({median:.2})");
        let (compiled, plain) = (times[0], times[1]);
        let ratio = format!("{:.1}x", plain.0 / compiled.0);
        let alone = times.get(2).map_or((String::new(), String::new()), |products| {
            (cell(*products), format!("{:.0} %", 100.0 * products.0 / compiled.0))
        });
        println!(
            "{:18} {:>16} {:>16} {ratio:>8} {:>18} {:>10}",
            case.name,
            cell(compiled),
            cell(plain),
            alone.0,
            alone.1
        );
    }
    divan::main();
}
