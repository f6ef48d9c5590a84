//! The pipeline on one screen: every stage in order, with types on the arrows.

use crate::diagnostic::Diagnostics;
use crate::dispersion::{self, Dispersion};
use crate::expr::{Expr, Name, Rational};
use crate::flow::{self, Budget, DensityFlow};
use crate::green::{Green, Law};
use crate::operator::{self, Equation};
use crate::source::Source;
use crate::syntax;
use crate::undecided::Undecided;
use crate::verdict::{self, Answer, Proof, Verdict};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// All that was derived from an equation; nothing executed.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The equation as resolved.
    pub equation: Equation,
    /// Its dispersion relation, or why it has none here.
    pub dispersion: Result<Dispersion, Undecided>,
    /// Its continuity form, or why none was found.
    pub flow: Result<DensityFlow, Undecided>,
    /// C1, C2 and what follows, each with evidence.
    pub verdict: Verdict,
    green: OnceLock<Option<Green>>,
}

/// Compiles a text up to its verdict.
///
/// # Errors
/// [`Diagnostics`] when the text is wrong. A limit of the compiler is an `undecided` answer instead.
///
/// # Example
/// ```
/// use genphys_compiler::{Budget, analyze, source::Source, verdict::VerdictKind};
/// let yukawa = analyze(&Source::new("yukawa", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"), Budget::default())?;
/// assert_eq!(yukawa.verdict.kind, VerdictKind::SGenerative);
/// assert_eq!(yukawa.flow.expect("a continuity form").p.to_string(), "-phi_t");
/// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
/// ```
pub fn analyze(source: &Source, budget: Budget) -> Result<Analysis, Diagnostics> {
    let ast = syntax::parse(source)?; // text -> Ast
    let equation = operator::resolve(&ast, source)?; // Ast  -> Equation
    Ok(analyze_equation(equation, budget))
}

/// The stages after resolution; they cannot fail, only leave a question open.
pub fn analyze_equation(equation: Equation, budget: Budget) -> Analysis {
    // Equations that differ by a constant have one dispersion relation.
    let normal = equation.normalised();
    let dispersion = dispersion::derive(&normal); // Equation -> Dispersion
    // Where lambda depends on t, the density is found without it.
    let steady = dispersion.as_ref().ok().filter(|d| d.evolution.is_none());
    let flow = flow::extract(&equation, steady, budget); // both -> DensityFlow
    let verdict = match &dispersion {
        Ok(dispersion) => verdict::decide(&normal, dispersion, flow.as_ref().ok()), // all -> Verdict
        Err(open) => Verdict::undecided(&open.why),
    };
    Analysis { equation, dispersion, flow, verdict, green: OnceLock::new() }
}

/// Is the kernel a mixture of Gaussians, an atom left aside?
fn is_mixture(verdict: &Verdict) -> bool {
    let cases = verdict.c1.certificate.as_ref().map_or(&[][..], |c| &c.cases);
    let bernstein = !cases.is_empty() && cases.iter().all(|case| matches!(case.proof, Proof::Bernstein { .. }));
    verdict.c1.answer == Answer::Yes || (verdict.c1.answer == Answer::Conditional && bernstein)
}

impl Equation {
    /// Runs every stage after resolution with the default budget.
    pub fn analyze(&self) -> Analysis {
        analyze_equation(self.clone(), Budget::default())
    }
}

impl Analysis {
    /// The closed form of the kernel, when lambda has one; found when it is first asked for, since no verdict hangs on it.
    pub fn green(&self) -> Option<&Green> {
        let find = || {
            let (Ok(dispersion), Ok(flow)) = (&self.dispersion, &self.flow) else { return None };
            if self.equation.is_system() {
                return None;
            }
            let green = Green::recognise(dispersion, flow, &self.equation.facts)?;
            (green.law != Law::Subordinated || is_mixture(&self.verdict)).then_some(green)
        };
        self.green.get_or_init(find).as_ref()
    }

    /// The same equation with numbers for its parameters, analysed again: a conditional verdict becomes definite.
    pub fn at(&self, values: &BTreeMap<Name, Rational>, budget: Budget) -> Analysis {
        let mut equation = self.equation.clone();
        let bind = |e: &Expr| match e {
            Expr::Sym(name) => values.get(name).cloned().map(Expr::Num),
            _ => None,
        };
        for component in &mut equation.components {
            *component = component.replace(&bind).expand();
        }
        equation.parameters.retain(|p| !values.contains_key(&p.name));
        analyze_equation(equation, budget)
    }
}
