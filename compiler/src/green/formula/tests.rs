//! Kernels for any values, beside those that binding the values gives.

use super::exchange::FluxTable;
use super::*;
use crate::operator::Equation;
use num_complex::Complex64;
use num_traits::ToPrimitive;

/// An equation, values of its parameters, dimensions.
type Case<'a> = (&'a str, &'a [(&'a str, Rational)], &'a [usize]);

fn value(e: &Expr, t: f64, values: &[(&str, Rational)]) -> f64 {
    let leaf = |e: &Expr| match e {
        Expr::Var(Var::Time) => Some(Complex64::from(t)),
        Expr::Sym(name) => {
            let (_, value) = values.iter().find(|(known, _)| *known == name.as_str())?;
            value.to_f64().map(Complex64::from)
        }
        _ => None,
    };
    e.evaluate(&leaf).map_or(f64::NAN, |z| z.re)
}

#[test]
fn letters_say_what_the_numbers_say() {
    let cases: [Case<'_>; 9] = [
        (
            "phi_t - D lap(phi) + c phi = 0 where D > 0, c real",
            &[("D", rational(3, 7)), ("c", rational(-1, 3))],
            &[1, 2, 5],
        ),
        ("phi_tt + lap(phi) = 0", &[], &[1, 2, 3, 100]),
        ("phi_tt + lap(phi) - m^2 phi = 0 where m > 0", &[("m", rational(5, 4))], &[1, 2, 3, 4, 8, 16, 17]),
        (
            "a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0",
            &[("a", rational(1, 2)), ("b", rational(3, 1))],
            &[1, 2, 3, 4, 7, 16, 64, 784],
        ),
        ("phi_tt + 2/t phi_t + lap(phi) = 0", &[], &[1, 3]),
        ("phi_t + c (-lap)^(3/4) phi = 0 where c > 0", &[("c", rational(9, 5))], &[2]),
        ("phi_t - lap(phi) - b div(x phi) = 0 where b > 0", &[("b", rational(2, 5))], &[1, 3]),
        ("phi_t - D t^a lap(phi) = 0 where D > 0, a > -1", &[("D", rational(1, 3)), ("a", rational(1, 2))], &[2]),
        (
            "phi_t - a phi_xx - 2 b phi_xy - c phi_yy + v phi_x = 0 where a > 0, a c > b^2, v real",
            &[("a", rational(2, 1)), ("b", rational(1, 2)), ("c", rational(3, 1)), ("v", rational(1, 1))],
            &[2],
        ),
    ];
    for (text, values, dims) in cases {
        let analysis = Equation::parse(text).expect(text).analyze();
        let green = analysis.green().expect(text);
        for dim in dims {
            let map = values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
            let program = green.bind(*dim, &map).expect(text).program(Precision::F64).expect(text);
            let formula = green.formula(*dim, Precision::F64).expect(text);
            assert_eq!((&formula.kernel, &formula.linear), (&program.kernel, &program.linear), "{text} N = {dim}");
            for t in [0.01, 0.8, 30.0] {
                let near = |letters: &Expr, number: f64| {
                    let letters = value(letters, t, values);
                    let error = (letters - number).abs() / (1e-300 + number.abs());
                    assert!(error < 1e-12, "{text} N = {dim}, t = {t}: {letters} {number}");
                };
                let flux = formula.flux.as_ref().map(|flux| {
                    assert_eq!(flux.terms, exchange::DOUBLE_TERMS);
                    FluxTable::<{ exchange::DOUBLE_TERMS }>::new(flux.order, value(&flux.scale, t, values))
                });
                let all = |kernel, numbers: Vec<f64>| {
                    let uniforms = formula.uniforms(kernel).expect(text);
                    assert_eq!(uniforms.len(), numbers.len());
                    uniforms.iter().zip(numbers).for_each(|(uniform, number)| match uniform {
                        UniformFormula::Letters(letters) => near(letters, number),
                        UniformFormula::Flux(entry) => {
                            // Coefficients of a factor between 0 and 1, many of them small.
                            let found = flux.as_ref().expect(text).get(*entry);
                            let error = (found - number).abs() / number.abs().max(1.0);
                            assert!(error < 1e-12, "{text} N = {dim}, t = {t}, {entry:?}: {found} {number}");
                        }
                    });
                };
                all(&formula.kernel, program.uniforms(t));
                formula.linear.iter().for_each(|kernel| all(kernel, program.linear_uniforms(t)));
                near(&formula.log_norm, program.log_norm(t));
                if formula.linear.is_some() {
                    near(&formula.linear_log_norm, program.linear_log_norm(t));
                }
                if let Some(births) = &formula.constant_births {
                    near(births, program.constant_births().expect(text));
                }
            }
        }
    }
}

#[test]
fn a_letter_for_the_order_leaves_the_law_to_its_table() {
    use crate::green::plain::stable_table::Fineness;
    let text = "phi_t + c (-lap)^beta phi + a phi = 0 where c > 0, 0 < beta < 1, a real";
    let green = Equation::parse(text).expect(text).analyze().green().expect(text).clone();
    for (dim, order) in [(1, rational(3, 4)), (2, rational(1, 5)), (3, rational(9, 10)), (17, rational(2, 5))] {
        let values = [("c", rational(9, 5)), ("beta", order.clone()), ("a", rational(-1, 2))];
        let map = values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        let program = green.bind(dim, &map).expect(text).program(Precision::F64).expect(text);
        let formula = green.formula(dim, Precision::F64).expect(text);
        let stable = formula.stable.as_ref().expect("an order that is a letter");
        let (t, beta) = (0.8, order.to_f64().expect("a number"));
        let table = StableTable::new(beta, dim, &Fineness::DOUBLE).expect("a table");
        assert!(
            (value(&stable.order, t, &values) - beta).abs() < 1e-15
                && (value(&stable.rate, t, &values) - 1.44).abs() < 1e-15
        );
        let log_norm = value(&formula.log_norm, t, &values) + table.log_peak;
        assert!((log_norm - program.log_norm(t)).abs() < 1e-12 * (1.0 + log_norm.abs()), "{log_norm}");
        let rate = formula.uniforms(&formula.kernel).expect(text);
        let [UniformFormula::Letters(rate)] = &rate[..] else { panic!("{rate:?}") };
        // J/p = (x - y)/(2 beta t).
        assert!((value(rate, t, &values) * 2.0 * beta * t - 1.0).abs() < 1e-14);
    }
}

#[test]
fn what_needs_numbers_is_named() {
    let refusal = |text: &str, dim| {
        let green = Equation::parse(text).expect(text).analyze().green().expect(text).clone();
        green.formula(dim, Precision::F64).expect_err(text).to_string()
    };
    assert!(refusal("phi_tt + (D-1)/t phi_t + lap(phi) = 0 where D > 0", 2).contains("D must be a number"));
    assert!(refusal("phi_t - lap(phi) + (-lap)^(1/2) phi = 0", 2).contains("no closed kernel"));
    assert!(refusal("phi_t - s(t) lap(phi) = 0 where s(t) > 0", 2).contains("has no closed form here"));
    assert!(refusal("phi_t - (1 + t) lap(phi) + phi_x = 0", 1).contains("centre moves"));
    assert!(refusal("phi_t - lap(phi) = 0", 0).contains("between 1 and"));
}
