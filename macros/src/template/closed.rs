/// The law where all of it is in the kernel.
#[derive(Clone, Copy, Debug)]
struct Law;

/// The same at one time.
#[derive(Clone, Copy)]
struct LawNow;

/// Does a kernel give the squared distance in place of the logarithm of a weight?
const LAW_IS_TABULATED: bool = false;

impl Law {
    fn new(parameters: &Parameters) -> Option<Law> {
        Some(Law)
    }

    fn at(&self, t: f64, parameters: &Parameters) -> LawNow {
        LawNow
    }
}

impl LawNow {
    fn log_peak(&self) -> f64 {
        0.0
    }

    fn log_weight(&self, q: f64) -> f64 {
        q
    }
}
