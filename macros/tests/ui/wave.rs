// Nothing decays.
genphys_macros::genphys! {
    pde wave {
        space x in R^2;
        equation phi_tt - lap(phi) = 0;
    }
}

fn main() {}
