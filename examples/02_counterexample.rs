//! Why is the biharmonic equation not a generative model, although it smooths?

use genphys::prelude::*;

fn main() -> genphys::Result<()> {
    let biharmonic = Equation::parse("phi_t + lap(lap(phi)) = 0")?.analyze();
    let verdict = &biharmonic.verdict;
    println!("{}: Eq. 16 of the paper alone says {}", verdict.kind, verdict.paper_rule);
    println!("C1 {}: {}", verdict.c1.answer, verdict.c1.reason);
    assert_eq!(verdict.kind, VerdictKind::NotSGenerative);
    assert_eq!(verdict.paper_rule, Answer::Yes);
    assert!(verdict.c1.witness.is_some(), "a no comes with numbers anyone can plug in");

    // Only a verdict makes a model: there is no way to sample from a density that turns negative.
    match Model::of(&biharmonic).dim(2).build() {
        Ok(_) => unreachable!("a refuted equation made a model"),
        Err(refusal) => println!("refused: {refusal}"),
    }
    Ok(())
}
