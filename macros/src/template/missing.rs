/// What has a closed kernel; nothing here has.
pub trait ClosedKernel: Sized {
    #[doc(hidden)]
    fn log_density(self, t: f64, parameters: &Parameters) -> f64;
    #[doc(hidden)]
    fn velocity(self, t: f64, parameters: &Parameters) -> Self;
    #[doc(hidden)]
    fn birth_rate(self, t: f64, parameters: &Parameters) -> f64;
}

/// Not generated: see above.
pub fn log_density<X: ClosedKernel>(x: X, t: f64, parameters: &Parameters) -> f64 {
    x.log_density(t, parameters)
}

/// Not generated: see above.
pub fn density<X: ClosedKernel>(x: X, t: f64, parameters: &Parameters) -> f64 {
    x.log_density(t, parameters).exp()
}

/// Not generated: see above.
pub fn velocity<X: ClosedKernel>(x: X, t: f64, parameters: &Parameters) -> X {
    x.velocity(t, parameters)
}

/// Not generated: see above.
pub fn birth_rate<X: ClosedKernel>(x: X, t: f64, parameters: &Parameters) -> f64 {
    x.birth_rate(t, parameters)
}

/// Not generated: see above.
pub struct Field<T = f64>(::core::marker::PhantomData<T>);

impl<T> Field<T> {
    /// Not generated: see above.
    pub fn new<X: ClosedKernel>(points: &[X], weights: &[f64], parameters: Parameters) -> Result<Field<T>, ::core::fmt::Error> {
        Ok(Field(::core::marker::PhantomData))
    }
}
