//! The flux of a tempered law that keeps its mass: mixed diffusion-Poisson.
//!
//! In:   `lambda = c (sqrt(kappa + mu^2) - mu) + lambda(0)` and `R/p = -lambda(0)`, so that continuity leaves the flux
//!       `F = c / (sqrt(kappa + mu^2) + mu)`, which is not proportional to `lambda'`.
//! Out:  `J/p = f (x - y)/t` for a point source, with `f` a function of the distance: a coefficient in the kernel, and the
//!       uniforms of its table at each time.
//! Holds: `0 < f <= 1`; 1 where `mu varrho` is small (Poisson), about 1/2 where it is large and `r << tau` (diffusion).
//!
//! With `tau = c t`, `varrho^2 = tau^2 + r^2`, `h = (N+1)/2` and lengths in units of `1/mu`,
//! `f = 1 - integral_0^inf exp(-u) F(varrho(tau + u))/F(varrho(tau)) du`, `F(z) = z^-h K_h(z)`. As
//! `F(z) ~ integral w^(-h-1) exp(-w - z^2/(4w)) dw`, the integral over u is a scaled error function:
//! `f` is the mean under that weight of `1 - sqrt(pi) a erfcx(a + b)`, `a = sqrt(w)`, `b = tau/(2 sqrt(w))`.
//! In two dimensions `f = (1 + z tau/(varrho + tau))/(1 + z)`, `z = mu varrho`.
//!
//! The table is in `log varrho` from `tau` to `varrho_X = 4 max(tau, (h + 1)/mu)`, and in `varrho_X/varrho` beyond.
//! Source: GenPhys (arXiv:2304.02637), Appendix B, which leaves the velocity open; derived here by Fourier's inversion of F.

mod flux_table;

use super::lower::{Bound, BoundBirths, BoundFlux, BoundLaw};
use super::table;
use crate::kernel::{Kernel, KernelBuilder, Precision, Value};
pub(super) use flux_table::FluxTable;
use flux_table::PIECES;
use std::collections::BTreeMap;

/// The text of [`FluxTable`], which compiles wherever there is `std`.
pub(super) const FLUX_TABLE: &str = include_str!("exchange/flux_table.rs");

/// Coefficients of a piece in f32.
pub(super) const SINGLE_TERMS: usize = 7;

/// Coefficients of a piece in f64.
pub(super) const DOUBLE_TERMS: usize = 14;

/// The flux of a tempered law with these constants, if it is the one described above.
pub(super) fn flux(law: BoundLaw, offset: f64, births: BoundBirths) -> Option<BoundFlux> {
    let (BoundLaw::Tempered { speed, mass }, BoundBirths::Constant(births)) = (law, births) else { return None };
    let scale = speed * mass;
    // A flux that is finite at kappa = 0 asks for it; the margin is that of the rounding of the constants.
    ((offset + scale + births).abs() <= 1e-12 * (scale + offset.abs())).then_some(BoundFlux::Exchange)
}

/// `f/t`, from `log_ratio = log(varrho^2/tau^2)` and `z = mu varrho`.
pub(super) fn coefficient(k: &mut KernelBuilder, dim: usize, log_ratio: Value, z: Value) -> Value {
    let one = k.constant(1.0);
    let inverse_time = k.uniform("1_over_t");
    if dim == 2 {
        let inverse_z0 = k.uniform("1_over_z0");
        let s = k.fma(z, inverse_z0, one);
        let gained = k.div(z, s);
        let (numerator, denominator) = (k.add(one, gained), k.add(one, z));
        let f = k.div(numerator, denominator);
        return k.mul(inverse_time, f);
    }
    let per_piece = k.uniform("pieces_per_log");
    let u = k.mul(log_ratio, per_piece);
    let masks: Vec<Value> = (1..=PIECES)
        .map(|i| {
            let edge = k.constant(i as f64);
            k.lt(u, edge)
        })
        .collect();
    // s runs from -1 to 1 on each piece: 2 (u - i) - 1, and 2 varrho_X/varrho - 1 on the last.
    let (z_end, two) = (k.uniform("z_end"), k.constant(2.0));
    let beyond = k.div(z_end, z);
    let beyond = k.min(one, beyond);
    let origins: Vec<Value> = (0..PIECES).map(|i| k.constant(i as f64)).collect();
    let origin = table::choose(k, &masks[..PIECES - 1], &origins);
    let within = k.sub(u, origin);
    let position = k.select(masks[PIECES - 1], within, beyond);
    let s = k.fma(two, position, one);
    let s = k.sub(s, two);
    let pieces: Vec<Vec<Value>> =
        (0..=PIECES).map(|i| (0..terms(k.precision())).map(|j| k.uniform(&name(i, j))).collect()).collect();
    let scaled = table::polynomial(k, &masks, s, &pieces);
    let inverse_end = k.uniform("1_over_z_end");
    let envelope = k.fma(z, inverse_end, one);
    let f = k.div(scaled, envelope);
    k.mul(inverse_time, f)
}

/// The uniforms of the coefficient at time `t`, for the precision of the kernel; empty for any other flux.
pub(super) fn uniforms(bound: &Bound, kernel: &Kernel, t: f64) -> BTreeMap<String, f64> {
    let (BoundFlux::Exchange, BoundLaw::Tempered { speed, mass }) = (bound.flux, bound.law()) else {
        return BTreeMap::new();
    };
    let z0 = mass * speed * t;
    let mut out = BTreeMap::from([("1_over_t".to_owned(), 1.0 / t), ("1_over_z0".to_owned(), 1.0 / z0)]);
    if bound.dim() == 2 {
        return out;
    }
    let h = 0.5 * (bound.dim() as f64 + 1.0);
    let entries = kernel.uniforms().iter().filter_map(|name| Some((name, FluxEntry::of(name)?)));
    match kernel.precision() {
        Precision::F32 => {
            let table = FluxTable::<SINGLE_TERMS>::new(h, z0);
            out.extend(entries.map(|(name, entry)| (name.clone(), table.get(entry))));
        }
        Precision::F64 => {
            let table = FluxTable::<DOUBLE_TERMS>::new(h, z0);
            out.extend(entries.map(|(name, entry)| (name.clone(), table.get(entry))));
        }
    }
    out
}

/// A uniform that is read from the table of the flux at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxEntry {
    /// The pieces for every e-fold of `varrho^2`.
    PiecesPerLog,
    /// `mu varrho_X`.
    End,
    /// Its reciprocal.
    InverseEnd,
    /// A coefficient.
    Power {
        /// The piece; the one beyond `varrho_X` comes last.
        piece: usize,
        /// The power of the variable that runs from -1 to 1 on the piece.
        power: usize,
    },
}

impl FluxEntry {
    /// The entry that is the uniform of this name.
    pub(super) fn of(uniform: &str) -> Option<FluxEntry> {
        Some(match uniform {
            "pieces_per_log" => FluxEntry::PiecesPerLog,
            "z_end" => FluxEntry::End,
            "1_over_z_end" => FluxEntry::InverseEnd,
            _ => {
                let (piece, power) = uniform.strip_prefix("flux_")?.split_once('_')?;
                FluxEntry::Power { piece: piece.parse().ok()?, power: power.parse().ok()? }
            }
        })
    }
}

impl<const TERMS: usize> FluxTable<TERMS> {
    /// Not a number where there is no such entry, which would be a fault of this compiler.
    pub(super) fn get(&self, entry: FluxEntry) -> f64 {
        match entry {
            FluxEntry::PiecesPerLog => self.pieces_per_log,
            FluxEntry::End => self.z_end,
            FluxEntry::InverseEnd => 1.0 / self.z_end,
            FluxEntry::Power { piece, power } => {
                self.powers.get(piece).and_then(|powers| powers.get(power)).copied().unwrap_or(f64::NAN)
            }
        }
    }
}

/// Coefficients of a piece.
pub(super) fn terms(precision: Precision) -> usize {
    match precision {
        Precision::F32 => SINGLE_TERMS,
        Precision::F64 => DOUBLE_TERMS,
    }
}

fn name(piece: usize, power: usize) -> String {
    format!("flux_{piece}_{power}")
}

#[cfg(test)]
mod tests {
    use super::flux_table::{complement, factor};

    #[test]
    fn in_two_dimensions_the_factor_is_elementary() {
        for z0 in [1e-6, 0.03, 1.0, 40.0, 1e4] {
            for ratio in [1.0, 1.3, 7.0, 1e3, 1e6] {
                let z = z0 * ratio;
                let expected = (1.0 + z * z0 / (z + z0)) / (1.0 + z);
                let found = factor(1.5, z0, z);
                assert!((found / expected - 1.0).abs() < 1e-12, "{z0} {z}: {found} {expected}");
            }
        }
    }

    #[test]
    fn dimensions_two_apart_meet_the_recurrence() {
        // With B_h = (1 - f_h) E_h, E_h = F(varrho): r^2 B_(h+1) = (2h - 1) B_h + E_(h-1) - tau E_h, at mu = 1.
        // E_(h-1)/E_h = varrho K_(h-1)/K_h; half-integer orders have closed ratios, here h = 5/2: K_(3/2)/K_(5/2), K_(5/2)/K_(7/2).
        for (z0, z) in [(0.5_f64, 0.9_f64), (2.0, 2.5), (1.0, 30.0)] {
            let (u, r2) = (1.0 / z, z * z - z0 * z0);
            let [k3, k5, k7] = [1.0 + u, 1.0 + 3.0 * u + 3.0 * u * u, 1.0 + 6.0 * u + 15.0 * u * u + 15.0 * u.powi(3)];
            let left = r2 * (1.0 - factor(3.5, z0, z)) * k7 / (k5 * z);
            let right = 4.0 * (1.0 - factor(2.5, z0, z)) + z * k3 / k5 - z0;
            assert!((left - right).abs() < 1e-12 * (right.abs() + z), "{z0} {z}: {left} {right}");
        }
    }

    #[test]
    fn the_complement_is_continuous_and_known() {
        // mpmath, 30 digits: 1 - sqrt(pi) x erfcx(x) at 1 and 10.
        assert!((complement(1.0) - 0.242_127_843_858_687_6).abs() < 2e-15, "{}", complement(1.0));
        assert!((complement(10.0) / 0.004_926_812_175_530_253 - 1.0).abs() < 1e-13, "{}", complement(10.0));
        let (below, above) = (complement(1.0_f64.next_down()), complement(1.0));
        assert!((below / above - 1.0).abs() < 3e-14, "{below} {above}");
    }
}
