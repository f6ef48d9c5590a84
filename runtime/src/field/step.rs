//! Whole solver steps of a field in compiled code.
//!
//! In:   a [`StepPlan`] and particles.
//! Out:  [`Stepped`] and the field at every stage.
//! Holds: a particle whose sums leave the range of linear weights is taken through the step again by
//!   [`DensityField::evaluate`], so that every number is what that would give.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::{Engine, Field, ROWS_PER_TASK};
use crate::cpu::{CompiledStep, GuardedReduce, Sources, StageConstants};
use crate::density::{DensityField, Evaluation, StepField, StepPlan, Stepped, check_evaluation, check_queries};

impl Field {
    /// The code, where the field is a reduction of linear weights in a frame that stretches x alike in all directions.
    pub(super) fn compiled_step(&self) -> Option<(&GuardedReduce, &Sources, &CompiledStep)> {
        let is_plain = match self.program.bound().frame() {
            Some(frame) => frame.is_centered(),
            None => self.displacement_rate(1.0).is_some(),
        };
        match &self.engine {
            Engine::Guarded(engine, sources) if is_plain => engine.step().map(|step| (engine, sources, step)),
            Engine::Guarded(..) | Engine::Log(..) | Engine::Lookup(_) | Engine::Blocked(..) => None,
            #[cfg(feature = "cuda")]
            Engine::Gpu(..) => None,
        }
    }

    /// What the frame makes of the field at time `t`: as `evaluate_in` and `evaluate_at_rest`.
    fn stage_constants(&self, t: f64) -> StageConstants {
        let births = self.program.constant_births();
        let at_rest = |t: f64| StageConstants {
            uniforms: self.program.linear_uniforms(t),
            stretch: 1.0,
            scale: 1.0,
            pull: 0.0,
            rate: if births.is_some() { 0.0 } else { 1.0 },
            offset: births.unwrap_or(0.0),
        };
        let Some(frame) = self.program.bound().frame() else { return at_rest(t) };
        let (stretch, rate) = (frame.stretch(t), frame.rate(t));
        StageConstants {
            uniforms: self.program.linear_uniforms(frame.clock(t)),
            stretch: stretch.exp(),
            scale: rate * (-stretch).exp(),
            pull: frame.pull(t),
            rate: if births.is_some() { 0.0 } else { rate },
            offset: births.map_or(0.0, |births| rate * births) - frame.offset(t),
        }
    }

    /// `log p` from sums of linear weights at time `t`; none where such a sum is out of range.
    fn log_p(&self, (engine, sources): (&GuardedReduce, &Sources), t: f64) -> impl Fn(f64) -> Option<f64> {
        let frame = self.program.bound().frame();
        let clock = frame.map_or(t, |frame| frame.clock(t));
        let log_sum = engine.log_sums(self.uniforms(clock).log_scale, sources);
        let log_norm = self.program.log_norm(clock);
        let log_volume = frame.map_or(0.0, |frame| self.dim() as f64 * frame.stretch(t) - frame.decay(t));
        move |sum| log_sum(sum).map(|log_sum| log_sum + log_norm + log_volume)
    }
}

impl StepField for Field {
    fn step(
        &self,
        plan: &StepPlan,
        x: ArrayView2<f64>,
        log_weights: &[f64],
        stages: &mut [Evaluation],
    ) -> Option<Stepped> {
        let (engine, sources, code) = self.compiled_step()?;
        let StepPlan { times, combinations, first } = plan;
        times.iter().try_for_each(|t| check_queries(self.dim(), *t, x)).ok()?;
        let constants: Vec<StageConstants> = times.iter().map(|t| self.stage_constants(*t)).collect();
        let weights = combinations.iter().copied().collect();
        let program = code.prepare(&constants, &self.center.to_vec(), weights, *first).ok()?;
        let mut taken = Taken::new(self.dim(), x, stages, *first, code.sizes(times.len()));
        let done = |((values, out), (x, log_weights))| code.run(&program, sources, x, log_weights, values, out).ok();
        taken.chunks(x.as_standard_layout().as_slice()?, log_weights).map(done).collect::<Option<()>>()?;
        let mut lost = vec![false; x.nrows()];
        for (i, stage) in stages.iter_mut().enumerate().skip(*first) {
            taken.read(i, stage, &mut lost, self.log_p((engine, sources), times[i]));
        }
        let mut stepped = taken.stepped();
        let lost: Vec<usize> = (0..lost.len()).filter(|row| lost[*row]).collect();
        if !lost.is_empty() {
            self.repeat(plan, (x, log_weights), &lost, stages, &mut stepped)?;
        }
        let checks = times.iter().zip(&*stages).skip(*first).try_for_each(|(t, stage)| check_evaluation(*t, stage));
        checks.ok().map(|()| stepped)
    }
}

impl Field {
    /// Takes some particles through the step stage by stage.
    fn repeat(
        &self,
        plan: &StepPlan,
        (x, log_weights): (ArrayView2<f64>, &[f64]),
        rows: &[usize],
        stages: &mut [Evaluation],
        stepped: &mut Stepped,
    ) -> Option<()> {
        let x = x.select(Axis(0), rows);
        let mut few: Vec<Evaluation> = stages.iter().map(|stage| select(stage, rows)).collect();
        for i in plan.first..plan.times.len() {
            let mut at = x.clone();
            plan.add(i, &few[..i], &mut at);
            self.evaluate(plan.times[i], at.view(), &mut few[i]).ok()?;
        }
        let last = plan.times.len();
        let (mut end, mut error) = (x.clone(), Array2::zeros(x.raw_dim()));
        plan.add(last, &few, &mut end);
        plan.add(last + 1, &few, &mut error);
        for (k, row) in rows.iter().copied().enumerate() {
            stages.iter_mut().zip(&few).for_each(|(stage, few)| {
                stage.log_p[row] = few.log_p[k];
                stage.r_over_p[row] = few.r_over_p[k];
                stage.v.row_mut(row).assign(&few.v.row(k));
            });
            stepped.points.row_mut(row).assign(&end.row(k));
            stepped.error.row_mut(row).assign(&error.row(k));
            stepped.log_weights[row] = plan.add_births(last, stages, row, log_weights[row]);
            stepped.log_error[row] = plan.add_births(last + 1, stages, row, 0.0);
        }
        Some(())
    }
}

fn select(stage: &Evaluation, rows: &[usize]) -> Evaluation {
    let pick = |all: &[f64]| rows.iter().map(|row| all.get(*row).copied().unwrap_or(0.0)).collect();
    Evaluation {
        log_p: pick(&stage.log_p),
        r_over_p: pick(&stage.r_over_p),
        v: Array2::from_shape_fn((rows.len(), stage.v.ncols()), |(k, d)| {
            stage.v.get((rows[k], d)).copied().unwrap_or(0.0)
        }),
    }
}

/// What the code reads and writes, `[M]` particles.
struct Taken {
    dim: usize,
    /// `[M][S][N + 2]`.
    values: Vec<f64>,
    /// `[M][2][N + 1]`.
    out: Vec<f64>,
    /// The sizes of one particle in both.
    sizes: (usize, usize),
}

impl Taken {
    /// Buffers that hold the stages before the first.
    fn new(dim: usize, x: ArrayView2<f64>, stages: &[Evaluation], first: usize, sizes: (usize, usize)) -> Taken {
        let rows = x.nrows();
        let mut values = vec![0.0; rows * sizes.0];
        for (row, values) in values.chunks_exact_mut(sizes.0).enumerate() {
            for (stage, values) in stages.iter().take(first).zip(values.chunks_exact_mut(dim + 2)) {
                values.iter_mut().zip(stage.v.row(row)).for_each(|(value, v)| *value = *v);
                values[dim] = stage.r_over_p[row];
            }
        }
        Taken { dim, values, out: vec![0.0; rows * sizes.1], sizes }
    }

    /// Parts of the buffers for parallel threads, each with its particles.
    #[expect(clippy::type_complexity, reason = "four slices of the same particles")]
    fn chunks<'a>(
        &'a mut self,
        x: &'a [f64],
        log_weights: &'a [f64],
    ) -> impl ParallelIterator<Item = ((&'a mut [f64], &'a mut [f64]), (&'a [f64], &'a [f64]))> {
        let (values, out) = self.sizes;
        let buffers =
            self.values.par_chunks_mut(ROWS_PER_TASK * values).zip(self.out.par_chunks_mut(ROWS_PER_TASK * out));
        buffers.zip(x.par_chunks(ROWS_PER_TASK * self.dim).zip(log_weights.par_chunks(ROWS_PER_TASK)))
    }

    /// Writes a stage, and marks the particles whose sums were out of range.
    fn read(&self, index: usize, stage: &mut Evaluation, lost: &mut [bool], log_p: impl Fn(f64) -> Option<f64>) {
        stage.resize(lost.len(), self.dim);
        for (row, values) in self.values.chunks_exact(self.sizes.0).enumerate() {
            let values = &values[index * (self.dim + 2)..][..self.dim + 2];
            let log_p = log_p(values[self.dim + 1]).filter(|_| values.iter().all(|x| x.is_finite()));
            lost[row] |= log_p.is_none();
            stage.log_p[row] = log_p.unwrap_or(0.0);
            stage.r_over_p[row] = values[self.dim];
            stage.v.row_mut(row).iter_mut().zip(values).for_each(|(v, value)| *v = *value);
        }
    }

    fn stepped(&self) -> Stepped {
        let (rows, dim) = (self.out.len() / self.sizes.1.max(1), self.dim);
        let at = |row: usize, part: usize, d: usize| self.out[row * self.sizes.1 + part * (dim + 1) + d];
        Stepped {
            points: Array2::from_shape_fn((rows, dim), |(row, d)| at(row, 0, d)),
            log_weights: (0..rows).map(|row| at(row, 0, dim)).collect(),
            error: Array2::from_shape_fn((rows, dim), |(row, d)| at(row, 1, d)),
            log_error: (0..rows).map(|row| at(row, 1, dim)).collect(),
        }
    }
}
