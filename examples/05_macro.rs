//! Can the equation be judged and compiled with my crate, without a JIT?

genphys::genphys! {
    /// The field of a massive particle; the documentation of this module is the derivation.
    pub mod yukawa { phi_tt + lap(phi) - m^2 phi = 0 where m > 0, N = 2 }
}

genphys::genphys! { file "examples/pde/plume.pde" }

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("yukawa in N = {} is {}", yukawa::N, yukawa::VERDICT);
    let parameters = yukawa::Parameters::new(1.0)?;
    for (re, im) in yukawa::omega([1.0, 0.0], &parameters) {
        println!("omega = {re} + {im} i at k = 1");
    }

    // The same two charges as in 03_field.rs, and the same numbers.
    let field = yukawa::Field::<f64>::new(&[[-1.0, 0.0], [1.0, 0.0]], &[0.9, 0.1], parameters)?;
    for x in [[0.0, 0.0], [3.0, 0.0]] {
        let at = field.at(0.5, x);
        println!("x = {x:?}: log p = {:.6}, v = {:.6?}, R/p = {:.6}", at.log_density, at.velocity, at.birth_rate);
    }
    assert!(field.at(0.5, [0.0, 0.0]).velocity[0] > 0.0);

    // Outside its assumption there are no parameters, so there is no field to ask.
    let refusal = yukawa::Parameters::new(-1.0).map_err(|e| e.to_string());
    assert_eq!(refusal, Err("m = -1 is outside its assumption: m > 0".to_owned()));

    let wind = plume::Parameters::new(1.0, 0.5, 1.0)?;
    println!("the plume moves with {:?} where it is densest", plume::velocity([1.0, 0.5], 1.0, &wind));
    Ok(())
}
