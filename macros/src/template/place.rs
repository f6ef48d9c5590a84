/// How the coordinates and the clock of the law lie at one time: `p(x, t) = exp(log_volume) q(x widen, clock)`.
#[derive(Clone, Copy)]
struct Place {
    clock: f64,
    widen: f64,
    log_volume: f64,
    /// `v = speed v_q - pull x`, `R/p = rate (R/p)_q - offset`.
    speed: f64,
    pull: f64,
    rate: f64,
    offset: f64,
}

impl Place {
    fn at_rest(t: f64) -> Place {
        Place { clock: t, widen: 1.0, log_volume: 0.0, speed: 1.0, pull: 0.0, rate: 1.0, offset: 0.0 }
    }

    fn new(clock: f64, stretch: f64, rate: f64, pull: f64, offset: f64, decay: f64) -> Place {
        let log_volume = N as f64 * stretch - decay;
        Place { clock, widen: stretch.exp(), log_volume, speed: rate * (-stretch).exp(), pull, rate, offset }
    }

    /// The same with all lengths of the frame shortened alike, so that x is widened by `widest` at most: where points that stay where
    /// they are lie at the origin to rounding. A Gaussian's clock runs as the square of a length.
    fn within(self, widest: f64) -> Place {
        if !LAW_IS_GAUSSIAN || self.widen <= widest {
            return self;
        }
        let factor = widest / self.widen;
        Place {
            clock: self.clock * factor * factor,
            widen: widest,
            log_volume: self.log_volume + N as f64 * factor.ln(),
            speed: self.speed * factor,
            ..self
        }
    }
}

/// The integral of `t^n` from 0.
fn power_integral(n: f64, t: f64) -> f64 {
    t.powf(n + 1.0) / (n + 1.0)
}

/// The integral of `exp(a t)` from 0.
fn exponential_integral(a: f64, t: f64) -> f64 {
    if a == 0.0 { t } else { (a * t).exp_m1() / a }
}

/// The axes that have names.
const AXES: usize = if N < 3 { N } else { 3 };

/// A diffusion tensor `A = mean L L^T` and what it does to velocities, `B L^-T`; alike along every axis without a name.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// L, lower triangular.
    root: [[f64; AXES]; AXES],
    velocity: [[f64; AXES]; AXES],
    base: (f64, f64),
    log_determinant: f64,
}

impl Shape {
    /// The unit tensor.
    const ROUND: Shape =
        Shape { root: [[0.0; AXES]; AXES], velocity: [[0.0; AXES]; AXES], base: (1.0, 1.0), log_determinant: 0.0 };

    /// Of A, and of the flux `-B grad(p)`; NaN where A is not positive definite.
    fn new(a: [[f64; AXES]; AXES], b: [[f64; AXES]; AXES], base: (f64, f64), mean: f64) -> Shape {
        let mut shape = Shape::ROUND;
        for i in 0..AXES {
            for j in 0..i + 1 {
                let mut rest = a[i][j] / mean;
                for k in 0..j {
                    rest -= shape.root[i][k] * shape.root[j][k];
                }
                shape.root[i][j] = if i == j { rest.sqrt() } else { rest / shape.root[j][j] };
            }
            shape.log_determinant += shape.root[i][i].ln();
        }
        // Row i of V solves V_i L^T = B_i.
        for i in 0..AXES {
            for j in 0..AXES {
                let mut rest = b[i][j] / mean;
                for k in 0..j {
                    rest -= shape.velocity[i][k] * shape.root[j][k];
                }
                shape.velocity[i][j] = rest / shape.root[j][j];
            }
        }
        if N > AXES {
            let root = (base.0 / mean).sqrt();
            shape.base = (root, base.1 / mean / root);
            shape.log_determinant += (N - AXES) as f64 * root.ln();
        }
        shape
    }

    /// `L^-1 x`.
    #[inline(always)]
    fn contract(&self, x: &mut [f64; N]) {
        if HAS_SHAPE {
            for i in 0..AXES {
                for j in 0..i {
                    x[i] -= self.root[i][j] * x[j];
                }
                x[i] /= self.root[i][i];
            }
            for d in AXES..N {
                x[d] /= self.base.0;
            }
        }
    }

    /// `B L^-T v`.
    #[inline(always)]
    fn turn(&self, v: &mut [f64; N]) {
        if HAS_SHAPE {
            let old = *v;
            for i in 0..AXES {
                v[i] = 0.0;
                for j in 0..AXES {
                    v[i] += self.velocity[i][j] * old[j];
                }
            }
            for d in AXES..N {
                v[d] *= self.base.1;
            }
        }
    }
}
