//! Arithmetic in operators.

use crate::expr::{Expr, Rational};
use std::ops::{Add, Div, Mul, Neg, Sub};

impl Add for Expr {
    type Output = Expr;
    fn add(self, other: Expr) -> Expr {
        Expr::add([self, other])
    }
}

impl Sub for Expr {
    type Output = Expr;
    fn sub(self, other: Expr) -> Expr {
        Expr::add([self, -other])
    }
}

impl Mul for Expr {
    type Output = Expr;
    fn mul(self, other: Expr) -> Expr {
        Expr::mul([self, other])
    }
}

impl Div for Expr {
    type Output = Expr;
    fn div(self, other: Expr) -> Expr {
        Expr::mul([self, other.recip()])
    }
}

/// Arithmetic on borrowed expressions, so that formulas read as formulas.
macro_rules! borrowed {
    ($($op:ident $name:ident;)*) => {
        $(
            impl $op<&Expr> for &Expr {
                type Output = Expr;
                fn $name(self, other: &Expr) -> Expr {
                    self.clone().$name(other.clone())
                }
            }

            impl $op<Expr> for &Expr {
                type Output = Expr;
                fn $name(self, other: Expr) -> Expr {
                    self.clone().$name(other)
                }
            }

            impl $op<&Expr> for Expr {
                type Output = Expr;
                fn $name(self, other: &Expr) -> Expr {
                    self.$name(other.clone())
                }
            }
        )*
    };
}

borrowed! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -self.clone()
    }
}

impl Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        Expr::mul([Expr::int(-1), self])
    }
}

impl From<i64> for Expr {
    fn from(n: i64) -> Expr {
        Expr::int(n)
    }
}

impl From<Rational> for Expr {
    fn from(r: Rational) -> Expr {
        Expr::Num(r)
    }
}
