//! A printed continuity form: does it hold identically in phi, and is its density one unit of mass?

use super::{Compared, expression};
use genphys_compiler::Analysis;
use genphys_compiler::dispersion::Problem;
use genphys_compiler::expr::Expr;
use genphys_compiler::flow::{DensityFlow, Derivation, IdentityFailure, verify_identity};

pub(super) fn compare(analysis: &Analysis, printed: &str) -> Option<Compared> {
    let flow = analysis.flow.as_ref().ok()?;
    let parts: Vec<Expr> = printed.split(';').map(|part| expression(analysis, part)).collect::<Option<_>>()?;
    let [p, v, r] = parts.as_slice() else { return None };
    let derived = format!("{}; {}; {}", flow.p, flow.v(), flow.r);
    let residual = residual(analysis, flow, [p, v, r]).or_else(|| wrong_mass(analysis, p));
    Some(Compared { derived, residual })
}

/// What `M L phi - (dt p + div(p v) - R)` leaves, for the sign or multiplier M that leaves least.
fn residual(analysis: &Analysis, flow: &DensityFlow, [p, v, r]: [&Expr; 3]) -> Option<String> {
    let mut multipliers = vec![flow.multiplier.clone()];
    multipliers.extend([Expr::one(), Expr::int(-1)].into_iter().filter(|one| *one != flow.multiplier));
    let mut left = Vec::new();
    for multiplier in multipliers {
        let form = DensityFlow {
            p: p.clone(),
            flux: flux(p, v),
            r: r.clone(),
            multiplier: multiplier.clone(),
            multipliers: std::iter::once(multiplier.clone()).chain(flow.multipliers.iter().skip(1).cloned()).collect(),
            proof: Derivation::default().into(),
            ..flow.clone()
        };
        match verify_identity(&analysis.equation, &form) {
            Ok(()) => return None,
            Err(IdentityFailure::Residual { residual, .. }) => {
                left.push(format!("with M = {multiplier}, M L phi - (dt p + div(p v) - R) = {}", readable(&residual)));
            }
            Err(e) => left.push(e.to_string()),
        }
    }
    left.into_iter().min_by_key(String::len)
}

/// `p v`; a denominator that is p or -p cancels, which keeps the residual short.
fn flux(p: &Expr, v: &Expr) -> Expr {
    let direct = p.clone() * v.clone();
    let mirrored = -((-p.clone()).expand() * v.clone());
    if mirrored.size() < direct.size() { mirrored } else { direct }
}

/// `phi{1,2,0,0}` as `phi_txx`.
fn readable(residual: &str) -> String {
    let mut out = String::new();
    let mut rest = residual;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((orders, behind)) = after.split_once('}') else { break };
        out += before;
        let letters: String = orders
            .split(',')
            .zip(["t", "x", "y", "z"])
            .map(|(n, letter)| letter.repeat(n.parse().unwrap_or(0)))
            .collect();
        if !letters.is_empty() {
            out += &format!("_{letters}");
        }
        rest = behind;
    }
    out + rest
}

/// `L phi = p_data delta(t)` starts an evolution problem of order n with `dt^(n-1) phi = p_data/a_n` and all lower
/// derivatives zero, so the mass of p is that of its highest derivative.
fn wrong_mass(analysis: &Analysis, p: &Expr) -> Option<String> {
    let relation = analysis.dispersion.as_ref().ok()?;
    if relation.problem != Problem::Evolution || relation.evolution.is_some() {
        return None;
    }
    let order = u32::try_from(relation.coefficients.len()).ok()?.checked_sub(2)?;
    let phi = Expr::Field(analysis.equation.unknown().name.clone());
    let highest = phi.dt(order);
    if !p.expand().contains(&highest) {
        return None;
    }
    let only_highest = p.expand().replace(&|part| match part {
        e if *e == highest => Some(Expr::one()),
        Expr::Field(_) | Expr::Dt(..) => Some(Expr::zero()),
        _ => None,
    });
    let mass = (only_highest / relation.coefficients.last()?.clone()).expand();
    // A density that is quadratic in phi has no such formula; its sign is never in doubt.
    let number = mass.as_num()?.to_string();
    (number != "1").then(|| format!("the mass of p at t = 0+ is {number}, not 1"))
}
