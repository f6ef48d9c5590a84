/// A complex number, for the branches.
#[derive(Clone, Copy)]
struct Complex(f64, f64);

impl Complex {
    fn ln(self) -> Complex {
        Complex(self.0.hypot(self.1).ln(), self.1.atan2(self.0))
    }
    fn exp(self) -> Complex {
        let r = self.0.exp();
        Complex(r * self.1.cos(), r * self.1.sin())
    }
    fn powf(self, power: f64) -> Complex {
        if self.0 == 0.0 && self.1 == 0.0 {
            return Complex(0.0_f64.powf(power), 0.0);
        }
        let log = self.ln();
        Complex(log.0 * power, log.1 * power).exp()
    }
    fn sqrt(self) -> Complex {
        // Half of a sum without cancellation gives the larger part; the product of the parts gives the other.
        let r = self.0.hypot(self.1);
        if r == 0.0 {
            return Complex(0.0, 0.0);
        }
        let larger = (0.5 * (r + self.0.abs())).sqrt();
        let smaller = 0.5 * self.1 / larger;
        if self.0 >= 0.0 {
            Complex(larger, smaller)
        } else {
            Complex(smaller.abs(), larger.copysign(self.1))
        }
    }
    fn powi(self, power: i32) -> Complex {
        let mut product = Complex(1.0, 0.0);
        for _ in 0..power.unsigned_abs() {
            product = product * self;
        }
        if power < 0 { Complex(1.0, 0.0) / product } else { product }
    }
}

impl ::core::ops::Add for Complex {
    type Output = Complex;
    fn add(self, b: Complex) -> Complex {
        Complex(self.0 + b.0, self.1 + b.1)
    }
}

impl ::core::ops::Mul for Complex {
    type Output = Complex;
    fn mul(self, b: Complex) -> Complex {
        Complex(self.0 * b.0 - self.1 * b.1, self.0 * b.1 + self.1 * b.0)
    }
}

impl ::core::ops::Div for Complex {
    type Output = Complex;
    fn div(self, b: Complex) -> Complex {
        let square = b.0 * b.0 + b.1 * b.1;
        Complex((self.0 * b.0 + self.1 * b.1) / square, (self.1 * b.0 - self.0 * b.1) / square)
    }
}
