//! How many equations a core judges in a second, from text to verdict.
//!
//! In:   the equations of the reference table and of the gallery, or those of a text file named on the command line.
//! Out:  for each of two ways, without and with derivation and certificates printed: the rate, and the distribution of
//!       the time an equation takes over all rounds.
//!
//! `cargo bench --bench classify [-- FILE]`; on one thread.

use genphys::classify::{Inputs, Item, judge};
use genphys::report::{Report, text};
use genphys_compiler::{Budget, analyze};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus =
        ["compiler/tests/reference/verdicts.csv", "examples/pde"].map(|p| root.join(p).to_string_lossy().into_owned());
    // Cargo passes `--bench`; anything else names the input.
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let inputs = if given.is_empty() { corpus.to_vec() } else { given };
    let items: Vec<Item> = match Inputs::open(&inputs) {
        Ok(inputs) => inputs.collect(),
        Err(e) => return eprintln!("{e}: {}", e.help()),
    };
    println!("{} equations, {ROUNDS} rounds, one thread", items.len());
    measure("verdict only", &items, &|item| drop(black_box(judge(item.clone()))));
    measure("with certificates", &items, &|item| {
        let Ok(source) = &item.source else { return };
        if let Ok(analysis) = analyze(source, Budget::default()) {
            black_box(text::check(&Report::explained(&analysis), 100));
        }
    });
}

fn measure(name: &str, items: &[Item], work: &dyn Fn(&Item)) {
    items.iter().for_each(work);
    let mut times: Vec<(Duration, usize)> = Vec::with_capacity(items.len() * ROUNDS);
    for _ in 0..ROUNDS {
        for (i, item) in items.iter().enumerate() {
            let start = Instant::now();
            work(item);
            times.push((start.elapsed(), i));
        }
    }
    let total: Duration = times.iter().map(|(time, _)| *time).sum();
    times.sort();
    let Some(&(longest, slowest)) = times.last() else { return };
    let part = |p: f64| times[((times.len() - 1) as f64 * p) as usize].0;
    println!(
        "{name:18} {:7.0} equations/s   median {:?}   p95 {:?}   p99 {:?}   max {longest:?} ({})",
        times.len() as f64 / total.as_secs_f64(),
        part(0.5),
        part(0.95),
        part(0.99),
        items[slowest].name,
    );
}
