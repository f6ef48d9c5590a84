genphys_macros::genphys! {
    mod bare { phi_t - lap(phi) = 0 }
}

genphys_macros::genphys! {
    mod assumed { phi_t - D lap(phi) = 0 where D > 0 }
}

genphys_macros::genphys! {
    pde any { space x in R^N; equation phi_t - lap(phi) = 0; }
}

genphys_macros::genphys! {
    pde unsaid { equation phi_t - lap(phi) = 0; }
}

genphys_macros::genphys! {
    mod twice, N = 3 { phi_t - lap(phi) = 0 where N = 2 }
}

genphys_macros::genphys! {
    mod huge, N = 5000 { phi_t - lap(phi) = 0 }
}

fn main() {}
