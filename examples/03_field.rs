//! What is the velocity of the flow at a point, and how fast do particles die there?

use genphys::prelude::*;
use ndarray::array;

fn main() -> genphys::Result<()> {
    let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?.analyze();
    let model = Model::of(&yukawa).dim(2).set("m", 1.0).build()?;
    let charges = array![[-1.0, 0.0], [1.0, 0.0]];
    let field = Field::new(&model, charges.view(), &[0.9, 0.1], Precision::F64)?;

    let x = array![[0.0, 0.0], [3.0, 0.0]];
    let mut at = Evaluation::new(2, 2);
    field.evaluate(0.5, x.view(), &mut at)?;
    for (i, x) in x.rows().into_iter().enumerate() {
        println!("x = {x}: log p = {:.6}, v = {:.6}, R/p = {:.6}", at.log_p[i], at.v.row(i), at.r_over_p[i]);
    }
    println!("the kernel took {:.1} ms to compile", 1e3 * field.compile_seconds());

    // The heavier charge pushes to the right at the origin.
    assert!(at.v[[0, 0]] > 0.0);
    Ok(())
}
