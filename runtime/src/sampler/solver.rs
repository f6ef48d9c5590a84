//! One step of an explicit Runge-Kutta method for a whole population.
//!
//! In:    a [`DensityField`], a [`Tableau`], a span `[t0, t1]` with `t1 < t0`, points and log weights at `t0`.
//! Out:   [`Attempt`]: points and log weights at `t1`, and the embedded error estimate if there is one.
//! Holds: `dx/dt = v`, `d(log w)/dt = R/p`, in the variable `u` of [`StepVariable`]; each particle's arithmetic is its
//!        own, and the one number they share, the error, is a maximum: so neither threads nor order can change a bit.
//! Source: GenPhys (arXiv:2304.02637), Algorithm 1; Hairer, Norsett & Wanner I, Sec. II.4, for the error norm.

use ndarray::{Array2, Axis};

use super::schedule::{StepVariable, Tolerances};
use super::tableau::Tableau;
use crate::density::{DensityField, Evaluation, FieldError, StepField, StepPlan, Stepped, check_evaluation};

/// Where an attempted step leads.
#[derive(Debug)]
pub(super) struct Attempt {
    pub points: Array2<f64>,
    pub log_weights: Vec<f64>,
    /// The length of the step in the step variable; negative, as time runs backward.
    h: f64,
    /// The error estimates of points and log weights.
    error: Array2<f64>,
    log_error: Vec<f64>,
}

/// The stages of a method, and the field they are taken from.
pub(super) struct Integrator<'a> {
    field: &'a dyn DensityField,
    /// The same field where it has code for whole steps.
    stepper: Option<&'a dyn StepField>,
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
        Integrator { field, stepper: field.stepper(), tableau, variable, stages, rates, fresh: false, evaluations: 0 }
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
        let h = self.length((t0, t1));
        let plan = self.plan((t0, t1));
        let stepped = match self.at_once(&plan, points, log_weights) {
            Some(stepped) => stepped,
            None => self.stage_by_stage(&plan, points, log_weights)?,
        };
        let Stepped { points, log_weights, error, log_error } = stepped;
        Ok(Attempt { points, log_weights, h, error, log_error })
    }

    /// The times of the stages of a step from `t0` to `t1`.
    pub fn times(&self, (t0, t1): (f64, f64)) -> Vec<f64> {
        let (u0, h) = (self.variable.of_time(t0), self.length((t0, t1)));
        // The ends are met exactly, whatever the round trip through the step variable does.
        let time = |c: &f64| match *c {
            0.0 => t0,
            1.0 => t1,
            c => self.variable.to_time(u0 + c * h),
        };
        self.tableau.c.iter().map(time).collect()
    }

    /// The times of the stages, and the tableau times `h dt/du`.
    pub fn plan(&mut self, span: (f64, f64)) -> StepPlan {
        let Tableau { a, b, b_err, .. } = self.tableau;
        let (h, times) = (self.length(span), self.times(span));
        self.rates = times.iter().map(|t| self.variable.rate(*t)).collect();
        let stages = times.len();
        let rows = a.iter().copied().chain([*b, b_err.unwrap_or(&[])]);
        let mut combinations = Array2::zeros((stages + 2, stages));
        for (mut row, weights) in combinations.rows_mut().into_iter().zip(rows) {
            let factors = weights.iter().zip(&self.rates).map(|(weight, rate)| h * weight * rate);
            row.iter_mut().zip(factors).for_each(|(entry, factor)| *entry = factor);
        }
        StepPlan { times, combinations, first: usize::from(self.fresh) }
    }

    /// The whole step in one call.
    fn at_once(&mut self, plan: &StepPlan, points: &Array2<f64>, log_weights: &[f64]) -> Option<Stepped> {
        let stepped = self.stepper?.step(plan, points.view(), log_weights, &mut self.stages)?;
        self.evaluations += (plan.times.len() - plan.first) as u64;
        self.fresh = true;
        Some(stepped)
    }

    fn stage_by_stage(
        &mut self,
        plan: &StepPlan,
        points: &Array2<f64>,
        log_weights: &[f64],
    ) -> Result<Stepped, FieldError> {
        self.here(plan.times[0], points)?;
        for (i, t) in plan.times.iter().enumerate().skip(1) {
            let mut at = points.clone();
            plan.add(i, &self.stages, &mut at);
            self.evaluate(i, *t, &at)?;
        }
        let last = plan.times.len();
        let (mut end, mut error) = (points.clone(), Array2::zeros(points.raw_dim()));
        plan.add(last, &self.stages, &mut end);
        plan.add(last + 1, &self.stages, &mut error);
        let births = |row: usize, start: &[f64]| -> Vec<f64> {
            if !self.field.branches() {
                return start.to_vec();
            }
            start.iter().enumerate().map(|(i, start)| plan.add_births(row, &self.stages, i, *start)).collect()
        };
        let (log_weights, log_error) = (births(last, log_weights), births(last + 1, &vec![0.0; log_weights.len()]));
        Ok(Stepped { points: end, log_weights, error, log_error })
    }

    /// The error of an attempt, 1 being what the tolerances allow; 0 for a method without an estimate.
    ///
    /// The maximum over particles of the root mean square over coordinates, and of the error of the log weight.
    pub fn error(&self, attempt: &Attempt, points: &Array2<f64>, tolerances: &Tolerances) -> f64 {
        if self.tableau.b_err.is_none() {
            return 0.0;
        }
        let Tolerances { atol, rtol, .. } = *tolerances;
        let mut defect = attempt.error.clone();
        ndarray::Zip::from(&mut defect).and(points).and(&attempt.points).par_for_each(|defect, before, after| {
            *defect /= atol + rtol * before.abs().max(after.abs());
        });
        let rows = defect.axis_iter(Axis(0)).zip(&attempt.log_error);
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
        for ((weight, rate), stage) in self.tableau.dense_weights(theta).iter().zip(&self.rates).zip(&self.stages) {
            at.scaled_add(attempt.h * weight * rate, &stage.v);
        }
        at
    }

    /// Makes the attempt's end the present: the last stage may serve as the next step's first.
    pub fn accept(&mut self) {
        self.fresh = self.tableau.first_same_as_last();
        if self.fresh {
            let last = self.stages.len() - 1;
            self.stages.swap(0, last);
        }
    }

    /// The length of a step in the step variable; negative, as time runs backward.
    fn length(&self, (t0, t1): (f64, f64)) -> f64 {
        self.variable.of_time(t1) - self.variable.of_time(t0)
    }

    /// Hears that particles have been moved by others: no stage is that of the present time.
    pub fn forget(&mut self) {
        self.fresh = false;
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
        self.evaluations += 1;
        Ok(())
    }
}

/// The larger error; not-a-number is the largest of all, so that it cannot pass for a small one.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
