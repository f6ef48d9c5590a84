// Slips of the pen, each at its word.
genphys_macros::genphys! {
    mod function { phi_t - lapl(phi) = 0 where N = 2 }
}

genphys_macros::genphys! {
    mod bracket {
        phi_t - lap(grad(phi)) = 0 // a vector where a scalar belongs
            where N = 2
    }
}

genphys_macros::genphys! {
    mod parameter { phi_tt + lap(phi) - mu^2 phi = 0 where nu > 0, N = 2 }
}

genphys_macros::genphys! {
    mod ambiguous { phi_tt + 1/2 k phi = 0 where N = 2 }
}

genphys_macros::genphys! {
    pde item {
        space x in R^2;
        /// A comment of Rust's.
        parm m > 0;
        equation phi_tt + lap(phi) - m^2 phi = 0;
    }
}

genphys_macros::genphys! {
    mod equals { phi_t == lap(phi) where N = 2 }
}

genphys_macros::genphys! {
    mod power { phi_tt + lap(phi) - m**2 phi = 0 where m > 0, N = 2 }
}

genphys_macros::genphys! {
    mod assumptions { phi_t - D lap(phi) = 0 where D > 0 and N = 2 }
}

genphys_macros::genphys! {}

fn main() {}
