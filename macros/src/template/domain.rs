/// A value outside what is assumed of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutOfDomain {
    /// The parameter, or the expression of parameters.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What is assumed.
    pub assumption: &'static str,
}

impl ::core::fmt::Display for OutOfDomain {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::write!(f, "{} = {} is outside its assumption: {}", self.name, self.value, self.assumption)
    }
}

impl ::core::error::Error for OutOfDomain {}
