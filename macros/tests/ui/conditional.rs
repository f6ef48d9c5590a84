// Generative under a condition that nothing implies.
genphys_macros::genphys! {
    mod spread { phi_t - D lap(phi) = 0 where D nonzero, N = 2 }
}

// C1 says more about the same condition, which is named once.
genphys_macros::genphys! {
    mod atom { phi_t - D lap(phi) = 0 where N = 2 }
}

// Here C2 says more.
genphys_macros::genphys! {
    mod stretched { phi_t - phi_xx - b phi_yy = 0 where b nonzero, N = 2 }
}

fn main() {}
