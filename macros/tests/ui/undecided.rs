genphys_macros::genphys! {
    mod fisher { phi_t - lap(phi) - r phi (1 - phi) = 0 where r > 0, N = 1 }
}

genphys_macros::genphys! {
    mod forced { phi_t - lap(phi) = exp(-t) where N = 2 }
}

fn main() {}
