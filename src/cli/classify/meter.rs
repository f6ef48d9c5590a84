//! Progress of a classification on stderr: rows, rate and estimate; a summary at the end.

use genphys::classify::{Inputs, Row};
use genphys_compiler::verdict::VerdictKind;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Rows are many: look at the clock once in so many.
const EVERY: u64 = 16;

/// The progress of a classification.
pub struct Meter {
    bar: Option<ProgressBar>,
    read: Arc<AtomicU64>,
    total: Option<u64>,
    start: Instant,
    told: Instant,
    before: u64,
    skipped_bytes: u64,
    rows: u64,
    kinds: [u64; 4],
    errors: u64,
}

impl Meter {
    /// Starts the clock.
    pub fn start(inputs: &Inputs) -> Meter {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, template) = match inputs.total() {
                Some(bytes) => (ProgressBar::new(bytes), "{bar:32} {percent}%  {msg}"),
                None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
            };
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        let now = Instant::now();
        Meter {
            bar,
            read: inputs.read(),
            total: inputs.total(),
            start: now,
            told: now,
            before: 0,
            skipped_bytes: 0,
            rows: 0,
            kinds: [0; 4],
            errors: 0,
        }
    }

    /// So many rows were done by an earlier run.
    pub fn resumed(&mut self, rows: u64) {
        self.before = rows;
        self.skipped_bytes = self.read.load(Ordering::Relaxed);
        self.tell(&format!("{rows} rows were done before"));
    }

    /// One more row.
    pub fn count(&mut self, row: &Row) {
        self.rows += 1;
        match &row.answer {
            Ok(answered) => self.kinds[answered.verdict as usize] += 1,
            Err(_) => self.errors += 1,
        }
        if self.rows.is_multiple_of(EVERY) {
            self.show();
        }
    }

    fn show(&mut self) {
        let line = self.line();
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.read.load(Ordering::Relaxed));
                bar.set_message(line);
            }
            None if self.told.elapsed() >= PAUSE => {
                self.told = Instant::now();
                self.tell(&line);
            }
            None => {}
        }
    }

    fn line(&self) -> String {
        let seconds = self.start.elapsed().as_secs_f64();
        let left = self.left(seconds).map_or(String::new(), |left| format!(", about {} left", HumanDuration(left)));
        format!("{} rows, {:.0}/s{left}", self.before + self.rows, self.rows as f64 / seconds.max(1e-9))
    }

    /// The bytes of the input that are left take as long as those before them did.
    fn left(&self, seconds: f64) -> Option<Duration> {
        let done = self.read.load(Ordering::Relaxed).saturating_sub(self.skipped_bytes);
        let rest = self.total?.saturating_sub(self.read.load(Ordering::Relaxed));
        Duration::try_from_secs_f64(seconds * rest as f64 / done as f64).ok()
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// Removes the bar and sums up.
    pub fn finish(self, remark: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let kinds =
            [VerdictKind::SGenerative, VerdictKind::Conditional, VerdictKind::NotSGenerative, VerdictKind::Undecided];
        let mut parts: Vec<String> = kinds
            .into_iter()
            .filter(|kind| self.kinds[*kind as usize] > 0)
            .map(|kind| format!("{} {kind}", self.kinds[kind as usize]))
            .collect();
        if self.errors > 0 {
            parts.push(format!("{} with an error", self.errors));
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = self.rows as f64 / seconds.max(1e-9);
        let list = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let line = format!("{} equations in {seconds:.1} s ({rate:.0}/s){list} {remark}", self.rows);
        anstream::eprintln!("{}", line.trim_end());
    }
}
