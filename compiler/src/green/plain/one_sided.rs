//! The one-sided stable law and its Gaussian mixtures, by quadrature in `y = log u`.
//!
//! In:   the order beta and the dimension N.
//! Out:  `log G(q) = log integral (4 pi u)^(-N/2) exp(-q/(4u)) f(u) du`, where `integral exp(-kappa u) f(u) du = exp(-kappa^beta)`.
//! Holds: every term is positive. Gauss-Legendre panels are a few standard deviations of the integrand wide, so that the
//!   rule of 16 points is exact to rounding on each. Nothing but `std` is needed here, as this text is also a part of the modules that
//!   `genphys!` generates.
//! Source: `f` for `u >= 1` by its convergent series (Humbert 1945), for `u < 1` by Zolotarev's integral of a positive
//!   function (Zolotarev 1964; Kanter 1975), over which the double exponential rule converges.

use std::f64::consts::PI;

/// `log G` of one order and dimension, as a sum over nodes in `log u`.
#[derive(Debug)]
pub struct Mixture {
    density: OneSided,
    half_dim: f64,
    rule: Vec<(f64, f64)>,
    /// The upper end of the panels.
    end: f64,
    /// `log` of a node's weight with everything but `exp(-q/(4u))`, and `1/(4u)`.
    nodes: Vec<(f64, f64)>,
}

/// Nodes whose weight is below `exp(-CUT)` of the largest are left out.
const CUT: f64 = 45.0;

/// Points of a panel.
const POINTS: u32 = 16;

impl Mixture {
    /// The mixture at the source; [`Mixture::extend`] it before asking for other distances.
    pub fn new(order: f64, dim: usize) -> Mixture {
        let density = OneSided::new(order);
        let mut mixture =
            Mixture { density, half_dim: 0.5 * dim as f64, rule: legendre(POINTS), end: 0.0, nodes: Vec::new() };
        mixture.add_panels_below();
        mixture.extend(f64::NEG_INFINITY);
        mixture
    }

    /// Adds panels until distances up to `log q` are served.
    pub fn extend(&mut self, log_q: f64) {
        let order = self.density.order;
        let decay = self.half_dim + order;
        // The integrand peaks at u = q/(4 decay), like a Gaussian of variance 1/decay, and then falls as exp(-decay y).
        let end = (log_q - (4.0 * decay).ln()).max(1.0) + (CUT + 5.0) / decay + 12.0 / decay.sqrt();
        while self.end < end {
            let width = (2.5 / (self.half_dim + 1.0).sqrt()).min(0.7).min((0.5 / self.sharpness()).max(0.3 * self.end));
            self.add_panel(self.end, self.end + width);
            self.end += width;
        }
    }

    fn add_panels_below(&mut self) {
        let b = self.density.steepness;
        let width = (2.5 / ((self.half_dim + 1.0) * (1.0 + b)).sqrt()).min(0.5 / self.sharpness());
        let (mut edge, mut largest) = (0.0, f64::NEG_INFINITY);
        loop {
            let here = self.log_weight(edge);
            largest = here.max(largest);
            if here < largest - CUT - 5.0 {
                return;
            }
            self.add_panel(edge - width, edge);
            edge -= width;
        }
    }

    /// How fast the density varies below and near `u = 1`.
    fn sharpness(&self) -> f64 {
        self.density.steepness.max(1.0)
    }

    /// `log` of `(4 pi u)^(-N/2) f(u) u`.
    fn log_weight(&self, y: f64) -> f64 {
        self.density.log_density(y) - self.half_dim * (y + (4.0 * PI).ln())
    }

    fn add_panel(&mut self, low: f64, high: f64) {
        let half = 0.5 * (high - low);
        for (node, weight) in self.rule.clone() {
            let y = low + half * (node + 1.0);
            self.nodes.push((self.log_weight(y) + (half * weight).ln(), 0.25 * (-y).exp()));
        }
    }

    /// `log G(q)`.
    pub fn log_density(&self, q: f64) -> f64 {
        let exponent = |(weight, inverse): &(f64, f64)| weight - q * inverse;
        let panels = || self.nodes.chunks(POINTS as usize);
        let middle = |panel: &[(f64, f64)]| panel.get(panel.len() / 2).map_or(f64::NEG_INFINITY, exponent);
        let highest = panels().map(middle).fold(f64::NEG_INFINITY, f64::max);
        // A panel is so narrow that its middle stands for it.
        let near: Vec<f64> =
            panels().filter(|panel| middle(panel) > highest - 2.0 * CUT).flatten().map(exponent).collect();
        let largest = near.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let relative = near.iter().map(|e| e - largest).filter(|e| *e > -CUT);
        largest + relative.map(f64::exp).sum::<f64>().ln()
    }

    /// The mean of `1/(4u)` at the source: minus the slope of `log G` in q.
    pub fn mean_inverse(&self) -> f64 {
        let largest = self.nodes.iter().map(|node| node.0).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (weight, inverse) in &self.nodes {
            let weight = (weight - largest).exp();
            sum += weight * inverse;
            weights += weight;
        }
        sum / weights
    }
}

/// The density of the law with Laplace transform `exp(-kappa^beta)`.
#[derive(Debug)]
pub struct OneSided {
    order: f64,
    /// `b = beta/(1 - beta)`: towards 0 the density falls as `exp(-A(0) u^-b)`.
    pub steepness: f64,
    /// `c_k` of `u f(u) = sum_(k>=1) c_k u^(-beta k)`.
    series: Vec<f64>,
}

impl OneSided {
    /// Of one order between 0 and 1.
    pub fn new(order: f64) -> OneSided {
        let mut series = Vec::new();
        for k in 1..4000 {
            let k = f64::from(k);
            let size = (log_gamma(1.0 + order * k) - log_gamma(1.0 + k)).exp() / PI;
            if size < 1e-19 {
                break;
            }
            // (-1)^(k+1) sin(pi beta k) = sin(pi (1 - beta) k).
            series.push(size * (PI * (((1.0 - order) * k) % 2.0)).sin());
        }
        OneSided { order, steepness: order / (1.0 - order), series }
    }

    /// `log(u f(u))` at `u = exp(y)`.
    pub fn log_density(&self, y: f64) -> f64 {
        if y >= 0.0 {
            let v = (-self.order * y).exp();
            // The factor v is taken out, as it underflows far away.
            return self.series.iter().rev().fold(0.0, |sum, c| sum * v + c).ln() - self.order * y;
        }
        // u f(u) = (b s/pi) integral_0^pi A exp(-s A) dphi with s = u^-b.
        let log_s = -self.steepness * y;
        let s = log_s.exp();
        let least = self.log_angular(0.0).exp();
        self.steepness.ln() + log_s - PI.ln() - s * least + self.excess(s, least).ln()
    }

    /// `integral_0^pi A exp(-s (A - A(0))) dphi`, cut where the exponential underflows.
    fn excess(&self, s: f64, least: f64) -> f64 {
        let (mut low, mut high) = (0.0, PI);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if s * (self.log_angular(middle).exp() - least) < 50.0 { low = middle } else { high = middle }
        }
        let integrand = |phi: f64| {
            let a = self.log_angular(phi).exp();
            a * (-s * (a - least)).exp()
        };
        double_exponential(integrand, high)
    }

    /// `log A(phi)`, `A = sin(beta phi)^b sin((1 - beta) phi) / sin(phi)^(1 + b)`, increasing on `(0, pi)`.
    fn log_angular(&self, phi: f64) -> f64 {
        let (beta, b) = (self.order, self.steepness);
        if phi < 1e-9 {
            return b * beta.ln() + (1.0 - beta).ln();
        }
        let sine = phi.sin();
        b * ((beta * phi).sin() / sine).ln() + (((1.0 - beta) * phi).sin() / sine).ln()
    }
}

/// The integral of a function, smooth inside and finite, over `[0, end]`: the step is halved until the result stands.
fn double_exponential(f: impl Fn(f64) -> f64, end: f64) -> f64 {
    let term = |tau: f64| {
        let e = (-PI * tau.sinh()).exp();
        let x = end / (1.0 + e);
        let slope = end * PI * tau.cosh() * e / (1.0 + e).powi(2);
        if slope > 0.0 { slope * f(x) } else { 0.0 }
    };
    // At 3.2 the slope is below 1e-15 of the whole.
    const REACH: f64 = 3.2;
    let (mut step, mut sum) = (0.4, 0.0);
    let count = (2.0 * REACH / step) as u32;
    (0..=count).for_each(|i| sum += term(-REACH + f64::from(i) * step));
    let mut last = sum * step;
    for level in 0..7 {
        let new = count << level;
        sum += (0..new).map(|i| term(-REACH + (f64::from(i) + 0.5) * step)).sum::<f64>();
        step *= 0.5;
        let next = sum * step;
        // The error is squared by each halving.
        if (next - last).abs() <= 1e-9 * next.abs() {
            return next;
        }
        last = next;
    }
    last
}

/// `log Gamma(x)`, `x >= 1`: by the recurrence to 10 or more, and Stirling's series there (DLMF 5.11.1).
pub fn log_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let v = 1.0 / (x * x);
    let bernoulli = [-691.0 / 360_360.0, 1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0];
    let series = bernoulli.into_iter().fold(0.0, |sum, c| sum * v + c) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - product.ln()
}

/// Nodes and weights of the Gauss-Legendre rule, by Newton's iteration on the Legendre polynomial.
pub fn legendre(n: u32) -> Vec<(f64, f64)> {
    let count = f64::from(n);
    (0..n)
        .map(|i| {
            let mut x = (PI * (f64::from(i) + 0.75) / (count + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..8 {
                let (mut before, mut this) = (1.0, x);
                for j in 2..=n {
                    let j = f64::from(j);
                    (before, this) = (this, ((2.0 * j - 1.0) * x * this - (j - 1.0) * before) / j);
                }
                slope = count * (x * this - before) / (x * x - 1.0);
                x -= this / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}
