//! How fast each wave number decays, and the length that follows from it.

use crate::model::ModelError;
use genphys_compiler::Analysis;
use genphys_compiler::dispersion::Dispersion;
use num_complex::Complex64;
use std::collections::BTreeMap;

/// Modes weaker than `exp(-40)` of the mean are left out.
const NEGLIGIBLE: f64 = 40.0;

/// The largest wave number tried.
const LARGEST: f64 = 1e6;

/// The selected branch of an isotropic equation whose parameters are numbers.
#[derive(Clone, Debug)]
pub struct Modes {
    relation: Dispersion,
}

impl Modes {
    /// The modes of an analysis without open parameters.
    ///
    /// # Errors
    /// [`ModelError::NoTransform`] for an equation without a dispersion relation, or one in which more than `|k|` matters.
    pub fn new(analysis: &Analysis) -> Result<Modes, ModelError> {
        let none = |why: &str| Err(ModelError::NoTransform { why: why.to_owned() });
        match &analysis.dispersion {
            Err(undecided) => none(&undecided.why),
            Ok(relation) if relation.drift.is_some() => none("it moves with a drift; take the equation without it"),
            Ok(relation) if relation.depends_on_direction() => {
                none("it depends on the direction, not on the distance alone")
            }
            Ok(relation) => Ok(Modes { relation: relation.clone() }),
        }
    }

    /// The dispersion relation.
    pub fn relation(&self) -> &Dispersion {
        &self.relation
    }

    /// `lambda(k)` of the selected branch, per time; none where there is none or it is not finite.
    pub fn lambda(&self, k: f64) -> Option<Complex64> {
        let omega = self.relation.evaluate(k, &BTreeMap::new()).ok()?;
        Some(Complex64::i() * omega.get(self.relation.selected?)?)
    }

    /// The excess of the decay at k over that of the mean, per time.
    pub fn decay(&self, k: f64) -> Option<f64> {
        Some(self.lambda(k)?.re - self.lambda(0.0)?.re)
    }

    /// The time at which the mode k has decayed to 1/e, or 1 when it does not decay.
    pub fn decay_time(&self, k: f64) -> f64 {
        self.decay(k).filter(|rate| *rate > 1e-3).map_or(1.0, f64::recip)
    }

    /// The length `1/k` of the modes that have just decayed to 1/e at time t.
    pub fn length(&self, t: f64) -> f64 {
        let (mut low, mut high) = (1e-4_f64, 1e4_f64);
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            if self.decay(middle).is_some_and(|rate| rate * t < 1.0) { low = middle } else { high = middle }
        }
        high.recip()
    }

    /// The wave number beyond which no mode matters at time t; none when short waves do not decay.
    pub(super) fn end(&self, t: f64) -> Option<f64> {
        let mut end = 0.5 / self.length(t);
        while self.decay(end).is_some_and(|rate| rate * t < NEGLIGIBLE) {
            end *= 1.25;
            if end > LARGEST {
                return None;
            }
        }
        Some(end)
    }
}
