//! C1 and C2 at first order in time for a symbol that depends on the direction of k.
//!
//! In:   lambda in kappa and the components of k, in one case.
//! Out:  an [`Outcome`], by Levy-Khintchine's formula for C1 and by the real part for C2.
//! Holds: `lambda = constant + i drift.k + k.A k + f(kappa)` with A positive semidefinite and f Bernstein has a positive
//!        kernel; without f, or with a bounded one, it is a density exactly when A is definite.
//! Source: Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1; GenPhys (arXiv:2304.02637), Eq. 16.

mod form;
mod ray;
mod real;
mod vector;

use super::bernstein;
use super::cases::{Outcome, Situation};
use super::certificate::{Node, Proof, Which};
use super::witness::{Comparison, Witness};
use crate::dispersion::direction::{axis_of, depends};
use crate::dispersion::{branch_growth, pieces, select};
use crate::expr::{Expr, Facts, Range, Sign, Stop, rational};
use form::{Form, Kind, Square};
use ray::{Ray, directions};
use real::{RealPart, Signs, Split};
use std::collections::BTreeMap;

/// Decides one condition in one case, in `dimension` dimensions or any number of them.
pub(super) fn outcome(situation: &Situation, which: Which, dimension: Option<u32>) -> Result<Outcome, Stop> {
    let [numerator, denominator] = situation.coefficients.as_slice() else {
        return Ok(Outcome::no("without a time derivative nothing evolves, so there is no density to move", None));
    };
    let piece = pieces::Piece::Linear { numerator: numerator.clone(), denominator: denominator.clone() };
    let lambda = (-branch_growth(&piece, select::Which::Only, &situation.facts)).expand();
    let subject =
        Subject { axes: Axes::of(&lambda, dimension), parts: Parts::read(&lambda)?, lambda, facts: &situation.facts };
    match which {
        Which::C1 => subject.c1(),
        Which::C2 => subject.c2(),
    }
}

/// The axes that a symbol names, and whether the space has more.
#[derive(Clone, Copy, Debug)]
struct Axes {
    named: usize,
    others: bool,
}

impl Axes {
    fn of(lambda: &Expr, dimension: Option<u32>) -> Axes {
        let named = lambda.symbols().iter().filter_map(axis_of).map(|a| a.index() + 1).max().unwrap_or(0);
        Axes { named, others: dimension.is_none_or(|n| n as usize > named) }
    }

    /// The components of a direction: those along the named axes, and one for all others.
    fn count(self) -> usize {
        self.named + usize::from(self.others)
    }
}

/// What is decided about.
struct Subject<'a> {
    lambda: Expr,
    parts: Parts,
    axes: Axes,
    facts: &'a Facts,
}

/// lambda by monomials in the components of k; the coefficients are in kappa.
struct Parts(BTreeMap<[u32; 3], Expr>);

impl Parts {
    fn read(lambda: &Expr) -> Result<Parts, Stop> {
        let mut out: BTreeMap<[u32; 3], Expr> = BTreeMap::new();
        for term in lambda.terms() {
            let mut powers = [0u32; 3];
            let mut rest = Vec::new();
            for f in term.factors() {
                let (base, n) = if let Expr::Pow(base, n) = f { (&**base, n.as_int()) } else { (f, Some(1)) };
                match (base, n.and_then(|n| u32::try_from(n).ok())) {
                    (Expr::Sym(name), Some(n)) if axis_of(name).is_some() => {
                        axis_of(name).into_iter().for_each(|axis| powers[axis.index()] += n);
                    }
                    _ => rest.push(f.clone()),
                }
            }
            let rest = Expr::mul(rest);
            if depends(&rest) {
                return Err(Stop::Undecided(format!("{rest} is no polynomial in the components of k")));
            }
            let sum = out.remove(&powers).unwrap_or_else(Expr::zero) + rest;
            out.insert(powers, sum);
        }
        Ok(Parts(out))
    }

    fn coefficient(&self, powers: [u32; 3]) -> Expr {
        self.0.get(&powers).cloned().unwrap_or_else(Expr::zero)
    }

    fn degree(&self) -> u32 {
        self.0.keys().map(|powers| powers.iter().sum()).max().unwrap_or(0)
    }
}

/// The exponents of a product of components of k.
fn powers(axes: &[usize]) -> [u32; 3] {
    let mut out = [0; 3];
    axes.iter().for_each(|axis| out[*axis] += 1);
    out
}

/// `lambda = constant + i drift.k + k.A k + f(kappa)`, A with the linear part of the isotropic rest.
struct Triplet {
    constant: Expr,
    drift: Vec<Expr>,
    form: Form,
    /// The coefficient of kappa.
    isotropic: Expr,
    tree: Option<Node>,
    /// Is f bounded?
    bounded: bool,
}

impl Subject<'_> {
    fn c1(&self) -> Result<Outcome, Stop> {
        let triplet = match self.triplet() {
            Ok(triplet) => triplet,
            Err(open) => {
                return match (self.reason_against_c1(), open) {
                    (Ok(Some(reason)), _) => Ok(self.refuted(reason, &[])),
                    (Err(need), Stop::Undecided(_)) => Err(need),
                    (_, open) => Err(open),
                };
            }
        };
        match triplet.form.kind(self.facts)? {
            Kind::Nonnegative { squares, flat } => Ok(self.proved(triplet, squares, flat.is_none())),
            Kind::Negative(direction) => {
                let ray = || Ray::new(&self.lambda, direction.clone());
                let falls = || ray().map_or(Ok(false), |ray| ray.falls(self.facts));
                // A Bernstein function may grow almost like kappa, and make up for it.
                if triplet.tree.is_some() && !falls()? {
                    let why = "a quadratic form that takes negative values beside a Bernstein function";
                    return Err(Stop::Undecided(why.to_owned()));
                }
                let reason = "Re lambda falls below Re lambda(0) along a direction of k: those modes outgrow the mean";
                Ok(self.refuted(reason, &[direction]))
            }
        }
    }

    /// Why lambda belongs to no density along some direction of k.
    fn reason_against_c1(&self) -> Result<Option<&'static str>, Stop> {
        let mut open = None;
        for ray in self.rays() {
            match ray.refutation(self.facts) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(need) => open = Some(open.unwrap_or(need)),
            }
        }
        open.map_or(Ok(None), Err)
    }

    fn rays(&self) -> impl Iterator<Item = Ray> + '_ {
        let whole = directions(self.axes.count()).into_iter().map(|d| d.into_iter().map(Expr::int).collect());
        whole.filter_map(|d: Vec<Expr>| Ray::new(&self.lambda, d))
    }

    fn refuted(&self, reason: &str, directions: &[Vec<Expr>]) -> Outcome {
        let tests = [Comparison::Below, Comparison::Doubling, Comparison::Skew];
        Outcome::no(reason, tests.into_iter().find_map(|test| self.witness(test, directions)))
    }

    /// Numbers that fail a test, also along the directions given.
    fn witness(&self, test: Comparison, directions: &[Vec<Expr>]) -> Option<Witness> {
        vector::search(test, &self.lambda, self.axes.count(), directions, self.facts)
    }

    /// The parts of Levy-Khintchine's formula.
    fn triplet(&self) -> Result<Triplet, Stop> {
        let n = self.axes.named;
        if self.parts.degree() > 2 {
            return Err(Stop::Undecided(format!("whether {} is negative definite", self.lambda)));
        }
        let constant_real = |c: Expr| match !c.contains(&Expr::kappa()) && self.facts.sign(&c).is(Sign::ANY) {
            true => Ok(c),
            false => Err(Stop::Undecided(format!("whether {} is negative definite", self.lambda))),
        };
        let drift = (0..n).map(|j| constant_real((-Expr::Imag * self.parts.coefficient(powers(&[j]))).expand()));
        let drift = drift.collect::<Result<Vec<_>, _>>()?;
        let (isotropic, rest) = self.linear_part();
        let isotropic = constant_real(isotropic)?;
        let entry = |i: usize, j: usize| {
            let c = constant_real(self.parts.coefficient(powers(&[i, j])))?;
            Ok(entry_of(i, j, c, &isotropic))
        };
        let row = |i: usize| (0..n).map(|j| entry(i, j)).collect::<Result<Vec<_>, Stop>>();
        let matrix = (0..n).map(row).collect::<Result<Vec<_>, _>>()?;
        let form = Form { matrix, other: self.axes.others.then(|| isotropic.clone()) };
        let (constant, tree) = match rest.contains(&Expr::kappa()) {
            true => bernstein::prove_up_to_constant(&rest, self.facts).map(|(c, tree)| (c, Some(tree)))?,
            false => (rest, None),
        };
        let constant = constant_real(constant)?;
        let bounded = tree.as_ref().map_or(Ok(true), |tree| Ok(!bernstein::unbounded(tree, self.facts)?))?;
        Ok(Triplet { constant, drift, form, isotropic, tree, bounded })
    }

    /// The coefficient of kappa in the isotropic part, and what remains of that part.
    fn linear_part(&self) -> (Expr, Expr) {
        let isotropic = self.parts.coefficient([0; 3]);
        let (linear, rest): (Vec<Expr>, Vec<Expr>) =
            isotropic.terms().iter().cloned().partition(|t| t.factors().contains(&Expr::kappa()));
        let coefficient = Expr::add(linear.into_iter().map(|t| (t / Expr::kappa()).expand()));
        (coefficient, Expr::add(rest))
    }

    fn proved(&self, triplet: Triplet, squares: Vec<Square>, definite: bool) -> Outcome {
        let Triplet { constant, drift, form, isotropic, tree, bounded } = triplet;
        let written_out = form.is_sum_of(&squares);
        let kind = if definite { "positive definite" } else { "positive semidefinite" };
        let drifts = drift.iter().any(|c| !c.is_zero());
        let mut parts = Vec::from([format!("a {kind} quadratic form in k")]);
        parts.extend((!constant.is_zero()).then(|| "a constant".to_owned()));
        parts.extend(drifts.then(|| "a drift".to_owned()));
        parts.extend(tree.iter().map(|t| format!("the Bernstein function {} of kappa ({})", t.function, t.because)));
        let reason = format!(
            "lambda is {}, so exp(-t lambda) is the transform of a positive measure (Levy-Khintchine)",
            parts.join(" and ")
        );
        let proof = Proof::LevyKhintchine {
            lambda: self.lambda.clone(),
            constant,
            drift,
            isotropic,
            squares: squares.into_iter().map(|s| std::iter::once(s.weight).chain(s.vector).collect()).collect(),
            definite,
            bounded,
            tree,
        };
        if definite || !bounded {
            return Outcome::yes(reason, proof);
        }
        let note = if form.is_zero() {
            "atom: part of the mass only moves with the drift; smooth data, or the rest alone, have a positive density"
        } else {
            "singular: nothing spreads along the directions in which the quadratic form vanishes; data that are smooth along \
             them have a positive density"
        };
        let reason = format!("{reason}, but in some direction nothing spreads");
        // Squares that make up the form only by relations between parameters are no proof that reads back.
        Outcome::conditional(note, reason).proved_by(Some(proof).filter(|_| written_out))
    }

    fn c2(&self) -> Result<Outcome, Stop> {
        if let Some(outcome) = self.c2_by_formula() {
            return Ok(outcome);
        }
        let mut open = None;
        let real = RealPart::read(&self.parts, self.axes, self.facts)?;
        for mut split in real.splits() {
            match split.signs(self.axes, self.facts) {
                Ok(Signs::Rises) => return Ok(self.decided(true, split)),
                Ok(Signs::NowhereRises) => return Ok(self.decided(false, split)),
                Ok(Signs::Partly(direction)) => return Ok(self.conditional(&[direction])),
                Ok(Signs::Open) => {}
                Err(stop) => open = Some(open.unwrap_or(stop)),
            }
        }
        self.partly(open)
    }

    /// Where Levy-Khintchine's formula shows that the real part rises at once.
    fn c2_by_formula(&self) -> Option<Outcome> {
        let triplet = self.triplet().ok().filter(|t| t.tree.is_some())?;
        let Kind::Nonnegative { squares, flat } = triplet.form.kind(self.facts).ok()? else { return None };
        let proof = self.proved(triplet, squares, flat.is_none()).proof?;
        let reason = "Re lambda(k) - Re lambda(0) is a Bernstein function of kappa and a form that is nowhere negative";
        Some(Outcome::yes(reason, proof))
    }

    fn decided(&self, rises: bool, split: Split) -> Outcome {
        let still = split.squares.is_empty() && split.rest.is_zero() && split.isotropic.is_zero();
        let Split { rest, isotropic, squares, .. } = split;
        let squares = squares.into_iter().map(|(weight, polynomial)| vec![weight, polynomial]).collect();
        let proof = Proof::RealPart { lambda: self.lambda.clone(), rises, rest, isotropic, squares };
        if rises {
            let reason = "Re lambda(k) - Re lambda(0) is a sum of parts that are nowhere negative and vanish together at k = 0 only";
            return Outcome::yes(reason, proof);
        }
        let reason = if still {
            "Re lambda does not depend on k: no mode decays faster than the mean"
        } else {
            "Re lambda(k) <= Re lambda(0) for every k"
        };
        Outcome::no(reason, self.witness(Comparison::NotAbove, &[])).proved_by(Some(proof))
    }

    /// The answer when the real part rises in some directions, or for some lengths of k, only.
    fn partly(&self, mut open: Option<Stop>) -> Result<Outcome, Stop> {
        let (mut above, mut below) = (false, false);
        for ray in self.rays() {
            match ray.rise(self.facts) {
                Ok(Range::Positive) => above = true,
                Ok(Range::Zero | Range::Negative) => below = true,
                Ok(Range::Changes { starts_positive, zeros }) => {
                    above |= starts_positive || zeros.iter().any(|(_, flips)| *flips);
                    below = true;
                }
                Err(stop) => open = Some(open.unwrap_or(stop)),
            }
        }
        if !above || !below {
            return Err(open.unwrap_or_else(|| Stop::Undecided(format!("the sign of {} for every k", self.rise()))));
        }
        Ok(self.conditional(&[]))
    }

    fn conditional(&self, directions: &[Vec<Expr>]) -> Outcome {
        let rise = self.rise();
        let reason = format!("Eq. 16 holds exactly where {rise} > 0, and fails at the other k");
        let outcome = Outcome::conditional(format!("{rise} > 0, for these wave vectors k only"), reason);
        Outcome { witness: self.witness(Comparison::NotAbove, directions), ..outcome }
    }

    /// `Re lambda - Re lambda(0)` as written.
    fn rise(&self) -> Expr {
        let real = self.lambda.real_and_imaginary().0;
        let moves = |t: &&Expr| t.contains(&Expr::kappa()) || depends(t);
        Expr::add(real.terms().iter().filter(moves).cloned())
    }
}

/// An entry of the matrix of a form with the monomial coefficient c and the isotropic coefficient.
fn entry_of(i: usize, j: usize, c: Expr, isotropic: &Expr) -> Expr {
    if i == j { (c + isotropic.clone()).expand() } else { (Expr::Num(rational(1, 2)) * c).expand() }
}
