// The text asks for a verdict that the equation does not have.
genphys_macros::genphys! {
    pde heat {
        space    x in R^2;
        equation phi_t - lap(phi) = 0;
        require  not_s_generative by C1;
    }
}

genphys_macros::genphys! {
    pde backwards {
        space    x in R^2;
        equation phi_t + lap(phi) = 0;
        require  s_generative;
    }
}

fn main() {}
