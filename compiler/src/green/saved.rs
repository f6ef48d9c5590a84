//! Fits of tabulated laws as bytes, so that they can outlive the process that made them.
//!
//! In:   a [`Fit`]: the costly part of a table, pieces of polynomials; or bytes of one.
//! Out:  bytes; or the same [`Fit`], bit for bit.
//! Holds: bytes of another length, count or order than a fit has are none; the compiler itself opens no file: a [`TableStore`] keeps them.

use super::ramps::{Column, Ramp};
use std::sync::OnceLock;

/// A place that keeps bytes under a text which says all that they depend on.
///
/// What it returns must be what was saved under the same key: a store on a disk verifies that.
pub trait TableStore: Sync {
    /// What was saved under `key`; none if nothing was, or if it is no longer what it was.
    fn load(&self, key: &str) -> Option<Vec<u8>>;
    /// Keeps `table` under `key`, if that is possible.
    fn save(&self, key: &str, table: &[u8]);
}

/// The costly part of a table at one time: all else is arithmetic on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// `log g` at the source.
    pub(super) log_peak: f64,
    /// `a^2`, a power of two.
    pub(super) scale: f64,
    /// For kernels, whose number of pieces is bounded.
    pub(super) ramps: Vec<Ramp>,
    /// For lookups, the factor on the tolerance, and pieces of their own where those of kernels are too coarse.
    pub(super) factor: f64,
    pub(super) finer: Option<Vec<Ramp>>,
}

/// The most pieces that a fit may have.
const MOST_PIECES: u64 = 4096;

impl Fit {
    /// The bytes of the fit, in words of eight, the least significant byte first.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut words = vec![self.log_peak.to_bits(), self.scale.to_bits(), self.factor.to_bits()];
        write(&mut words, &self.ramps);
        words.push(u64::from(self.finer.is_some()));
        self.finer.iter().for_each(|finer| write(&mut words, finer));
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// The fit of these bytes, whose ramps have `columns` columns of `terms` coefficients; none where they are no such fit.
    pub(super) fn read(bytes: &[u8], columns: usize, terms: usize) -> Option<Fit> {
        let (words, []) = bytes.as_chunks() else { return None };
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut number = || words.next().map(f64::from_bits);
        let (log_peak, scale, factor) = (number()?, number()?, number()?);
        let ramps = ramps(&mut words, columns, terms)?;
        let finer = match words.next()? {
            0 => None,
            1 => Some(self::ramps(&mut words, columns, terms)?),
            _ => return None,
        };
        let is_sound = log_peak.is_finite() && scale > 0.0 && scale.is_finite() && factor >= 1.0;
        (is_sound && words.next().is_none()).then_some(Fit { log_peak, scale, ramps, factor, finer })
    }
}

fn write(words: &mut Vec<u64>, ramps: &[Ramp]) {
    words.push(ramps.len() as u64);
    for ramp in ramps {
        words.extend([ramp.low.to_bits(), ramp.high.to_bits()]);
        words.extend(ramp.columns.iter().flat_map(Column::numbers).map(f64::to_bits));
    }
}

/// Pieces one behind the other, as [`write`] has written them.
fn ramps(words: &mut impl Iterator<Item = u64>, columns: usize, terms: usize) -> Option<Vec<Ramp>> {
    let count = words.next().filter(|count| (1..=MOST_PIECES).contains(count))?;
    let mut ramps = Vec::new();
    for _ in 0..count {
        let mut numbers =
            |count: usize| (0..count).map(|_| words.next().map(f64::from_bits)).collect::<Option<Vec<_>>>();
        let [low, high] = numbers(2)?[..] else { return None };
        let columns =
            (0..columns).map(|_| Column::of(&numbers(Column::numbers_of(terms))?)).collect::<Option<Vec<_>>>()?;
        if !(0.0 <= low && low < high && high.is_finite()) {
            return None;
        }
        ramps.push(Ramp { low, high, columns });
    }
    Some(ramps)
}

/// What tables depend on beside their key: this version of the compiler, and the very text of the files that make them.
pub(super) fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let sources: [&[u8]; 15] = [
            include_bytes!("contour.rs"),
            include_bytes!("flat.rs"),
            include_bytes!("plain/chebyshev.rs"),
            include_bytes!("plain/one_sided.rs"),
            include_bytes!("ramps.rs"),
            include_bytes!("rays.rs"),
            include_bytes!("saved.rs"),
            include_bytes!("subordinated/kept.rs"),
            include_bytes!("subordinated/mixture.rs"),
            include_bytes!("subordinated/mod.rs"),
            include_bytes!("subordinated/quantiles.rs"),
            include_bytes!("subordinated/terms.rs"),
            include_bytes!("symbol.rs"),
            include_bytes!("table.rs"),
            include_bytes!("tabulated.rs"),
        ];
        // FNV-1a: only to tell one text from another.
        let mixed = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let sum = sources.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325, mixed);
        format!("{} {sum:016x}", env!("CARGO_PKG_VERSION"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::green::KernelProgram;
    use crate::green::ramps::nodes;
    use crate::kernel::Precision;
    use crate::operator::Equation;
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const TERMS: usize = 3;

    /// A store in memory, which counts what it has found.
    #[derive(Default)]
    struct Memory {
        kept: Mutex<HashMap<String, Vec<u8>>>,
        found: AtomicUsize,
    }

    impl TableStore for Memory {
        fn load(&self, key: &str) -> Option<Vec<u8>> {
            let kept = self.kept.lock().expect("no panic while locked");
            let found = kept.get(key).cloned();
            self.found.fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
            found
        }

        fn save(&self, key: &str, table: &[u8]) {
            self.kept.lock().expect("no panic while locked").insert(key.to_owned(), table.to_vec());
        }
    }

    /// lambda = sqrt(kappa + kappa^2 + q): flux and births are columns too.
    fn program(q: &str, dim: usize, precision: Precision) -> KernelProgram {
        let text = format!("phi_tt + lap(phi) - lap(lap(phi)) - ({q}) phi = 0");
        let green = Equation::parse(&text).expect("valid text").analyze().green().expect("a kernel").clone();
        let bound = green.bind(dim, &Default::default());
        bound.and_then(|bound| bound.program(precision)).expect("a program")
    }

    fn bits(program: &KernelProgram, t: f64) -> Vec<u64> {
        let lookup = program.lookup(t).expect("a table");
        let distances = [0.0, 1e-9, 0.37, 2.0, 1e4, 1e23];
        let rows = distances.into_iter().flat_map(|q| lookup.row::<3>(q));
        rows.chain(program.uniforms(t)).chain([program.log_norm(t)]).map(f64::to_bits).collect()
    }

    #[test]
    fn a_table_from_the_store_is_the_same_bit_for_bit() {
        let store = Memory::default();
        for (q, dim, precision, t) in [
            ("1/16", 2, Precision::F32, 0.7),
            ("1/16", 3, Precision::F32, 0.7),
            ("1/25", 2, Precision::F32, 0.7),
            ("1/16", 2, Precision::F32, 0.8),
        ] {
            let expected = bits(&program(q, dim, precision), t);
            for found in [0, 1] {
                let program = program(q, dim, precision);
                store.found.store(0, Ordering::Relaxed);
                program.prepare_by(t, &store);
                assert_eq!(store.found.load(Ordering::Relaxed), found, "q = {q}, N = {dim}, t = {t}");
                assert_eq!(bits(&program, t), expected, "q = {q}, N = {dim}, t = {t}");
            }
        }
    }

    #[test]
    fn what_is_no_fit_is_made_again() {
        let (store, t) = (Memory::default(), 0.7);
        let expected = bits(&program("1/16", 2, Precision::F32), t);
        program("1/16", 2, Precision::F32).prepare_by(t, &store);
        let whole = store.kept.lock().expect("unlocked").clone();
        store.kept.lock().expect("unlocked").values_mut().for_each(|bytes| bytes.truncate(bytes.len() - 8));
        let program = program("1/16", 2, Precision::F32);
        program.prepare_by(t, &store);
        assert_eq!(bits(&program, t), expected);
        assert!(*store.kept.lock().expect("unlocked") == whole, "and saved again");
    }

    fn piece(low: f64, columns: usize) -> Ramp {
        let column = |c: usize| Column::fit(&nodes(TERMS).iter().map(|s| (s * c as f64).exp()).collect::<Vec<_>>());
        Ramp { low, high: low + 1.5, columns: (0..columns).map(column).collect() }
    }

    fn fit(finer: Option<usize>) -> Fit {
        let ramps = |count: usize| (0..count).map(|i| piece(1.5 * i as f64, 2)).collect();
        Fit { log_peak: -1.25, scale: 0.5, ramps: ramps(3), factor: 4.0, finer: finer.map(ramps) }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for fit in [fit(None), fit(Some(7))] {
            assert_eq!(Fit::read(&fit.bytes(), 2, TERMS), Some(fit));
        }
    }

    #[test]
    fn bytes_of_another_length_count_or_order_are_no_fit() {
        let bytes = fit(Some(2)).bytes();
        for length in 0..bytes.len() {
            assert_eq!(Fit::read(&bytes[..length], 2, TERMS), None, "{length} bytes");
        }
        assert_eq!(Fit::read(&[bytes.clone(), vec![0; 8]].concat(), 2, TERMS), None);
        assert_eq!(Fit::read(&bytes, 1, TERMS), None);
        assert_eq!(Fit::read(&bytes, 2, TERMS + 1), None);
        let with = |word: usize, value: u64| {
            let mut changed = bytes.clone();
            changed[8 * word..8 * word + 8].copy_from_slice(&value.to_le_bytes());
            Fit::read(&changed, 2, TERMS)
        };
        assert!(with(0, 0).is_some(), "another peak is another fit");
        for (word, value) in [(0, f64::NAN), (1, -1.0), (1, f64::INFINITY), (2, 0.5), (4, f64::NAN), (5, -1.0)] {
            assert_eq!(with(word, value.to_bits()), None, "{value} at word {word}");
        }
        for count in [0, 2, 4, u64::MAX] {
            assert_eq!(with(3, count), None, "{count} pieces");
        }
    }
}
