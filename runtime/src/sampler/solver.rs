//! One step of an explicit Runge-Kutta method for a whole population.
//!
//! In:    a [`DensityField`], a [`Tableau`], a span `[t0, t1]` with `t1 < t0`, points and log weights at `t0`.
//! Out:   [`Attempt`]: points and log weights at `t1`, and the embedded error estimate if there is one.
//! Holds: `dx/dt = v`, `d(log w)/dt = R/p`, in the variable `u` of [`StepVariable`]; each particle's arithmetic is its
//!        own, and the one number they share, the error, is a maximum: so neither threads nor order can change a bit.
//! Source: GenPhys (arXiv:2304.02637), Algorithm 1; Hairer, Norsett & Wanner I, Sec. II.4, for the error norm.

use ndarray::{Array2, Axis, Zip};

use super::schedule::{StepVariable, Tolerances};
use super::tableau::Tableau;
use crate::density::{DensityField, Evaluation, FieldError, check_evaluation};

/// Where an attempted step leads.
#[derive(Debug)]
pub(super) struct Attempt {
    pub points: Array2<f64>,
    pub log_weights: Vec<f64>,
    /// The length of the step in the step variable; negative, as time runs backward.
    h: f64,
}

/// The stages of a method, and the field they are taken from.
pub(super) struct Integrator<'a> {
    field: &'a dyn DensityField,
    tableau: &'static Tableau,
    variable: StepVariable,
    /// The field at each stage, and `dt/du` there.
    stages: Vec<Evaluation>,
    rates: Vec<f64>,
    /// Whether stage 0 holds the field at the present time and points.
    fresh: bool,
    /// Field evaluations of the whole population so far.
    pub evaluations: u64,
}

impl<'a> Integrator<'a> {
    pub fn new(field: &'a dyn DensityField, tableau: &'static Tableau, variable: StepVariable) -> Integrator<'a> {
        let empty = Evaluation::new(0, field.dim());
        let stages = vec![empty; tableau.stages()];
        let rates = vec![0.0; tableau.stages()];
        Integrator { field, tableau, variable, stages, rates, fresh: false, evaluations: 0 }
    }

    /// The field at the present time and points.
    pub fn here(&mut self, t: f64, points: &Array2<f64>) -> Result<&Evaluation, FieldError> {
        if !self.fresh {
            self.evaluate(0, t, points)?;
            self.fresh = true;
        }
        Ok(&self.stages[0])
    }

    /// Steps from `t0` to `t1`; the present state is left as it is.
    pub fn attempt(
        &mut self,
        (t0, t1): (f64, f64),
        points: &Array2<f64>,
        log_weights: &[f64],
    ) -> Result<Attempt, FieldError> {
        let u0 = self.variable.of_time(t0);
        let h = self.variable.of_time(t1) - u0;
        self.here(t0, points)?;
        for i in 1..self.tableau.stages() {
            // The ends are met exactly, whatever the round trip through the step variable does.
            let c = self.tableau.c[i];
            let t = if c == 1.0 { t1 } else { self.variable.to_time(u0 + c * h) };
            let mut at = points.clone();
            self.add_stages(h, self.tableau.a[i], &mut at);
            self.evaluate(i, t, &at)?;
        }
        let (mut points, mut log_weights) = (points.clone(), log_weights.to_vec());
        self.add_stages(h, self.tableau.b, &mut points);
        if self.field.branches() {
            self.add_branching(h, self.tableau.b, &mut log_weights);
        }
        Ok(Attempt { points, log_weights, h })
    }

    /// The error of an attempt, 1 being what the tolerances allow; 0 for a method without an estimate.
    ///
    /// The maximum over particles of the root mean square over coordinates, and of the error of the log weight.
    pub fn error(&self, attempt: &Attempt, points: &Array2<f64>, tolerances: &Tolerances) -> f64 {
        let Some(weights) = self.tableau.b_err else { return 0.0 };
        let mut defect = Array2::zeros(points.raw_dim());
        self.add_stages(attempt.h, weights, &mut defect);
        let mut log_defect = vec![0.0; points.nrows()];
        if self.field.branches() {
            self.add_branching(attempt.h, weights, &mut log_defect);
        }
        let Tolerances { atol, rtol, .. } = *tolerances;
        Zip::from(&mut defect).and(points).and(&attempt.points).par_for_each(|defect, before, after| {
            *defect /= atol + rtol * before.abs().max(after.abs());
        });
        let rows = defect.axis_iter(Axis(0)).zip(&log_defect);
        rows.map(|(row, log_defect)| {
            let rms = (row.dot(&row) / row.len().max(1) as f64).sqrt();
            worst(rms, log_defect.abs() / rtol)
        })
        .fold(0.0, worst)
    }

    /// The points at time `t` within the step that an attempt makes from `points` at `t0`, by the dense output.
    ///
    /// To be asked before [`Integrator::accept`], while the stages are those of the attempt.
    pub fn between(&self, (t0, t): (f64, f64), attempt: &Attempt, points: &Array2<f64>) -> Array2<f64> {
        let theta = (self.variable.of_time(t) - self.variable.of_time(t0)) / attempt.h;
        let mut at = points.clone();
        self.add_stages(attempt.h, &self.tableau.dense_weights(theta), &mut at);
        at
    }

    /// Makes the attempt's end the present: the last stage may serve as the next step's first.
    pub fn accept(&mut self) {
        self.fresh = self.tableau.first_same_as_last();
        if self.fresh {
            let last = self.stages.len() - 1;
            self.stages.swap(0, last);
            self.rates.swap(0, last);
        }
    }

    /// Follows a resampling: slot `i` now continues particle `ancestors[i]`.
    pub fn permute(&mut self, ancestors: &[usize]) {
        if self.fresh {
            let here = &mut self.stages[0];
            here.log_p = ancestors.iter().map(|&i| here.log_p[i]).collect();
            here.r_over_p = ancestors.iter().map(|&i| here.r_over_p[i]).collect();
            here.v = here.v.select(Axis(0), ancestors);
        }
    }

    fn evaluate(&mut self, stage: usize, t: f64, points: &Array2<f64>) -> Result<(), FieldError> {
        let out = &mut self.stages[stage];
        out.resize(points.nrows(), points.ncols());
        self.field.evaluate(t, points.view(), out)?;
        check_evaluation(t, out)?;
        self.rates[stage] = self.variable.rate(t);
        self.evaluations += 1;
        Ok(())
    }

    /// `x += h sum_j weights_j (dt/du)_j v_j`.
    fn add_stages(&self, h: f64, weights: &[f64], x: &mut Array2<f64>) {
        for ((weight, rate), stage) in weights.iter().zip(&self.rates).zip(&self.stages) {
            let factor = h * weight * rate;
            if factor != 0.0 {
                Zip::from(&mut *x).and(&stage.v).par_for_each(|x, v| *x += factor * v);
            }
        }
    }

    /// `log w += h sum_j weights_j (dt/du)_j (R/p)_j`.
    fn add_branching(&self, h: f64, weights: &[f64], log_weights: &mut [f64]) {
        for ((weight, rate), stage) in weights.iter().zip(&self.rates).zip(&self.stages) {
            let factor = h * weight * rate;
            if factor != 0.0 {
                log_weights.iter_mut().zip(&stage.r_over_p).for_each(|(log_w, r_over_p)| *log_w += factor * r_over_p);
            }
        }
    }
}

/// The larger error; not-a-number is the largest of all, so that it cannot pass for a small one.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
