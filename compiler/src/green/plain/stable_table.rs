//! The isotropic stable law, `exp(-kappa^beta)` in Fourier space, as a table.
//!
//! In:   the order `0 < beta < 1`, the dimension N, how fine the table is.
//! Out:  [`StableTable`]: `log G(q)`, `q = r^2`, at unit scale. By self-similarity it serves every rate and time:
//!       `g_t(r) = s^(-N/2) G(q/s)` with `s = (c t)^(1/beta)`.
//! Holds: the table is checked between its nodes, against the quadrature, to its tolerance. Nothing but `std` is needed here, as
//!       this text is also a part of the modules that `genphys!` generates.
//!
//! `G(q) = integral (4 pi u)^(-N/2) exp(-q/(4u)) f(u) du` with the density `f` of the one-sided stable law: positive, and
//! stable in log space in any N. The table holds `log G + (N/2 + beta) x`, which is bounded, in pieces of
//! `x = log(1 + q/a^2)` up to some X, and in one piece of `exp(-beta (x - X))` beyond, where `G` is a series in `q^-beta`.
//! Source: Bochner (1955) for subordination; Zolotarev (1964) and Kanter (1975) for `f` below 1; Humbert (1945) above.

use super::chebyshev;
use super::one_sided::Mixture;

/// The table of one order, dimension and precision.
#[derive(Debug)]
pub struct StableTable {
    /// `log G(0)`.
    pub log_peak: f64,
    pub order: f64,
    /// `N/2 + beta`: `G` falls as `q` to minus this power.
    pub decay: f64,
    /// `a^2`, where `G` begins to fall.
    pub scale: f64,
    /// The upper edge of every piece but the last, which has none.
    pub edges: Vec<f64>,
    /// Powers of the variable that runs from -1 to 1 on the piece; the piece beyond the last edge comes last.
    pub pieces: Vec<Vec<f64>>,
}

/// How fine a table is.
#[derive(Debug)]
pub struct Fineness {
    degree: usize,
    /// Absolute error of the logarithm, plus `relative` times the size of what it is made of.
    absolute: f64,
    relative: f64,
}

const MAX_PIECES: usize = 48;

/// Where the last piece may begin.
const ENDS: [f64; 11] = [3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 30.0, 45.0, 70.0, 100.0];

impl StableTable {
    /// The orders that have a table in N = `dim` dimensions: the lowest and the highest. Below, the law spreads over more powers of
    /// ten than a table of [`MAX_PIECES`] tells apart, the sooner the more dimensions there are.
    pub const fn orders(dim: usize) -> (f64, f64) {
        (if dim <= 16 { 0.03 } else { 0.2 }, 0.99)
    }

    /// Fits the table; none outside of [`StableTable::orders`].
    pub fn new(order: f64, dim: usize, fineness: &Fineness) -> Option<StableTable> {
        let (lowest, highest) = StableTable::orders(dim);
        if lowest <= order && order <= highest { StableTable::fit(order, dim, fineness) } else { None }
    }

    /// `log G(q) - log G(0)`. `log_q` is the logarithm of q, for where q itself overflows. Only generated modules ask; kernels read the
    /// pieces themselves.
    #[allow(dead_code)]
    pub fn at(&self, q: f64, log_q: impl Fn() -> f64) -> f64 {
        let ratio = q / self.scale;
        let x = if ratio < f64::MAX { ratio.ln_1p() } else { log_q() - self.scale.ln() };
        let piece = self.edges.partition_point(|edge| *edge <= x);
        let s = match (self.edges.get(piece), piece.checked_sub(1)) {
            (Some(edge), None) => 2.0 * x / edge - 1.0,
            (Some(edge), Some(before)) => (2.0 * x - self.edges[before] - edge) / (edge - self.edges[before]),
            (None, last) => 2.0 * (-self.order * (x - last.map_or(0.0, |last| self.edges[last]))).exp() - 1.0,
        };
        chebyshev::value(&self.pieces[piece], s) - self.decay * x
    }

    fn fit(order: f64, dim: usize, fineness: &Fineness) -> Option<StableTable> {
        let mut mixture = Mixture::new(order, dim);
        let decay = 0.5 * dim as f64 + order;
        let scale = decay / mixture.mean_inverse();
        let log_peak = mixture.log_density(0.0);
        let scaled = |mixture: &Mixture, x: f64| mixture.log_density(scale * x.exp_m1()) - log_peak + decay * x;
        let (end, beyond) = ENDS.into_iter().find_map(|end| {
            let x_of = |s: f64| end - (0.5 * (s + 1.0)).ln() / order;
            let nearest_to_infinity = x_of(chebyshev::nodes(2 * fineness.degree + 1).into_iter().fold(1.0, f64::min));
            mixture.extend((scale.ln() + nearest_to_infinity).max(0.0));
            fineness.fit(decay, x_of, |s| scaled(&mixture, x_of(s))).map(|piece| (end, piece))
        })?;
        let mut table = StableTable { log_peak, order, decay, scale, edges: Vec::new(), pieces: Vec::new() };
        let mut todo = vec![(0.0, end)];
        while let Some((low, high)) = todo.pop() {
            let x_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
            match fineness.fit(decay, x_of, |s| scaled(&mixture, x_of(s))) {
                Some(piece) => {
                    table.edges.push(high);
                    table.pieces.push(piece);
                }
                None => {
                    let middle = 0.5 * (low + high);
                    todo.extend([(middle, high), (low, middle)]);
                }
            }
            if table.pieces.len() + todo.len() > MAX_PIECES {
                return None;
            }
        }
        table.pieces.push(beyond);
        Some(table)
    }
}

impl Fineness {
    /// For results in f32.
    pub const SINGLE: Fineness = Fineness { degree: 7, absolute: 1e-8, relative: 1e-8 };

    /// For results in f64. The quadrature itself rounds exponents of the size of log G.
    pub const DOUBLE: Fineness = Fineness { degree: 15, absolute: 2e-13, relative: 1.5e-15 };

    /// The polynomial through f at the nodes, if it also meets f between them. `x_of` tells at which x a node lies.
    fn fit(&self, decay: f64, x_of: impl Fn(f64) -> f64, f: impl Fn(f64) -> f64) -> Option<Vec<f64>> {
        let values: Vec<f64> = chebyshev::nodes(self.degree).into_iter().map(&f).collect();
        let powers = chebyshev::powers(&values);
        let meets = |s: f64| {
            let tolerance = self.absolute + self.relative * (decay + 1.0) * (x_of(s) + 4.0);
            (chebyshev::value(&powers, s) - f(s)).abs() <= tolerance
        };
        // Every second node of twice the degree, and the ends of the piece, lie between the nodes.
        chebyshev::nodes(2 * self.degree + 1).into_iter().all(meets).then_some(powers)
    }
}
