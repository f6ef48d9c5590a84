// Generative under a condition that nothing implies.
genphys_macros::genphys! {
    mod spread { phi_t - D lap(phi) = 0 where D nonzero, N = 2 }
}

fn main() {}
