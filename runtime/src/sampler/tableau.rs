//! Explicit Runge-Kutta methods, as data.
//!
//! In:    nothing: these are constants.
//! Out:   [`Tableau`]: nodes `c`, stage weights `a`, solution weights `b`, error weights `b_err`, dense output `dense`.
//! Holds: `b` meets every order condition up to `order` and not beyond, `b - b_err` those up to `embedded_order`, the
//!        dense output those up to `dense_order` at every part of the step; each constant in [`TABLEAUX`] is tested for
//!        that and for its measured convergence rate.

/// An explicit Runge-Kutta method: stage `i` is taken at `u + c_i h` from `y + h sum_{j < i} a_ij k_j`, and the step
/// ends at `y + h sum_i b_i k_i`.
#[derive(Debug, PartialEq)]
pub struct Tableau {
    /// The name used on command lines and in reports.
    pub name: &'static str,
    /// Nodes, one per stage; the first is 0.
    pub c: &'static [f64],
    /// Stage weights; row `i` has `i` entries.
    pub a: &'static [&'static [f64]],
    /// Weights of the solution.
    pub b: &'static [f64],
    /// Weights of the error estimate, `b - b_embedded`, where the method has an embedded one.
    pub b_err: Option<&'static [f64]>,
    /// The polynomials of the dense output, one row per stage: a part `theta` into the step the solution is
    /// `y + h sum_i b_i(theta) k_i`, `b_i(theta) = sum_p dense[i][p] theta^(p+1)`. It costs no further stage.
    pub dense: &'static [&'static [f64]],
    /// Order of the solution.
    pub order: u32,
    /// Order of the embedded solution; 0 without one.
    pub embedded_order: u32,
    /// Order of the dense output: its error within one step is of the next power of the step.
    pub dense_order: u32,
}

impl Tableau {
    /// The method of this name among [`TABLEAUX`].
    pub fn by_name(name: &str) -> Option<&'static Tableau> {
        TABLEAUX.iter().copied().find(|tableau| tableau.name == name)
    }

    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.b.len()
    }

    /// The weights of the stages a part `theta` (0 to 1) into the step.
    pub fn dense_weights(&self, theta: f64) -> Vec<f64> {
        self.dense.iter().map(|row| row.iter().rev().fold(0.0, |sum, c| theta * (sum + c))).collect()
    }

    /// Whether the last stage of a step is the first stage of the next ("first same as last").
    pub fn first_same_as_last(&self) -> bool {
        let (last, weights) = (self.stages() - 1, &self.b[..self.stages() - 1]);
        last > 0 && self.c[last] == 1.0 && self.b[last] == 0.0 && self.a[last] == weights
    }
}

/// Every method, in ascending order.
pub const TABLEAUX: [&Tableau; 5] = [&EULER, &HEUN, &RK4, &DOPRI5, &TSIT5];

/// Euler's method. Order 1; dense output: the straight line.
pub const EULER: Tableau = Tableau {
    name: "euler",
    c: &[0.],
    a: &[&[]],
    b: &[1.],
    b_err: None,
    dense: &[&[1.]],
    order: 1,
    embedded_order: 0,
    dense_order: 1,
};

/// Heun's method (explicit trapezoid). Order 2, embedded Euler. Source: Hairer, Norsett & Wanner I, Sec. II.1.
pub const HEUN: Tableau = Tableau {
    name: "heun",
    c: &[0., 1.],
    a: &[&[], &[1.]],
    b: &[0.5, 0.5],
    b_err: Some(&[-0.5, 0.5]),
    dense: &[&[1., -0.5], &[0., 0.5]],
    order: 2,
    embedded_order: 1,
    dense_order: 2,
};

/// The classical method of Runge and Kutta. Order 4, dense output of order 3.
/// Source: Hairer, Norsett & Wanner I, Table 1.2 and Sec. II.6.
pub const RK4: Tableau = Tableau {
    name: "rk4",
    c: &[0., 0.5, 0.5, 1.],
    a: &[&[], &[0.5], &[0., 0.5], &[0., 0., 1.]],
    b: &[1. / 6., 1. / 3., 1. / 3., 1. / 6.],
    b_err: None,
    dense: &[&[1., -3. / 2., 2. / 3.], &[0., 1., -2. / 3.], &[0., 1., -2. / 3.], &[0., -0.5, 2. / 3.]],
    order: 4,
    embedded_order: 0,
    dense_order: 3,
};

/// Dormand and Prince, order 5 with an embedded method of order 4; the last stage is the next step's first.
/// Source: Dormand & Prince, J. Comput. Appl. Math. 6 (1980); Hairer, Norsett & Wanner I, Table 5.2; the dense output of
/// order 4 is that of Shampine, Math. Comp. 46 (1986), with the free parameter that makes it smooth across steps.
pub const DOPRI5: Tableau = Tableau {
    name: "dopri5",
    c: &[0., 1. / 5., 3. / 10., 4. / 5., 8. / 9., 1., 1.],
    a: &[
        &[],
        &[1. / 5.],
        &[3. / 40., 9. / 40.],
        &[44. / 45., -56. / 15., 32. / 9.],
        &[19372. / 6561., -25360. / 2187., 64448. / 6561., -212. / 729.],
        &[9017. / 3168., -355. / 33., 46732. / 5247., 49. / 176., -5103. / 18656.],
        &[35. / 384., 0., 500. / 1113., 125. / 192., -2187. / 6784., 11. / 84.],
    ],
    b: &[35. / 384., 0., 500. / 1113., 125. / 192., -2187. / 6784., 11. / 84., 0.],
    b_err: Some(&[71. / 57600., 0., -71. / 16695., 71. / 1920., -17253. / 339200., 22. / 525., -1. / 40.]),
    dense: &[
        &[1., -8048581381. / 2820520608., 8663915743. / 2820520608., -12715105075. / 11282082432.],
        &[],
        &[0., 131558114200. / 32700410799., -68118460800. / 10900136933., 87487479700. / 32700410799.],
        &[0., -1754552775. / 470086768., 14199869525. / 1410260304., -10690763975. / 1880347072.],
        &[0., 127303824393. / 49829197408., -318862633887. / 49829197408., 701980252875. / 199316789632.],
        &[0., -282668133. / 205662961., 2019193451. / 616988883., -1453857185. / 822651844.],
        &[0., 40617522. / 29380423., -110615467. / 29380423., 69997945. / 29380423.],
    ],
    order: 5,
    embedded_order: 4,
    dense_order: 4,
};

/// Tsitouras, order 5 with an embedded method of order 4: smaller error constants than [`DOPRI5`] at the same cost; the
/// last stage is the next step's first. Source: Tsitouras, Comput. Math. Appl. 62 (2011), with his dense output of
/// order 4; the constants are decimals in the paper too.
pub const TSIT5: Tableau = Tableau {
    name: "tsit5",
    c: &[0., 0.161, 0.327, 0.9, 0.980_025_540_904_509_7, 1., 1.],
    a: &[
        &[],
        &[0.161],
        &[-0.008_480_655_492_356_989, 0.335_480_655_492_357],
        &[2.897_153_057_105_493_5, -6.359_448_489_975_075, 4.362_295_432_869_581_5],
        &[5.325_864_828_439_257, -11.748_883_564_062_828, 7.495_539_342_889_836_5, -0.092_495_066_361_755_25],
        &[
            5.861_455_442_946_42,
            -12.920_969_317_847_11,
            8.159_367_898_576_159,
            -0.071_584_973_281_401,
            -0.028_269_050_394_068_383,
        ],
        &[
            0.096_460_766_818_065_23,
            0.01,
            0.479_889_650_414_499_6,
            1.379_008_574_103_742,
            -3.290_069_515_436_081,
            2.324_710_524_099_774,
        ],
    ],
    b: &[
        0.096_460_766_818_065_23,
        0.01,
        0.479_889_650_414_499_6,
        1.379_008_574_103_742,
        -3.290_069_515_436_081,
        2.324_710_524_099_774,
        0.,
    ],
    b_err: Some(&[
        0.001_780_011_052_225_777,
        0.000_816_434_459_656_746_9,
        -0.007_880_878_010_261_995,
        0.144_711_007_173_262_9,
        -0.582_357_165_452_555_2,
        0.458_082_105_929_186_97,
        -1. / 66.,
    ]),
    dense: &[
        &[1., -2.763_706_197_274_826, 2.913_255_461_821_912_6, -1.053_088_497_729_021_6],
        &[0., 0.1317, -0.2234, 0.1017],
        &[0., 3.930_296_236_894_751_6, -5.941_033_872_131_505, 2.490_627_285_651_253],
        &[0., -12.411_077_166_933_676, 30.338_188_630_282_32, -16.548_102_889_244_902],
        &[0., 37.509_313_416_511_04, -88.178_904_894_766_4, 47.379_521_962_819_28],
        &[0., -27.896_526_289_197_286, 65.091_894_674_793_66, -34.870_657_861_496_61],
        &[0., 1.5, -4., 2.5],
    ],
    order: 5,
    embedded_order: 4,
    dense_order: 4,
};

#[cfg(test)]
mod tests;
