//! Quadratic forms in k with parameters: sums of squares or not, exactly.
//!
//! In:   a symmetric matrix over the named axes, the coefficient along any other axis, and the facts.
//! Out:  [`Kind`]: the squares, or a direction in which the form is negative.
//! Holds: `k.A k = sum M/M' (l.k)^2` with M, M' neighbouring leading minors and `M l` the minors bordered by each column
//!        (Jacobi): the squares are completed, `a k_x^2 + 2 b k_x k_y = a (k_x + b/a k_y)^2 - b^2/a k_y^2`.
//!        A sign that the facts leave open comes back as [`Stop::Need`], as the sign of a minor.
//! Source: Gantmacher, The Theory of Matrices, vol. 1, Ch. X, Sec. 3.

use crate::expr::{Expr, Facts, Sign, Stop};

/// `k.A k` over the named axes, and `other` times the square of every further component of k.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub matrix: Vec<Vec<Expr>>,
    /// The coefficient along each axis beyond those of the matrix, where the space has any.
    pub other: Option<Expr>,
}

/// What values a form takes away from 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// No negative ones: the squares of these forms, with weights that are not negative.
    Nonnegative {
        squares: Vec<Square>,
        /// A direction in which the form vanishes; none when it is definite.
        flat: Option<Vec<Expr>>,
    },
    /// A negative one, in this direction.
    Negative(Vec<Expr>),
}

/// `weight (vector.k)^2`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Square {
    pub weight: Expr,
    pub vector: Vec<Expr>,
}

impl Form {
    /// Which kind of form it is.
    pub fn kind(&self, facts: &Facts) -> Result<Kind, Stop> {
        let n = self.matrix.len();
        let (mut squares, mut kept, mut last, mut flat) = (Vec::new(), Vec::new(), Expr::one(), None);
        for i in 0..n {
            let with = |more: usize| kept.iter().copied().chain([more]).collect::<Vec<usize>>();
            // Two equal columns for the axes kept.
            let bordered = |j: usize| match kept.contains(&j) {
                true => Expr::zero(),
                false => determinant(&self.block(&with(i), &with(j))),
            };
            let bordered: Vec<Expr> = (0..n).map(bordered).collect();
            match sign_of(&bordered[i], facts)? {
                Sign::POSITIVE => {
                    let weight = bordered[i].clone() / last;
                    last = bordered[i].clone();
                    let ratio = |j: usize| if j == i { Expr::one() } else { bordered[j].clone() / last.clone() };
                    squares.push(Square { weight, vector: (0..n).map(ratio).collect() });
                    kept.push(i);
                }
                Sign::ZERO => {
                    let null = self.adjugate_column(&kept, i);
                    for (j, minor) in bordered.iter().enumerate().skip(i + 1) {
                        if sign_of(minor, facts)? != Sign::ZERO {
                            return Ok(self.negative(self.crossed(&null, j, minor), facts));
                        }
                    }
                    // A minor that is 0 by the facts only is a square of that weight.
                    if !bordered[i].is_zero() {
                        let weight = bordered[i].clone() / last.clone();
                        squares.push(Square { weight, vector: unit(i, n) });
                    }
                    flat = flat.or_else(|| Some(self.extended(null, Expr::zero())));
                }
                _ => return Ok(self.negative(self.adjugate_column(&kept, i), facts)),
            }
        }
        if let Some(other) = &self.other {
            let beyond = || self.extended(vec![Expr::zero(); n], Expr::one());
            match sign_of(other, facts)? {
                Sign::POSITIVE => {}
                Sign::ZERO => flat = flat.or_else(|| Some(beyond())),
                _ => return Ok(Kind::Negative(beyond())),
            }
        }
        Ok(Kind::Nonnegative { squares, flat })
    }

    /// The form with every coefficient negated.
    pub fn negated(&self) -> Form {
        let rows = self.matrix.iter().map(|row| row.iter().map(|c| -c.clone()).collect());
        Form { matrix: rows.collect(), other: self.other.as_ref().map(|c| -c.clone()) }
    }

    /// Is it the sum of these squares, whatever the parameters?
    pub fn is_sum_of(&self, squares: &[Square]) -> bool {
        let n = self.matrix.len();
        let entry = |i: usize, j: usize| {
            Expr::add(squares.iter().map(|s| s.weight.clone() * s.vector[i].clone() * s.vector[j].clone()))
        };
        let mut pairs = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs.all(|(i, j)| (entry(i, j) - self.matrix[i][j].clone()).vanishes())
    }

    /// Does every coefficient vanish as written?
    pub fn is_zero(&self) -> bool {
        self.matrix.iter().flatten().chain(&self.other).all(Expr::is_zero)
    }

    fn block(&self, rows: &[usize], columns: &[usize]) -> Vec<Vec<Expr>> {
        rows.iter().map(|i| columns.iter().map(|j| self.matrix[*i][*j].clone()).collect()).collect()
    }

    /// The value in a direction of the named axes.
    fn value(&self, d: &[Expr]) -> Expr {
        let n = self.matrix.len();
        let terms = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        Expr::add(terms.map(|(i, j)| d[i].clone() * self.matrix[i][j].clone() * d[j].clone())).expand()
    }

    /// The direction d over the axes `kept` and i with `A d = 0` on `kept`, where `d.A d` is the product of the minor of
    /// all of them and that of `kept`: the last column of an adjugate.
    fn adjugate_column(&self, kept: &[usize], i: usize) -> Vec<Expr> {
        let axes: Vec<usize> = kept.iter().copied().chain([i]).collect();
        let mut d = vec![Expr::zero(); self.matrix.len()];
        for (place, axis) in axes.iter().enumerate() {
            let others: Vec<usize> = axes.iter().copied().filter(|other| other != axis).collect();
            let sign = if (place + axes.len()) % 2 == 1 { 1 } else { -1 };
            d[*axis] = Expr::int(sign) * determinant(&self.block(kept, &others));
        }
        d
    }

    /// `s null + e_j` with `null.A null = 0` and `null.A e_j = minor`, where s makes the value of the form -1.
    fn crossed(&self, null: &[Expr], j: usize, minor: &Expr) -> Vec<Expr> {
        let s = -(self.matrix[j][j].clone() + Expr::one()) / (Expr::int(2) * minor.clone());
        null.iter().zip(unit(j, null.len())).map(|(c, unit)| s.clone() * c.clone() + unit).collect()
    }

    /// Negative in this direction; in one of small whole components where that can be seen.
    fn negative(&self, exact: Vec<Expr>, facts: &Facts) -> Kind {
        let plain =
            super::ray::directions(self.matrix.len()).into_iter().map(|d| d.into_iter().map(Expr::int).collect());
        let found = plain.into_iter().find(|d: &Vec<Expr>| facts.sign(&self.value(d)).is(Sign::NEGATIVE));
        Kind::Negative(self.extended(found.unwrap_or(exact), Expr::zero()))
    }

    /// A direction of the named axes with the component along all others, where there are any.
    fn extended(&self, d: Vec<Expr>, beyond: Expr) -> Vec<Expr> {
        d.into_iter().chain(self.other.iter().map(|_| beyond.clone())).collect()
    }
}

/// The unit vector along an axis of n.
fn unit(axis: usize, n: usize) -> Vec<Expr> {
    (0..n).map(|i| Expr::int(i64::from(i == axis))).collect()
}

/// The one sign that the facts leave.
fn sign_of(e: &Expr, facts: &Facts) -> Result<Sign, Stop> {
    let known = facts.sign(e);
    let one = [Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE].into_iter().find(|s| known.is(*s));
    one.ok_or_else(|| Stop::Need(e.clone()))
}

/// By the first row; at most three rows.
fn determinant(matrix: &[Vec<Expr>]) -> Expr {
    let Some((first, rest)) = matrix.split_first() else { return Expr::one() };
    let cofactor = |(j, c): (usize, &Expr)| {
        let without =
            |row: &Vec<Expr>| row.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, e)| e.clone()).collect();
        let block: Vec<Vec<Expr>> = rest.iter().map(without).collect();
        Expr::int(if j % 2 == 0 { 1 } else { -1 }) * c.clone() * determinant(&block)
    };
    Expr::add(first.iter().enumerate().map(cofactor)).expand()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(entries: &[i64]) -> Form {
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|i| Expr::int(entries[i]));
        let rows = [[a, d.clone(), e.clone()], [d, b, f.clone()], [e, f, c]];
        Form { matrix: rows.map(Vec::from).to_vec(), other: None }
    }

    /// The eigenvalues of a symmetric 3x3 matrix by Jacobi's rotations.
    fn eigenvalues(mut a: [[f64; 3]; 3]) -> [f64; 3] {
        for (p, q) in [(0, 1), (0, 2), (1, 2)].into_iter().cycle().take(60) {
            let angle = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
            let (s, c) = angle.sin_cos();
            let turned = |row: [f64; 3]| {
                let mut out = row;
                (out[p], out[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                out
            };
            let half = a.map(turned);
            let flipped: [[f64; 3]; 3] = std::array::from_fn(|i| std::array::from_fn(|j| half[j][i]));
            a = flipped.map(turned);
        }
        [a[0][0], a[1][1], a[2][2]]
    }

    fn numbers(form: &Form) -> [[f64; 3]; 3] {
        let number = |e: &Expr| e.as_int().expect("a whole number") as f64;
        std::array::from_fn(|i| std::array::from_fn(|j| number(&form.matrix[i][j])))
    }

    fn check(form: &Form) {
        let least = eigenvalues(numbers(form)).into_iter().fold(f64::INFINITY, f64::min);
        // Determinants are whole, so an eigenvalue that is not 0 is at least 1/(2 * 18^2) in modulus for entries up to 6.
        let tolerance = 1e-4;
        match form.kind(&Facts::default()).expect("numbers") {
            Kind::Nonnegative { squares, flat } => {
                assert_eq!((least > -tolerance, flat.is_none()), (true, least > tolerance), "{form:?}: {least}");
                assert!(
                    flat.iter().all(|d| form.value(d).is_zero() && d.iter().any(|c| !c.is_zero())),
                    "{form:?}: {flat:?}"
                );
                let k = [Expr::sym("x"), Expr::sym("y"), Expr::sym("z")];
                let square = |s: &Square| {
                    let inner = s.vector.iter().zip(&k).map(|(c, k)| c.clone() * k.clone());
                    s.weight.clone() * Expr::add(inner).powi(2)
                };
                let sum = Expr::add(squares.iter().map(square));
                assert!((sum - form.value(&k)).vanishes(), "{form:?}: {squares:?}");
                assert!(squares.iter().all(|s| Facts::default().sign(&s.weight).is(Sign::POSITIVE)));
            }
            Kind::Negative(direction) => {
                assert!(least < -tolerance, "{form:?}: {least}");
                assert!(Facts::default().sign(&form.value(&direction)).is(Sign::NEGATIVE), "{form:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn kinds_agree_with_eigenvalues(entries in prop::collection::vec(-6i64..7, 6)) {
            check(&form(&entries));
        }

        /// A B with B of rank one or two is semidefinite, where random entries hardly ever are.
        #[test]
        fn gram_matrices_are_semidefinite(u in prop::collection::vec(-1i64..2, 3), v in prop::collection::vec(-1i64..2, 3)) {
            let entry = |i: usize, j: usize| u[i] * u[j] + v[i] * v[j];
            check(&form(&[entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)]));
        }
    }

    #[test]
    fn a_sign_left_open_is_asked_for() {
        let (a, b) = (Expr::sym("a"), Expr::sym("b"));
        let form = Form { matrix: vec![vec![a.clone(), b.clone()], vec![b.clone(), a.clone()]], other: None };
        let mut facts = Facts::default();
        assert_eq!(form.kind(&facts), Err(Stop::Need(a.clone())));
        facts.assume(&a, Sign::POSITIVE);
        assert_eq!(form.kind(&facts), Err(Stop::Need(a.clone().powi(2) - b.clone().powi(2))));
        facts.assume(&(a.clone().powi(2) - b.powi(2)), Sign::NEGATIVE);
        let Ok(Kind::Negative(direction)) = form.kind(&facts) else { panic!("a negative direction") };
        let (a, b) = (Expr::sym("a"), Expr::sym("b"));
        let product = a.clone() * (a.powi(2) - b.powi(2));
        assert!((form.value(&direction) - product).vanishes(), "{direction:?}");
    }
}
