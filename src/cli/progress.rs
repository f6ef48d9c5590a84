//! Progress on stderr: a bar with rate and estimate on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::io::IsTerminal;

/// Parts of the way between two lines where there is no terminal.
const LINES: f64 = 8.0;

/// The progress of a run from 0 to 1.
pub struct Meter {
    bar: Option<ProgressBar>,
    told: f64,
}

impl Meter {
    /// A run of `steps` steps, if that is known.
    pub fn start(steps: Option<usize>) -> Meter {
        if !std::io::stderr().is_terminal() {
            return Meter { bar: None, told: -1.0 };
        }
        let (bar, template) = match steps {
            Some(steps) => (ProgressBar::new(steps as u64), "{bar:32} {pos}/{len}  {rate}  {msg}  {eta} left"),
            // The step size adapts: only the part of the way is known, in thousandths.
            None => (ProgressBar::new(1000), "{bar:32} {percent}%  {msg}  {eta} left"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // Nothing can be done about a terminal that takes no text.
                let _ = write!(out, "{:.1} steps/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        }
        Meter { bar: Some(bar), told: 0.0 }
    }

    /// A series of `runs` runs.
    pub fn series(runs: usize) -> Meter {
        if !std::io::stderr().is_terminal() {
            return Meter { bar: None, told: -1.0 };
        }
        let bar = ProgressBar::new(runs as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} runs  {per_sec}  {msg}  {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        Meter { bar: Some(bar), told: 0.0 }
    }

    /// One more run ended, of this name.
    pub fn run(&self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_owned());
            bar.inc(1);
        }
    }

    /// Prints a line above the bar.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{text}")),
            None => anstream::eprintln!("{text}"),
        }
    }

    /// Step number `step` reached time `t`, a `fraction` of the way.
    pub fn step(&mut self, step: usize, of: Option<usize>, fraction: f64, t: f64) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(if of.is_some() { step as u64 } else { (1000.0 * fraction) as u64 });
                bar.set_message(format!("t = {t:.3e}"));
            }
            None if self.told < 0.0 || fraction >= self.told + 1.0 / LINES || fraction >= 1.0 => {
                self.told = fraction;
                let of = of.map_or(String::new(), |n| format!(" of {n}"));
                anstream::eprintln!("step {step}{of}, t = {t:.3e}, {:.0}%", 100.0 * fraction);
            }
            None => {}
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
