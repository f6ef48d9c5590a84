// Parameters exist inside their assumptions only, and each has its name.
genphys_macros::genphys! {
    mod yukawa { phi_tt + lap(phi) - m^2 phi = 0 where m > 0, N = 2 }
}

fn main() {
    let _ = yukawa::Parameters { m: -1.0 };
}
