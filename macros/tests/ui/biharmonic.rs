// The kernel turns negative: the term that makes it so, and where.
genphys_macros::genphys! {
    pub mod biharmonic { phi_t + lap(lap(phi)) = 0 where N = 1 }
}

fn main() {}
