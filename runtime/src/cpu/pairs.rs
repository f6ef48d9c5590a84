//! Fields of a tabulated law in few dimensions, pair by pair.
//!
//! In:   a [`Lookup`] at one time, data laid out once, queries.
//! Out:  what a compiled reduction of the same law gives: a [`ReduceOutput`].
//! Holds: all in f64, in the order of the data; a row depends on its query alone.

use genphys_compiler::green::Lookup;
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::reduce::ReduceOutput;

/// Data points taken at once: their numbers stay in a core's first cache.
const BLOCK: usize = 128;

/// Weights below `exp(-CUT)` of the largest are lost to rounding.
const CUT: f64 = 45.0;

/// Weighted data points, axis by axis.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// `[N][n]`.
    axes: Vec<Vec<f64>>,
    log_weights: Vec<f64>,
}

/// Sums over the data, all times `exp(top)`.
struct Sums {
    top: f64,
    weight: f64,
    births: f64,
    displacement: Vec<f64>,
}

/// Numbers of a block of data.
struct Block {
    weights: [f64; BLOCK],
    flux: [f64; BLOCK],
    births: [f64; BLOCK],
}

impl Pairs {
    /// Lays out points `[n, N]` with log weights `[n]`, minus infinity for weight zero.
    pub fn new(points: ArrayView2<'_, f64>, log_weights: &[f64]) -> Pairs {
        let keep: Vec<usize> = (0..log_weights.len()).filter(|i| log_weights[*i] > f64::NEG_INFINITY).collect();
        let axes = points.columns().into_iter().map(|axis| keep.iter().map(|i| axis[*i]).collect()).collect();
        Pairs { axes, log_weights: keep.iter().map(|i| log_weights[*i]).collect() }
    }

    /// The sums at queries `[M, N]`; `rate` is the flux `J/p` of a source for each length, where the table has none.
    pub fn run(&self, lookup: &Lookup, rate: f64, queries: ArrayView2<'_, f64>, out: &mut ReduceOutput) {
        let row = |x: ArrayView1<f64>| match (lookup.has_flux(), lookup.has_births()) {
            (false, false) => self.row(x, |q| lookup.row::<1>(q), |[log]| [log, rate, 0.0]),
            (true, false) => self.row(x, |q| lookup.row::<2>(q), |[log, flux]| [log, flux, 0.0]),
            (false, true) => self.row(x, |q| lookup.row::<2>(q), |[log, births]| [log, rate, births]),
            (true, true) => self.row(x, |q| lookup.row::<3>(q), |row| row),
        };
        let rows: Vec<Sums> = queries.rows().into_iter().map(row).collect();
        out.log_sum = rows.iter().map(|sums| sums.top + sums.weight.ln()).collect();
        let scalars = usize::from(lookup.has_births());
        out.scalars = Array2::from_shape_fn((rows.len(), scalars), |(i, _)| rows[i].births / rows[i].weight);
        let displacement = |(i, d): (usize, usize)| rows[i].displacement[d] / rows[i].weight;
        out.displacements = vec![Array2::from_shape_fn((rows.len(), self.axes.len()), displacement)];
    }

    /// The sums at one query; `name` says which column of a cell is which.
    fn row<const COLUMNS: usize>(
        &self,
        x: ArrayView1<'_, f64>,
        cell: impl Fn(f64) -> [f64; COLUMNS],
        name: impl Fn([f64; COLUMNS]) -> [f64; 3],
    ) -> Sums {
        let displacement = vec![0.0; self.axes.len()];
        let mut sums = Sums { top: f64::NEG_INFINITY, weight: 0.0, births: 0.0, displacement };
        let mut block = Block { weights: [0.0; BLOCK], flux: [0.0; BLOCK], births: [0.0; BLOCK] };
        for (i, log_weights) in self.log_weights.chunks(BLOCK).enumerate() {
            let (start, count) = (i * BLOCK, log_weights.len());
            let mut distances = [0.0; BLOCK];
            for (x, axis) in x.iter().zip(&self.axes) {
                distances.iter_mut().zip(&axis[start..start + count]).for_each(|(q, y)| *q += (x - y) * (x - y));
            }
            let mut top = f64::NEG_INFINITY;
            for (j, (q, log_weight)) in distances.iter().zip(log_weights).enumerate() {
                let [log, flux, births] = name(cell(*q));
                let log = log + log_weight;
                top = if log > top { log } else { top };
                (block.weights[j], block.flux[j], block.births[j]) = (log, flux, births);
            }
            sums.raise(top);
            if top > sums.top - CUT {
                sums.add(&mut block, count, |d| (x[d], &self.axes[d][start..start + count]));
            }
        }
        sums
    }
}

impl Sums {
    /// Takes a larger scale.
    fn raise(&mut self, top: f64) {
        if top > self.top {
            let shrink = (self.top - top).exp();
            self.weight *= shrink;
            self.births *= shrink;
            self.displacement.iter_mut().for_each(|sum| *sum *= shrink);
            self.top = top;
        }
    }

    /// Adds a block, whose weights are logarithms at first.
    fn add<'a>(&mut self, block: &mut Block, count: usize, axis: impl Fn(usize) -> (f64, &'a [f64])) {
        for ((weight, flux), births) in block.weights[..count].iter_mut().zip(&mut block.flux).zip(&block.births) {
            let log = *weight - self.top;
            *weight = if log > -CUT { log.exp() } else { 0.0 };
            self.weight += *weight;
            self.births += *weight * births;
            *flux *= *weight;
        }
        for (d, sum) in self.displacement.iter_mut().enumerate() {
            let (x, axis) = axis(d);
            *sum += block.flux.iter().zip(axis).map(|(flux, y)| flux * (x - y)).sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{InterpReduce, ReduceProgram};
    use genphys_compiler::kernel::Precision;
    use genphys_compiler::operator::Equation;
    use ndarray::array;

    #[test]
    fn pairs_are_what_the_kernel_of_the_same_law_computes() {
        // lambda = sqrt(kappa + kappa^2 + 1/16): flux and births without closed form. The interpreter reads the other form of the table.
        let equation = Equation::parse("phi_tt + lap(phi) - lap(lap(phi)) - (1/16) phi = 0").expect("valid text");
        let green = equation.analyze().green().expect("a kernel").clone();
        let program = green.bind(2, &Default::default()).and_then(|bound| bound.program(Precision::F64));
        let program = program.expect("a program");
        let points = array![[0.0, 0.0], [1.0, 0.25], [-3.0, 2.0], [50.0, 1.0]];
        let log_weights = [-1.0, -2.0, f64::NEG_INFINITY, -0.5];
        let queries = array![[0.0, 0.0], [0.5, -0.5], [20.0, 3.0], [-1e6, 2.0]];
        let kernel = InterpReduce::new(&program.kernel).expect("a reduction");
        for t in [1e-3, 0.7, 30.0] {
            let (mut expected, mut found) = (ReduceOutput::default(), ReduceOutput::default());
            let sources = kernel.layout(points.view(), &log_weights).expect("a layout");
            kernel.run(&program.uniforms(t), &sources, queries.view(), &mut expected).expect("finite");
            let lookup = program.lookup(t).expect("a table");
            Pairs::new(points.view(), &log_weights).run(&lookup, f64::NAN, queries.view(), &mut found);
            let close = |a: &f64, b: &f64| (a - b).abs() <= 1e-10 * a.abs().max(1e-3);
            assert!(expected.log_sum.iter().zip(&found.log_sum).all(|(a, b)| close(a, b)), "{expected:?} {found:?}");
            assert!(expected.scalars.iter().zip(&found.scalars).all(|(a, b)| close(a, b)), "{expected:?} {found:?}");
            let (a, b) = (&expected.displacements[0], &found.displacements[0]);
            assert!(a.iter().zip(b).all(|(a, b)| close(a, b)), "{expected:?} {found:?}");
        }
    }
}
