// A law from a table has no velocity here, and says why.
genphys_macros::genphys! {
    mod fractional { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1, N = 2 }
}

fn main() {
    let parameters = fractional::Parameters::new(0.5).unwrap();
    let _ = fractional::velocity([1.0, 0.0], 1.0, &parameters);
}
