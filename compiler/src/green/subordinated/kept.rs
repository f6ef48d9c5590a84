//! Results at the last few times.
//!
//! Holds: what belongs to a time is made once, whoever asks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What was computed for the last few times.
#[derive(Debug)]
pub(in crate::green) struct Kept<T>(Mutex<Vec<Slot<T>>>);

/// A time, and what belongs to it once it is made.
type Slot<T> = (u64, Arc<OnceLock<Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(Mutex::new(Vec::new()))
    }
}

impl<T> Kept<T> {
    const ROOM: usize = 256;

    /// Made once, also when several threads ask; those of other times are made beside it.
    pub(in crate::green) fn get(&self, t: f64, make: impl FnOnce() -> T) -> Arc<T> {
        self.slot(t).get_or_init(|| Arc::new(make())).clone()
    }

    fn slot(&self, t: f64) -> Arc<OnceLock<Arc<T>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = kept.iter().find(|(bits, _)| *bits == t.to_bits()) {
            return found.clone();
        }
        if kept.len() >= Self::ROOM {
            kept.remove(0);
        }
        let slot = Arc::default();
        kept.push((t.to_bits(), Arc::clone(&slot)));
        slot
    }
}
