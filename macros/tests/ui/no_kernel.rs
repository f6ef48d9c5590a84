// A law from a table that depends on t has no velocity here, and says why.
genphys_macros::genphys! {
    mod jumps { phi_t - lap(phi) + (-lap)^beta phi = 0 where 0 < beta < 1, N = 2 }
}

fn main() {
    let parameters = jumps::Parameters::new(0.5).unwrap();
    let _ = jumps::velocity([1.0, 0.0], 1.0, &parameters);
    let _ = jumps::Field::<f64>::new(&[[1.0, 0.0]], &[1.0], parameters);
}
