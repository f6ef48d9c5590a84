//! The law of any Bernstein lambda: Gaussians mixed over the increments of its subordinator.
//!
//! In:   lambda with numbers in it, and the multipliers of flux and source that have no closed form.
//! Out:  [`Subordinated`]: at a time t, the [`Mixture`] `g(q) = integral (4 pi (D t + u))^(-N/2) exp(-q/(4 (D t + u))) f(u) du`
//!       with the density f of the subordinator beside its drift D, the same for flux and source, and exact quantiles of u.
//! Holds: every term is positive, so that `log g` keeps its digits in any N and at any distance. With `F exp(-t lambda)`, the
//!       transform of `f_F`, the flux of a point source is `x integral f_F/(2 (D t + u)) ...`: no derivative is taken. Where lambda - D
//!       kappa is bounded, a part `exp(-t lambda(inf))` of the mass does not jump: it is the Gaussian of the drift alone.
//! Source: Bochner (1955); Schilling, Song & Vondracek, "Bernstein Functions"; theory of each inversion in [`super::contour`].

use super::contour::{Effort, Transform};
use super::lower::{LowerError, number};
use super::one_sided::legendre;
use super::symbol::{Parted, Symbol, without_drift};
use super::table;
use crate::expr::{Expr, Name, Rational};
use std::collections::BTreeMap;
use std::f64::consts::{LN_2, PI};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Terms below `exp(-CUT)` of the largest are left out.
const CUT: f64 = 45.0;

/// The trapezoidal rule is not refined beyond this.
const MOST_TERMS: usize = 1 << 12;

/// Degree of the polynomials that hold the logarithm of the densities.
const DEGREE: usize = 15;

/// `log u` is kept within the range of a double.
const REACH: f64 = 690.0;

/// A multiplier of the density in Fourier space.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amplitude {
    /// `(lambda - lambda(0))/kappa`: the flux where the source is a multiple of the density.
    Flux,
    /// Any other.
    Other(Expr),
}

impl Amplitude {
    /// The amplitude as a part that is falling and a constant: `D + ...` for a flux, so that nothing cancels at large kappa.
    fn parts(&self, lambda: &Expr, parted: &Parted) -> (Expr, Expr) {
        let kappa = Expr::kappa();
        let drift = &parted.drift;
        match self {
            Amplitude::Flux => {
                let at_zero = parted.rest.substitute(&kappa, &Expr::zero());
                // A quotient of zeros, which is left as it is, is 0: see `value_at_zero`.
                let gained = if at_zero.any(&|e| matches!(e, Expr::Pow(b, _) if b.is_zero())) {
                    parted.rest.clone()
                } else {
                    parted.rest.clone() - at_zero
                };
                (gained / kappa, drift.clone())
            }
            Amplitude::Other(e) => {
                // (e lambda - D^2 kappa - D rest)/lambda, where e lambda is a polynomial.
                let product = (e.clone() * lambda.clone()).expand();
                let is_polynomial = !product.any(&|e| matches!(e, Expr::Pow(_, x) if x.as_int().is_none_or(|n| n < 0)));
                if !is_polynomial || drift.is_zero() {
                    return (e.clone(), Expr::zero());
                }
                let numerator = (product - drift.clone().powi(2) * kappa).expand();
                if numerator.contains(&Expr::kappa()) {
                    return (e.clone(), Expr::zero());
                }
                ((numerator - drift.clone() * parted.rest.clone()) / lambda.clone(), drift.clone())
            }
        }
    }
}

/// The subordinator of a lambda.
#[derive(Debug)]
pub struct Subordinated {
    /// D, length squared per time.
    drift: f64,
    transform: Transform,
    /// `lambda(inf)` of a lambda that is bounded beside its drift, and the amplitudes there.
    atom: Option<(f64, Vec<f64>)>,
    /// The exponent of lambda as kappa grows.
    order: f64,
    /// The part of every amplitude that multiplies the density itself.
    fixed: Vec<f64>,
    /// Signs of the other parts of the amplitudes, which are inverted as positive ones.
    signs: Vec<f64>,
    quantiles: Kept<Quantiles>,
}

impl PartialEq for Subordinated {
    fn eq(&self, other: &Subordinated) -> bool {
        (self.drift, &self.transform, &self.signs) == (other.drift, &other.transform, &other.signs)
    }
}

impl Subordinated {
    /// Reads lambda and the amplitudes; none where lambda has parts that are no powers of kappa, or does not grow like one.
    ///
    /// # Errors
    /// [`LowerError`] for a parameter without a value.
    pub(super) fn read(
        lambda: &Expr,
        amplitudes: &[Amplitude],
        values: &BTreeMap<Name, Rational>,
    ) -> Result<Option<Subordinated>, LowerError> {
        let symbol = |e: &Expr| Symbol::read(e, values);
        let (Some(parted), Some(whole)) = (without_drift(lambda, values)?, symbol(lambda)?) else { return Ok(None) };
        let Some(slope) = parted.rest.derivative(&Expr::kappa()) else { return Ok(None) };
        let (Some(beside), Some(slope)) = (symbol(&parted.rest)?, symbol(&slope)?) else { return Ok(None) };
        let drift = number(&parted.drift, values)?;
        let (mut read, mut fixed) = (Vec::new(), Vec::new());
        for amplitude in amplitudes {
            let (amplitude, at_infinity) = amplitude.parts(lambda, &parted);
            let Some(amplitude) = symbol(&amplitude)? else { return Ok(None) };
            read.push(amplitude);
            fixed.push(number(&at_infinity, values)?);
        }
        let mut amplitudes = read;
        let (Some(growth), Some(order)) = (beside.growth(), whole.growth().map(|g| g.power)) else { return Ok(None) };
        if growth.factor <= 0.0 || order < 0.0 || drift < 0.0 || !beside.contains_kappa() {
            return Ok(None);
        }
        let signs: Vec<f64> = amplitudes.iter().map(|a| a.real(1.0).signum()).collect();
        for (a, sign) in amplitudes.iter_mut().zip(&signs) {
            *a = Symbol::Product(vec![Symbol::Number(*sign), a.clone()]);
        }
        let (mut atom, mut deficit) = (None, None);
        if growth.power <= 0.0 {
            let Some((top, below)) = &parted.bound else { return Ok(None) };
            let at_infinity = |a: &Symbol| a.growth().filter(|g| g.power >= 0.0).map_or(0.0, |g| g.factor);
            atom = Some((number(top, values)?, amplitudes.iter().map(at_infinity).collect()));
            deficit = symbol(below)?;
        }
        let transform = Transform::new(beside, slope, amplitudes, deficit);
        let law = Subordinated { drift, transform, atom, order, signs, fixed, quantiles: Kept::default() };
        Ok(law.is_consistent().then_some(law))
    }

    /// All numbers of the law, as text that tells it from any other.
    pub(super) fn key(&self) -> String {
        let Subordinated { drift, transform, atom, order, fixed, signs, quantiles: _ } = self;
        format!("{drift:?}, {}, {atom:?}, {order:?}, {fixed:?}, {signs:?}", transform.key())
    }

    /// The exponent of lambda as kappa grows: 1 where there is a drift, 0 of a bounded lambda.
    pub fn order(&self) -> f64 {
        self.order
    }

    /// Does the density at time 1 have the transform `exp(-lambda)`? It has if lambda is a Bernstein function that is analytic
    /// off the negative axis.
    fn is_consistent(&self) -> bool {
        let centre = self.transform.log_centre(1.0);
        let law = Mixture::plain(self, 1.0);
        (-4..=4).step_by(2).all(|shift| {
            let kappa = (f64::from(shift) - centre).exp();
            let expected = (-self.transform.exponent(kappa)).exp();
            let still = self.atom(1.0).map_or(0.0, |(log, _)| log.exp());
            (law.transform(kappa) + still - expected).abs() < 1e-10
        })
    }

    /// The logarithm of the mass that does not jump up to time t, and its amplitudes.
    fn atom(&self, t: f64) -> Option<(f64, &[f64])> {
        let (bound, amplitudes) = self.atom.as_ref()?;
        Some((-t * (bound - self.transform.at_zero()), amplitudes))
    }

    /// The probability of `U_t = 0`: that of a bounded lambda. Where there is a drift, all move.
    pub fn mass_at_rest(&self, t: f64) -> f64 {
        self.atom(t).filter(|_| self.drift == 0.0).map_or(0.0, |(log, _)| log.exp())
    }

    /// Where the law lies at time t, as a value of u beside the drift.
    pub(super) fn centre(&self, t: f64) -> f64 {
        self.transform.log_centre(t).exp()
    }

    /// The value of `U_t` below which it lies with probability `level`, between 0 and 1.
    pub fn quantile(&self, t: f64, level: f64) -> f64 {
        self.drift * t + self.quantiles.get(t, || Quantiles::new(self, t)).at(level)
    }

    /// `lambda(kappa) - lambda(0)`.
    pub fn exponent(&self, kappa: f64) -> f64 {
        self.drift * kappa + self.transform.exponent(kappa)
    }
}

/// What was computed for the last few times.
#[derive(Debug)]
pub(super) struct Kept<T>(Mutex<Vec<Slot<T>>>);

/// A time, and what belongs to it once it is made.
type Slot<T> = (u64, Arc<OnceLock<Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(Mutex::new(Vec::new()))
    }
}

impl<T> Kept<T> {
    const ROOM: usize = 256;

    /// Made once, also when several threads ask; those of other times are made beside it.
    pub(super) fn get(&self, t: f64, make: impl FnOnce() -> T) -> Arc<T> {
        self.slot(t).get_or_init(|| Arc::new(make())).clone()
    }

    fn slot(&self, t: f64) -> Arc<OnceLock<Arc<T>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = kept.iter().find(|(bits, _)| *bits == t.to_bits()) {
            return found.clone();
        }
        if kept.len() >= Self::ROOM {
            kept.remove(0);
        }
        let slot = Arc::default();
        kept.push((t.to_bits(), Arc::clone(&slot)));
        slot
    }
}

/// `log(u f(u))` and the ratios of the other densities, on a range of `y = log u`, as polynomials.
#[derive(Clone, Debug)]
struct Panel {
    low: f64,
    high: f64,
    log: Vec<f64>,
    ratios: Vec<Vec<f64>>,
}

impl Panel {
    fn position(&self, y: f64) -> f64 {
        ((y - self.low) * 2.0 / (self.high - self.low) - 1.0).clamp(-1.0, 1.0)
    }

    fn log(&self, y: f64) -> f64 {
        table::series_value(&self.log, self.position(y))
    }

    /// The polynomials through the densities, if they also meet them between the nodes.
    fn fit(law: &Subordinated, (t, effort): (f64, Effort), low: f64, high: f64, is_last_try: bool) -> Option<Panel> {
        let y_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
        let values: Vec<_> =
            table::nodes(DEGREE).into_iter().map(|s| law.transform.densities(t, y_of(s), effort)).collect();
        let series = |f: &dyn Fn(usize) -> f64| table::series(&(0..values.len()).map(f).collect::<Vec<_>>());
        let count = law.signs.len();
        let panel = Panel {
            low,
            high,
            log: series(&|i| values[i].log),
            ratios: (0..count).map(|k| series(&|i| values[i].ratios[k].max(f64::MIN_POSITIVE).ln())).collect(),
        };
        let meets =
            |s: f64| {
                let expected = law.transform.densities(t, y_of(s), effort);
                // Towards an exponential tail the distance from the singularity loses digits like the logarithm itself.
                let tolerance = effort.tolerance * (1.0 + 5e-3 * expected.log.abs());
                let close = |found: f64, expected: f64| (found - expected).abs() <= tolerance;
                close(table::series_value(&panel.log, s), expected.log)
                    && panel.ratios.iter().zip(&expected.ratios).all(|(ratio, expected)| {
                        close(table::series_value(ratio, s), expected.max(f64::MIN_POSITIVE).ln())
                    })
            };
        (is_last_try || [-0.98, -0.55, 0.1, 0.65, 0.97].into_iter().all(meets)).then_some(panel)
    }
}

/// Gaussians mixed over the subordinator at one time.
#[derive(Debug)]
pub(super) struct Mixture<'a> {
    law: &'a Subordinated,
    t: f64,
    effort: Effort,
    half_dim: f64,
    /// In order of y.
    panels: Vec<Panel>,
    rule: Vec<(f64, f64)>,
    terms: Terms,
}

/// The Gaussians of a mixture, by a quadrature over y that serves every distance.
#[derive(Clone, Debug, Default)]
struct Terms {
    /// The logarithm of the weight, with the norm of the Gaussian.
    log: Vec<f64>,
    /// `1/(4 (D t + u))`.
    inverse: Vec<f64>,
    /// The amplitudes, signs apart: one row for each.
    ratios: Vec<Vec<f64>>,
    /// The rule has converged up to this squared distance.
    reach: f64,
}

/// What a mixture is at one distance.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    /// `log g`.
    pub(super) log: f64,
    /// The mean of `1/(4 (D t + u))`.
    pub(super) mean_inverse: f64,
    /// Of every amplitude, the ratio to g of the mixture with that amplitude, and of that with the additional weight `1/(2 (D t + u))`.
    pub(super) ratios: Vec<(f64, f64)>,
}

impl<'a> Mixture<'a> {
    /// The law itself.
    pub(super) fn plain(law: &'a Subordinated, t: f64) -> Mixture<'a> {
        Mixture::panelled(law, (t, Effort::FINE), 0.0, [0.0, 0.0])
    }

    /// The mixture of Gaussians in `2 half_dim` dimensions for squared distances between these two.
    pub(super) fn new(
        law: &'a Subordinated,
        (t, effort): (f64, Effort),
        half_dim: f64,
        distances: [f64; 2],
    ) -> Mixture<'a> {
        let mut mixture = Mixture::panelled(law, (t, effort), half_dim, distances);
        mixture.terms = mixture.resolve(distances);
        mixture
    }

    fn panelled(law: &'a Subordinated, (t, effort): (f64, Effort), half_dim: f64, distances: [f64; 2]) -> Mixture<'a> {
        let (rule, terms) = (legendre(16), Terms::default());
        let mut mixture = Mixture { law, t, effort, half_dim, panels: Vec::new(), rule, terms };
        let [nearest, farthest] = distances;
        let centre = law.transform.log_centre(t);
        let mut right = mixture.walk(centre, 1.0, farthest);
        let mut left = mixture.walk(centre, -1.0, nearest);
        left.reverse();
        left.append(&mut right);
        mixture.panels = left;
        mixture
    }

    /// Panels from `start` in one direction, until the integrand at this squared distance has fallen.
    fn walk(&self, start: f64, direction: f64, q: f64) -> Vec<Panel> {
        let (mut panels, mut edge, mut width) = (Vec::new(), start, 1.0);
        let mut highest = f64::NEG_INFINITY;
        while edge.abs() < REACH {
            let (low, high) = if direction > 0.0 { (edge, edge + width) } else { (edge - width, edge) };
            let Some(panel) = Panel::fit(self.law, (self.t, self.effort), low, high, width < 1e-3) else {
                width *= 0.5;
                continue;
            };
            let weight = |y: f64| self.log_weight(&panel, y, q);
            let end = if direction > 0.0 { high } else { low };
            highest = highest.max(weight(low)).max(weight(0.5 * (low + high))).max(weight(high));
            let at_end = weight(end);
            panels.push(panel);
            edge = end;
            width = (2.0 * width).min(8.0);
            // The integrand may still be so small that the cut is lost to rounding.
            if at_end < highest - CUT - 10.0 {
                break;
            }
        }
        panels
    }

    /// `log` of the integrand over y.
    fn log_weight(&self, panel: &Panel, y: f64, q: f64) -> f64 {
        let spread = self.law.drift * self.t + y.exp();
        let gaussian = if self.half_dim > 0.0 { self.half_dim * (4.0 * PI * spread).ln() } else { 0.0 };
        let exponent = if q > 0.0 { q / (4.0 * spread) } else { 0.0 };
        panel.log(y) - gaussian - exponent
    }

    /// Pieces of panels, so short that a Gauss rule is exact on each, that carry the integral at this squared distance.
    fn pieces(&self, q: f64) -> Vec<(usize, f64, f64)> {
        let weight = |i: usize, y: f64| self.log_weight(&self.panels[i], y, q);
        let whole = |(i, p): (usize, &Panel)| {
            let middle = 0.5 * (p.low + p.high);
            (i, p.low, p.high, [weight(i, p.low), weight(i, middle), weight(i, p.high)])
        };
        let mut open: Vec<_> = self.panels.iter().enumerate().map(whole).collect();
        let top = |w: &[f64; 3]| w[0].max(w[1]).max(w[2]);
        let mut highest = open.iter().map(|piece| top(&piece.3)).fold(f64::NEG_INFINITY, f64::max);
        let mut done = Vec::new();
        while !open.is_empty() {
            let mut next = Vec::new();
            for (i, low, high, w) in open {
                if top(&w) < highest - CUT {
                    continue;
                }
                let is_smooth = (w[0] - 2.0 * w[1] + w[2]).abs() < 1.0 && (w[0] - w[2]).abs() < 6.0;
                if is_smooth || high - low < 1e-9 {
                    done.push((i, low, high));
                    continue;
                }
                let middle = 0.5 * (low + high);
                for (low, high, ends) in [(low, middle, [w[0], w[1]]), (middle, high, [w[1], w[2]])] {
                    let inner = weight(i, 0.5 * (low + high));
                    highest = highest.max(inner);
                    next.push((i, low, high, [ends[0], inner, ends[1]]));
                }
            }
            open = next;
        }
        done
    }

    /// The trapezoidal rule over y, refined until it has converged at distances from one end to the other. The integrand is
    /// analytic and vanishes at both ends, so that halving the step squares the error.
    fn resolve(&self, [nearest, farthest]: [f64; 2]) -> Terms {
        let (Some(first), Some(last)) = (self.panels.first(), self.panels.last()) else { return Terms::default() };
        let range = last.high - first.low;
        let mut count = (range / 0.5).ceil().clamp(16.0, 4096.0) as usize;
        let mut terms = self.terms(first.low, range / count as f64, count);
        // The difference of a rule and of that in the middle of its steps at which their mean is good enough.
        let converged = 0.1 * self.effort.tolerance.sqrt();
        loop {
            let step = range / count as f64;
            let between = self.terms(first.low + 0.5 * step, step, count);
            let near = nearest.max(0.01 * terms.at(0.0, self).mean_inverse.recip());
            let ratio = (farthest / near).ln() / 15.0;
            let distances = std::iter::once(nearest).chain((0..16).map(|i| near * (ratio * f64::from(i)).exp()));
            let has_converged = |q: &f64| {
                let (a, b) = (terms.at(*q, self), between.at(*q, self));
                // Exponents are rounded to their size.
                let slack = converged + 1e-14 * a.log.abs();
                (a.log - b.log).abs() < slack
                    && a.ratios.iter().zip(&b.ratios).all(|(a, b)| (a.1 - b.1).abs() <= slack * a.1.abs())
            };
            let reach = distances.take_while(has_converged).last();
            terms.halve(between);
            count *= 2;
            if reach.is_some_and(|reach| reach > 0.999 * farthest) || count > MOST_TERMS {
                let is_all = reach.is_some_and(|reach| reach > 0.999 * farthest);
                terms.reach = if is_all { f64::INFINITY } else { reach.unwrap_or(-1.0) };
                break;
            }
        }
        terms.add_atom(self);
        terms
    }

    /// The rule that begins at `low`.
    fn terms(&self, low: f64, step: f64, count: usize) -> Terms {
        let mut terms = Terms { ratios: vec![Vec::new(); self.law.signs.len()], ..Terms::default() };
        for k in 0..count {
            let y = low + k as f64 * step;
            let i = self.panels.partition_point(|panel| panel.high < y).min(self.panels.len() - 1);
            let panel = &self.panels[i];
            terms.log.push(self.log_weight(panel, y, 0.0) + step.ln());
            terms.inverse.push(0.25 / (self.law.drift * self.t + y.exp()));
            let s = panel.position(y);
            terms.ratios.iter_mut().zip(&panel.ratios).for_each(|(row, r)| row.push(table::series_value(r, s).exp()));
        }
        terms
    }

    /// The mixture at the squared distance q, which is within those of [`Mixture::new`].
    pub(super) fn at(&self, q: f64) -> Mixed {
        if q <= self.terms.reach { self.terms.at(q, self) } else { self.at_by_pieces(q) }
    }

    /// The same by pieces of its own for this distance, where the integrand is too narrow for a rule that serves all.
    fn at_by_pieces(&self, q: f64) -> Mixed {
        let shift = self.law.drift * self.t;
        let count = self.law.signs.len();
        let mut terms: Vec<(f64, f64, Vec<f64>)> = Vec::new();
        for (i, low, high) in self.pieces(q) {
            let panel = &self.panels[i];
            let half = 0.5 * (high - low);
            for (node, weight) in &self.rule {
                let y = low + half * (node + 1.0);
                let log = self.log_weight(panel, y, q) + (half * weight).ln();
                let s = panel.position(y);
                let ratios = panel.ratios.iter().map(|r| table::series_value(r, s).exp()).collect();
                terms.push((log, shift + y.exp(), ratios));
            }
        }
        if let Some((log, amplitudes)) = self.law.atom(self.t).filter(|_| shift > 0.0) {
            let gaussian = self.half_dim * (4.0 * PI * shift).ln() + q / (4.0 * shift);
            terms.push((log - gaussian, shift, amplitudes.to_vec()));
        }
        let highest = terms.iter().map(|term| term.0).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut inverse, mut ratios) = (0.0, 0.0, vec![(0.0, 0.0); count]);
        for (log, spread, amplitudes) in &terms {
            let weight = (log - highest).exp();
            sum += weight;
            inverse += weight / (4.0 * spread);
            for ((plain, over), amplitude) in ratios.iter_mut().zip(amplitudes) {
                *plain += weight * amplitude;
                *over += weight * amplitude / (2.0 * spread);
            }
        }
        let signed = ratios.iter().zip(&self.law.signs).zip(&self.law.fixed).map(|((r, sign), fixed)| {
            // Of the density itself, the mean of 1/(2 spread).
            (fixed + sign * r.0 / sum, fixed * 2.0 * inverse / sum + sign * r.1 / sum)
        });
        Mixed { log: highest + sum.ln(), mean_inverse: inverse / sum, ratios: signed.collect() }
    }

    /// The integral of `exp(-kappa u) f(u)`, without the atom.
    fn transform(&self, kappa: f64) -> f64 {
        self.integral(|y| (-kappa * y.exp()).exp())
    }

    fn integral(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.pieces(0.0).into_iter().map(|(i, low, high)| self.piece(i, low, high, &f)).sum()
    }

    fn piece(&self, i: usize, low: f64, high: f64, f: &impl Fn(f64) -> f64) -> f64 {
        // Pieces are chosen for the density; f may vary as much again.
        let parts = ((high - low) / 0.25).ceil().clamp(1.0, 64.0);
        let half = 0.5 * (high - low) / parts;
        let mut sum = 0.0;
        for part in 0..parts as usize {
            let start = low + 2.0 * half * part as f64;
            for (node, weight) in &self.rule {
                let y = start + half * (node + 1.0);
                sum += half * weight * self.log_weight(&self.panels[i], y, 0.0).exp() * f(y);
            }
        }
        sum
    }
}

impl Terms {
    fn at(&self, q: f64, mixture: &Mixture) -> Mixed {
        let exponents: Vec<f64> = self.log.iter().zip(&self.inverse).map(|(log, inverse)| log - q * inverse).collect();
        let highest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut inverse, mut ratios) = (0.0, 0.0, vec![(0.0, 0.0); self.ratios.len()]);
        for (i, exponent) in exponents.iter().enumerate() {
            if exponent - highest < -CUT {
                continue;
            }
            let weight = (exponent - highest).exp();
            let over = weight * self.inverse[i];
            sum += weight;
            inverse += over;
            for ((plain, half_over), amplitude) in ratios.iter_mut().zip(&self.ratios) {
                *plain += weight * amplitude[i];
                *half_over += 2.0 * over * amplitude[i];
            }
        }
        let signed = ratios.iter().zip(&mixture.law.signs).zip(&mixture.law.fixed).map(|((r, sign), fixed)| {
            // Of the density itself, the mean of 1/(2 spread).
            (fixed + sign * r.0 / sum, fixed * 2.0 * inverse / sum + sign * r.1 / sum)
        });
        Mixed { log: highest + sum.ln(), mean_inverse: inverse / sum, ratios: signed.collect() }
    }

    /// The rule of half the step: these terms and those in the middle between them.
    fn halve(&mut self, between: Terms) {
        self.log.extend(between.log);
        self.log.iter_mut().for_each(|log| *log -= LN_2);
        self.inverse.extend(between.inverse);
        self.ratios.iter_mut().zip(between.ratios).for_each(|(row, more)| row.extend(more));
    }

    /// The part that does not jump, a Gaussian of the drift; without a drift it stays where it is, and is no part of a density.
    fn add_atom(&mut self, mixture: &Mixture) {
        let spread = mixture.law.drift * mixture.t;
        let Some((log, amplitudes)) = mixture.law.atom(mixture.t).filter(|_| spread > 0.0) else { return };
        self.log.push(log - mixture.half_dim * (4.0 * PI * spread).ln());
        self.inverse.push(0.25 / spread);
        self.ratios.iter_mut().zip(amplitudes).for_each(|(row, amplitude)| row.push(*amplitude));
    }
}

/// The distribution function of the subordinator at one time, beside its drift.
#[derive(Debug)]
struct Quantiles {
    /// The probability of no jump.
    still: f64,
    /// Upper edges in y, and the probability below each.
    steps: Vec<(f64, f64)>,
    low: f64,
    panels: Vec<Panel>,
    rule: Vec<(f64, f64)>,
}

impl Quantiles {
    fn new(law: &Subordinated, t: f64) -> Quantiles {
        let mixture = Mixture::plain(law, t);
        let mut pieces = mixture.pieces(0.0);
        pieces.sort_by(|a, b| a.1.total_cmp(&b.1));
        let still = law.atom(t).map_or(0.0, |(log, _)| log.exp());
        let mut below = still;
        let mut steps = Vec::new();
        for (i, low, high) in &pieces {
            let parts = ((high - low) / 0.25).ceil().clamp(1.0, 64.0);
            for part in 0..parts as usize {
                let edge = |k: f64| low + (high - low) * k / parts;
                let (start, end) = (edge(part as f64), edge(part as f64 + 1.0));
                below += mixture.piece(*i, start, end, &|_| 1.0);
                steps.push((end, below));
            }
        }
        let low = pieces.first().map_or(0.0, |piece| piece.1);
        Quantiles { still, steps, low, panels: mixture.panels, rule: mixture.rule }
    }

    /// The u below which there is this much probability.
    fn at(&self, level: f64) -> f64 {
        if level <= self.still {
            return 0.0;
        }
        let Some((last, total)) = self.steps.last() else { return 0.0 };
        let step = self.steps.partition_point(|(_, below)| *below <= level);
        let Some((end, above)) = self.steps.get(step) else {
            // Beyond the table the law falls like a power; its last edge is out of reach of any draw but by rounding.
            debug_assert!(level > total - 1e-6);
            return last.min(REACH).exp();
        };
        let (start, below) = if step == 0 { (self.low, self.still) } else { self.steps[step - 1] };
        // Newton's iteration on the probability between `start` and y, kept within the step.
        let (mut low, mut high, wanted) = (start, *end, level - below);
        let mut y = start + (end - start) * (wanted / (above - below)).clamp(0.0, 1.0);
        for _ in 0..30 {
            let half = 0.5 * (y - start);
            let gained: f64 = self.rule.iter().map(|(s, w)| half * w * self.density(start + half * (s + 1.0))).sum();
            if gained < wanted {
                low = y
            } else {
                high = y
            }
            let next = y - (gained - wanted) / self.density(y);
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - y).abs() < 1e-13 {
                break;
            }
            y = next;
        }
        y.exp()
    }

    fn density(&self, y: f64) -> f64 {
        let i = self.panels.partition_point(|panel| panel.high < y);
        self.panels.get(i).or(self.panels.last()).map_or(0.0, |panel| panel.log(y).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::rational;

    fn power(p: i64, q: i64) -> Expr {
        Expr::pow(Expr::kappa(), Expr::Num(rational(p, q)))
    }

    fn law(lambda: &Expr, amplitudes: &[Amplitude]) -> Subordinated {
        Subordinated::read(lambda, amplitudes, &BTreeMap::new()).expect("no parameters").expect("a law")
    }

    #[test]
    fn the_half_stable_mixture_is_cauchy_in_any_dimension() {
        // Flux: F = kappa^(-1/2), J/p = x/t.
        let root = power(1, 2);
        let law = law(&root, &[Amplitude::Flux]);
        for (dim, t) in [(1, 1.0_f64), (2, 1e-6), (3, 1e6), (784, 0.3), (3072, 2.0)] {
            let h = 0.5 * (f64::from(dim) + 1.0);
            let mixture = Mixture::new(&law, (t, Effort::FINE), 0.5 * f64::from(dim), [0.0, 1e18 * t * t]);
            for ratio in [0.0, 1e-4, 1.0, 50.0, 1e6, 1e18] {
                let q: f64 = ratio * t * t;
                let found = mixture.at(q);
                let expected = libm::lgamma(h) - h * PI.ln() + t.ln() - h * (t * t + q).ln();
                let error = (found.log - expected).abs() / expected.abs().max(1.0);
                assert!(error < 3e-12, "N = {dim}, t = {t}, q = {q}: {} {expected}", found.log);
                assert!((found.ratios[0].1 * t - 1.0).abs() < 3e-12, "N = {dim}, t = {t}: {:?}", found.ratios);
            }
        }
    }

    #[test]
    fn a_drift_with_jumps_keeps_its_atom() {
        // lambda = sqrt(kappa + kappa^2), F = (1 + kappa)/lambda. mpmath, 25 digits: inverse Fourier transforms by quadrature over k.
        let lambda = (Expr::kappa() + power(2, 1)).sqrt();
        let law = law(&lambda, &[Amplitude::Flux]);
        let rows = [
            (1, 0.5, 0.75, -1.340_010_412_105_782, 0.965_420_883_717_887),
            (1, 2.0, 3.0, -2.822_176_451_175_298, 1.312_727_061_636_407),
            (3, 0.5, 0.75, -3.253_488_196_033_907, 0.859_182_792_684_661_3),
            (3, 2.0, 3.0, -6.539_075_266_120_731, 1.120_832_463_478_957),
        ];
        for (dim, t, r, log, velocity) in rows {
            let found = Mixture::new(&law, (t, Effort::FINE), 0.5 * f64::from(dim), [0.0, 1e4]).at(r * r);
            assert!((found.log - log).abs() < 2e-12, "N = {dim}: {} {log}", found.log);
            let v = found.ratios[0].1 * r;
            assert!((v / velocity - 1.0).abs() < 2e-12, "N = {dim}: {v} {velocity}");
        }
    }

    #[test]
    fn the_quantiles_are_those_of_the_half_stable_law() {
        // P(U <= u) = erfc(t/(2 sqrt(u))).
        let law = law(&power(1, 2), &[]);
        for level in [1e-6, 0.03, 0.5, 0.9, 0.9999] {
            let u = law.quantile(1.7, level);
            let found = libm::erfc(0.85 / u.sqrt());
            assert!((found - level).abs() < 1e-10 * level, "{level}: {found}");
        }
    }

    #[test]
    fn without_a_jump_there_is_the_drift_alone() {
        // lambda = kappa + kappa/(1 + kappa): no jump up to t with probability exp(-t).
        let k = Expr::kappa();
        let law = law(&(k.clone() + k.clone() / (k + Expr::one())), &[]);
        assert_eq!(law.quantile(0.5, 0.606), 0.5);
        // The first jump is exponential: at most small jumps have the density t exp(-t) (1 + (t/2 - 1) u) at u -> 0.
        let gained = law.quantile(0.5, (-0.5_f64).exp() + 1e-4) - 0.5;
        let density = 0.5 * (-0.5_f64).exp();
        assert!((gained * density / 1e-4 - (1.0 + 0.375 * gained)).abs() < 1e-6, "{gained}");
    }

    #[test]
    fn what_is_no_mixture_is_refused() {
        let k = Expr::kappa();
        let refused = [power(2, 1), power(3, 2), k.clone() - power(1, 2)];
        for lambda in refused {
            let law = Subordinated::read(&lambda, &[], &BTreeMap::new()).expect("no parameters");
            assert!(law.is_none(), "{lambda}");
        }
    }
}
