use genphys_compiler::dispersion;
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::{self, replay};

#[test]
fn scratch() {
    for text in include_str!("/tmp/eqs.txt").lines().filter(|l| !l.is_empty()) {
        let e = Equation::parse(text).unwrap_or_else(|d| panic!("{text}: {d}")).normalised();
        println!("\n### {text}");
        match dispersion::derive(&e) {
            Err(u) => println!("  undecided: {}", u.why),
            Ok(d) => {
                println!(
                    "  symbol {}\n  lambda {}\n  omega {}\n  {}\n  coefs {:?}  {:?}",
                    d.symbol,
                    d.lambda().map(|l| l.to_string()).unwrap_or_default(),
                    d.branches[0].omega,
                    d.reason,
                    d.coefficients.iter().map(|c| c.to_string()).collect::<Vec<_>>(),
                    d.evolution.as_ref().map(|e| match &e.timing {
                        dispersion::Timing::Separable { rate, offset } => format!("S {rate} | {offset}"),
                        o => format!("{o:?}"),
                    })
                );
                let v = verdict::decide(&e, &d, None);
                println!("  => {}", v.kind);
                for c in [&v.c1, &v.c2] {
                    println!("  {} {:?} {}", c.answer, c.condition, c.reason);
                    if let Some(cert) = &c.certificate {
                        println!(
                            "    replay {:?} when {:?}",
                            replay(cert, c.answer, &e, &d),
                            cert.cases
                                .iter()
                                .map(|c| c
                                    .when
                                    .iter()
                                    .map(|w| format!("{} {}", w.expression, w.sign.relation()))
                                    .collect::<Vec<_>>())
                                .collect::<Vec<_>>()
                        );
                    }
                    if let Some(w) = &c.witness {
                        println!("    witness {:?}", genphys_compiler::verdict::check_witness(w, &e, &d));
                    }
                }
            }
        }
    }
}
