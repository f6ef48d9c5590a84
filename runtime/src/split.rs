//! Rows of a call shared out: over devices that work at once, and over parts that fit into the memory of one.
//!
//! In:   a number of rows, and something that evaluates a range of them.
//! Out:  what it gives for every range, in the order of the rows.
//! Holds: every row is evaluated once, in ranges that follow each other; nothing here knows what a device is.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs `run` on every device for a range of the `count` rows, at once; with fewer than `least` rows for each, on fewer devices.
///
/// # Errors
/// That of the first device, in their order, that fails; the others end what they have begun.
pub fn across<D: Sync, O: Send, E: Send>(
    devices: &[D],
    count: usize,
    least: usize,
    run: impl Fn(&D, Range<usize>) -> Result<O, E> + Sync,
) -> Result<Vec<O>, E> {
    let mut shares: Vec<(&D, Range<usize>)> = devices.iter().zip(ranges(count, devices.len(), least)).collect();
    let Some((first, rows)) = (!shares.is_empty()).then(|| shares.remove(0)) else { return Ok(Vec::new()) };
    let run = &run;
    thread::scope(|scope| {
        let begin = |(device, rows): (_, Range<usize>)| {
            let begun = thread::Builder::new().spawn_scoped(scope, {
                let rows = rows.clone();
                move || run(device, rows)
            });
            // A system without room for another thread: this one does the work, later.
            begun.map_err(|_| (device, rows))
        };
        let others: Vec<_> = shares.into_iter().map(begin).collect();
        // This thread works too, so that one device needs no other.
        let mut done = vec![run(first, rows)];
        done.extend(others.into_iter().map(|other| match other {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err((device, rows)) => run(device, rows),
        }));
        done.into_iter().collect()
    })
}

/// The rows in at most `parts` ranges of at least `least` rows, as even as can be; one range, be it empty, if there are parts at all.
fn ranges(count: usize, parts: usize, least: usize) -> Vec<Range<usize>> {
    let parts = parts.min((count / least.max(1)).max(1));
    (0..parts).map(|i| count * i / parts..count * (i + 1) / parts).collect()
}

/// Runs `body` on ranges of at most `most` and `size` of `count` rows; where it is full, by `is_full`, on halves of them, down to `least` rows
/// (at least one), and leaves the size that fits.
///
/// # Errors
/// Those of `body`; one of those that are full only for so few rows.
pub fn in_chunks<E>(
    count: usize,
    most: usize,
    least: usize,
    size: &AtomicUsize,
    is_full: impl Fn(&E) -> bool,
    mut body: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let mut first = 0;
    while first < count {
        let rows = first..count.min(first + most.min(size.load(Ordering::Relaxed)).max(1));
        match body(rows.clone()) {
            Ok(()) => first = rows.end,
            Err(e) if is_full(&e) && rows.len() > least.max(1) => {
                size.store((rows.len() / 2).max(least), Ordering::Relaxed)
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What a device reports.
    #[derive(Debug, PartialEq)]
    enum Fault {
        Full,
        Broken(&'static str),
    }

    /// A device that squares rows, with memory for so many at once.
    struct Fake {
        room: usize,
        least: usize,
        size: AtomicUsize,
        broken: Option<&'static str>,
        /// The ranges it was asked for and those it has done.
        asked: Mutex<Vec<Range<usize>>>,
        done: Mutex<Vec<Range<usize>>>,
    }

    impl Fake {
        fn with_room(room: usize) -> Fake {
            let (asked, done) = Default::default();
            Fake { room, least: 1, size: AtomicUsize::new(usize::MAX), broken: None, asked, done }
        }

        fn run(&self, rows: Range<usize>) -> Result<Vec<usize>, Fault> {
            self.asked.lock().expect("unlocked").push(rows.clone());
            let mut out = Vec::new();
            in_chunks(
                rows.len(),
                16,
                self.least,
                &self.size,
                |e| *e == Fault::Full,
                |part| {
                    let part = rows.start + part.start..rows.start + part.end;
                    match self.broken {
                        Some(why) => Err(Fault::Broken(why)),
                        None if part.len() > self.room => Err(Fault::Full),
                        None => {
                            out.extend(part.clone().map(|row| row * row));
                            self.done.lock().expect("unlocked").push(part);
                            Ok(())
                        }
                    }
                },
            )?;
            Ok(out)
        }
    }

    fn squares(devices: &[Fake], count: usize, least: usize) -> Result<Vec<usize>, Fault> {
        across(devices, count, least, Fake::run).map(|parts| parts.concat())
    }

    #[test]
    fn results_are_in_order_on_any_number_of_devices() {
        for (count, number, least) in [(0, 1, 1), (1, 3, 1), (100, 1, 10), (100, 3, 10), (7, 9, 1), (64, 2, 33)] {
            let devices: Vec<Fake> = (0..number).map(|_| Fake::with_room(usize::MAX)).collect();
            let expected: Vec<usize> = (0..count).map(|row| row * row).collect();
            assert_eq!(squares(&devices, count, least), Ok(expected), "{count} rows on {number} devices");
            let asked: Vec<Range<usize>> =
                devices.iter().flat_map(|d| d.asked.lock().expect("unlocked").clone()).collect();
            assert!(asked.windows(2).all(|pair| pair[0].end == pair[1].start), "{asked:?}");
            let enough = asked.iter().all(|rows| rows.len() >= least) || asked.len() == 1;
            assert!(enough && asked.len() == number.min((count / least).max(1)), "{asked:?}");
        }
        assert_eq!(squares(&[], 10, 1), Ok(Vec::new()), "no device, no work");
    }

    #[test]
    fn a_device_whose_memory_is_full_takes_less_at_a_time() {
        let devices = [Fake::with_room(usize::MAX), Fake::with_room(3), Fake::with_room(1)];
        let expected: Vec<usize> = (0..90).map(|row| row * row).collect();
        assert_eq!(squares(&devices, 90, 1), Ok(expected));
        let sizes = devices.each_ref().map(|device| device.size.load(Ordering::Relaxed));
        assert_eq!(sizes, [usize::MAX, 2, 1], "it is said where memory ran out, and only there");
        // Halved once: not tried again with more.
        squares(&devices[1..2], 20, 1).expect("room");
        let done = devices[1].done.lock().expect("unlocked");
        assert!(done.iter().all(|rows| rows.len() <= 2), "{done:?}");
    }

    #[test]
    fn every_row_is_run_once_whatever_fits() {
        for room in 1..20 {
            let device = Fake::with_room(room);
            squares(std::slice::from_ref(&device), 37, 1).expect("room");
            let covered: Vec<usize> = device.done.into_inner().expect("unlocked").into_iter().flatten().collect();
            assert_eq!(covered, (0..37).collect::<Vec<_>>(), "room for {room}");
        }
    }

    #[test]
    fn parts_are_not_halved_below_the_least() {
        let device = Fake { least: 5, ..Fake::with_room(5) };
        squares(std::slice::from_ref(&device), 37, 1).expect("16, 8, then 5 and not 4 rows fit");
        assert_eq!(device.size.load(Ordering::Relaxed), 5);
        let device = Fake { least: 5, ..Fake::with_room(4) };
        assert_eq!(squares(std::slice::from_ref(&device), 37, 1), Err(Fault::Full));
        assert_eq!(device.size.load(Ordering::Relaxed), 5, "not tried with fewer");
    }

    #[test]
    fn the_first_device_that_fails_says_why() {
        let mut devices = [Fake::with_room(8), Fake::with_room(0), Fake::with_room(8)];
        assert_eq!(squares(&devices, 30, 1), Err(Fault::Full), "not even one row");
        devices[2].broken = Some("unplugged");
        assert_eq!(squares(&devices, 30, 1), Err(Fault::Full));
        devices[1].room = 4;
        assert_eq!(squares(&devices, 30, 1), Err(Fault::Broken("unplugged")));
    }
}
