//! Is my equation a generative model, and how do you know?

use genphys::prelude::*;

fn main() -> genphys::Result<()> {
    let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?.analyze();

    if let (Ok(flow), Ok(dispersion)) = (&yukawa.flow, &yukawa.dispersion) {
        println!("p = {},  v = {},  R = {}", flow.p, flow.v(), flow.r);
        for branch in &dispersion.branches {
            println!("omega = {}", branch.omega);
        }
    }
    println!("{}", yukawa.verdict.kind);
    println!("C1 {}: {}", yukawa.verdict.c1.answer, yukawa.verdict.c1.reason);
    println!("C2 {}: {}", yukawa.verdict.c2.answer, yukawa.verdict.c2.reason);

    assert_eq!(yukawa.verdict.kind, VerdictKind::SGenerative);
    assert!(yukawa.verdict.c1.certificate.is_some(), "a yes comes with a proof");
    Ok(())
}
