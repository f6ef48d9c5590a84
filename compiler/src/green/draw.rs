//! Exact draws of a kernel in bounded work: the way from a source to a point of its law, as a function of uniform numbers.
//!
//! In:   the structure of a law, a dimension N.
//! Out:  a map in f64 from uniform numbers of (0, 1) to the N components of `x_t - y`.
//! Holds: `x_t - y = sqrt(2 U) z` with `z` standard normal and `U` the mixture of the law; no rejection, so that all particles do the
//!   same work and a draw is a function of a fixed number of uniform numbers.
//! Source: Box & Muller 1958 (normal numbers); Michael, Schucany & Haas 1976 (inverse Gaussian numbers).

use crate::kernel::{Kernel, KernelBuilder, KernelError, Output, Precision, Value};
use crate::special::turn::cos_sin;

/// The mixtures of Gaussians that are drawn from normal and uniform numbers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// `U` is a number: diffusion. Uniform `reach = sqrt(2 U)`.
    Fixed,
    /// `sqrt(2 U) = reach/chi_d` for an integer number of degrees of freedom: Poisson (1), PFGM++ (D). Uniform `reach`.
    Student {
        /// d.
        freedom: u32,
    },
    /// `U` is inverse Gaussian, of mean `reach^2/(2 a)` and shape `reach^2/2`: Yukawa given survival, mixed diffusion-Poisson.
    /// Uniforms `reach` and `a = reach mu`.
    InverseGaussian,
}

impl Spread {
    /// The most degrees of freedom: each is a normal number more.
    pub const MAX_FREEDOM: u32 = 8;

    /// Student's law, if its degrees of freedom are an integer of at most [`Spread::MAX_FREEDOM`].
    pub fn student(freedom: f64) -> Option<Spread> {
        let whole = (1..=Spread::MAX_FREEDOM).find(|d| f64::from(*d) == freedom)?;
        Some(Spread::Student { freedom: whole })
    }

    /// The draw in `dim` dimensions: uniforms as the variant says, inputs uniform numbers of (0, 1), outputs the components.
    ///
    /// # Accuracy
    /// Normal numbers are within 4 ulp of Box and Muller's formulas at the given uniform numbers.
    /// # Errors
    /// [`KernelError`] when the body is not well formed, which is a fault of this crate.
    pub fn kernel(self, dim: usize) -> Result<Kernel, KernelError> {
        let mut k = KernelBuilder::map(self.name(), Precision::F64);
        let reach = k.uniform("reach");
        let normals = normals(&mut k, dim + self.normals());
        let (z, mixing) = normals.split_at(dim);
        let length = match self {
            Spread::Fixed => reach,
            Spread::Student { .. } => {
                let chi = root_of_squares(&mut k, mixing);
                k.div(reach, chi)
            }
            Spread::InverseGaussian => {
                let u = k.input("choice");
                inverse_gaussian(&mut k, reach, mixing[0], u)
            }
        };
        let parts = z.iter().enumerate().map(|(i, z)| Output::new(&format!("x{i}"), k.mul(length, *z)));
        let parts = parts.collect();
        k.finish_map(parts)
    }

    /// Normal numbers beside those of the direction.
    fn normals(self) -> usize {
        match self {
            Spread::Fixed => 0,
            Spread::Student { freedom } => freedom as usize,
            Spread::InverseGaussian => 1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Spread::Fixed => "normal_draw",
            Spread::Student { .. } => "student_draw",
            Spread::InverseGaussian => "inverse_gaussian_draw",
        }
    }
}

/// So many standard normal numbers, two from each two uniform numbers; an odd last one is dropped.
fn normals(k: &mut KernelBuilder, count: usize) -> Vec<Value> {
    let mut normals = Vec::with_capacity(count + 1);
    while normals.len() < count {
        let (u, turn) = (k.input(&format!("u{}", normals.len())), k.input(&format!("u{}", normals.len() + 1)));
        let log = k.log(u);
        let square = k.scale(-2.0, log);
        let radius = k.sqrt(square);
        let (cos, sin) = cos_sin(k, turn);
        normals.extend([k.mul(radius, cos), k.mul(radius, sin)]);
    }
    normals.truncate(count);
    normals
}

/// The root of a sum of squares, of one number its magnitude. Never zero: no uniform number is 1, and none is a whole quarter turn.
fn root_of_squares(k: &mut KernelBuilder, numbers: &[Value]) -> Value {
    if let [one] = numbers {
        return k.abs(*one);
    }
    let zero = k.constant(0.0);
    let sum = numbers.iter().fold(zero, |sum, z| k.fma(*z, *z, sum));
    k.sqrt(sum)
}

/// `sqrt(2 U)` by the two roots of Michael, Schucany & Haas, written so that neither cancels and `a = 0`, Poisson's law, is no exception:
/// with `y = z^2` and `d = a + y/2 + sqrt(a y + y^2/4)` the roots are `reach/sqrt(d)`, taken with probability `1/(1 + a/d)`, and
/// `(reach/a) sqrt(d)`.
fn inverse_gaussian(k: &mut KernelBuilder, reach: Value, z: Value, u: Value) -> Value {
    let a = k.uniform("a");
    let y = k.mul(z, z);
    let half = k.scale(0.5, y);
    let under = k.mul(half, half);
    let under = k.fma(a, y, under);
    let root = k.sqrt(under);
    let d = k.add(half, root);
    let d = k.add(a, d);
    let root = k.sqrt(d);
    let (near, scale) = (k.div(reach, root), k.div(reach, a));
    let far = k.mul(scale, root);
    let (ratio, one) = (k.div(a, d), k.constant(1.0));
    let odds = k.fma(u, ratio, u);
    let is_near = k.le(odds, one);
    k.select(is_near, near, far)
}

#[cfg(test)]
mod tests;
