//! A field on one or several devices, which share the queries of a call.
//!
//! In:   the data, which every device holds as a whole; queries.
//! Out:  the results of all queries, in their order.
//! Holds: a result depends on its query alone, so that it does not show how many devices there were.

use genphys_compiler::green::KernelProgram;
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use super::{Device, DeviceError, DeviceField, name_among};
use crate::cpu::{GuardedUniforms, ReduceOutput};
use crate::split::across;

/// A device takes at least so many queries, if there are so many: fewer do not pay for a launch.
const LEAST_QUERIES: usize = 2048;

/// A field with its data on devices.
#[derive(Debug)]
pub struct SharedField<D: Device>(Vec<OnDevice<D>>);

#[derive(Debug)]
struct OnDevice<D: Device> {
    /// What messages call it; none where it is the only one.
    name: Option<String>,
    field: DeviceField<D>,
}

impl<D: Device> SharedField<D> {
    /// Compiles the kernels and uploads the data to every one of `devices`.
    ///
    /// # Errors
    /// As [`DeviceField::new`], of the first device that fails.
    pub fn new(
        devices: &[D],
        program: &KernelProgram,
        points: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<SharedField<D>, DeviceError> {
        let on = |(index, device): (usize, &D)| {
            let name = name_among(devices, index);
            let field = DeviceField::new(device, program, points, log_weights).map_err(|e| e.on(name.as_deref()))?;
            Ok(OnDevice { name, field })
        };
        devices.iter().enumerate().map(on).collect::<Result<_, _>>().map(SharedField)
    }

    /// That memory ran short, if it did.
    pub fn note(&self) -> Option<String> {
        let note = |on: &OnDevice<D>| {
            let note = on.field.note()?;
            Some(on.name.as_ref().map_or(note.clone(), |name| format!("{name}: {note}")))
        };
        let notes: Vec<String> = self.0.iter().filter_map(note).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    /// Evaluates the field at `queries` `[M, N]`.
    ///
    /// # Errors
    /// As [`DeviceField::run`], of the first device that fails.
    pub fn run(&self, uniforms: &GuardedUniforms, queries: ArrayView2<'_, f64>) -> Result<ReduceOutput, DeviceError> {
        let parts = across(&self.0, queries.nrows(), LEAST_QUERIES, |on, rows| {
            on.field.run(uniforms, queries.slice(s![rows, ..])).map_err(|e| e.on(on.name.as_deref()))
        })?;
        joined(parts)
    }
}

/// Outputs one below the other.
fn joined(parts: Vec<ReduceOutput>) -> Result<ReduceOutput, DeviceError> {
    // A single part, which is what there mostly is, stays where it is.
    let [first, _, ..] = &parts[..] else { return Ok(parts.into_iter().next().unwrap_or_default()) };
    let below = |arrays: Vec<ArrayView2<f64>>| -> Result<Array2<f64>, DeviceError> {
        // The parts are of one kernel, so that their columns agree.
        concatenate(Axis(0), &arrays).map_err(|e| DeviceError::Fault(e.to_string()))
    };
    let displacement = |d: usize| below(parts.iter().map(|part| part.displacements[d].view()).collect());
    Ok(ReduceOutput {
        log_sum: parts.iter().flat_map(|part| part.log_sum.iter().copied()).collect(),
        scalars: below(parts.iter().map(|part| part.scalars.view()).collect())?,
        displacements: (0..first.displacements.len()).map(displacement).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn parts_are_joined_in_their_order() {
        let part = |first: f64, rows: usize| {
            let column = |c: f64| Array2::from_shape_fn((rows, 1), |(i, _)| c * (first + i as f64));
            ReduceOutput {
                log_sum: column(1.0).iter().copied().collect(),
                scalars: column(10.0),
                displacements: vec![column(100.0), column(-1.0)],
            }
        };
        let found = joined(vec![part(0.0, 2), part(2.0, 1)]).expect("equal columns");
        assert_eq!(found.log_sum, [0.0, 1.0, 2.0]);
        assert_eq!(found.scalars, array![[0.0], [10.0], [20.0]]);
        assert_eq!(found.displacements, [array![[0.0], [100.0], [200.0]], array![[0.0], [-1.0], [-2.0]]]);
        assert!(joined(Vec::new()).expect("nothing").log_sum.is_empty());
    }
}
