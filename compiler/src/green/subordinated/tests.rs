//! Laws with known mixtures.

use super::super::contour::Effort;
use super::*;
use crate::expr::rational;
use std::f64::consts::PI;

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
    for level in [1e-6, 1e-5, 1e-4, 1e-3, 0.03, 0.25, 0.5, 0.75, 0.9, 0.9999] {
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
