//! `genphys classify INPUT...`: many equations, one row each.

mod markdown;
mod meter;
mod table;

use super::arguments::Classify;
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, interrupt, numbers};
use genphys::classify::{ClassifyError, Columns, Inputs, Item, Next, Ordered, Row, Sink, judge};
use meter::Meter;
use std::num::NonZero;
use std::path::Path;
use std::time::Duration;
use table::Pages;

/// How long to wait for a row before looking whether Ctrl-C was pressed.
const PATIENCE: Duration = Duration::from_millis(50);

/// The most threads that help.
const MOST_JOBS: u64 = 1024;

/// Runs the command.
pub fn run(command: &Classify, console: &Console) -> Result<Outcome, Failure> {
    let inputs = Inputs::open(&command.inputs)?;
    if command.markdown {
        console.print(&markdown::table(inputs)?)?;
        return Ok(Outcome::Expected);
    }
    let jobs = jobs(command.jobs.as_deref())?;
    interrupt::listen()?;
    match &command.out {
        Some(out) => to_file(inputs, jobs, out, command.resume)?,
        None => to_terminal(inputs, jobs, console)?,
    }
    Ok(Outcome::Expected)
}

fn jobs(asked: Option<&str>) -> Result<usize, Failure> {
    let Some(text) = asked else { return Ok(std::thread::available_parallelism().map_or(1, NonZero::get)) };
    let jobs = numbers::whole("--jobs", text, 1)?;
    if jobs > MOST_JOBS {
        return Err(
            Failure::input(format!("--jobs is {jobs}, more than {MOST_JOBS}")).help("leave it out: all cores are used")
        );
    }
    Ok(jobs as usize)
}

fn to_file(mut inputs: Inputs, jobs: usize, out: &Path, resume: bool) -> Result<(), Failure> {
    let columns = Columns::new(inputs.carried());
    let mut meter = Meter::start(&inputs);
    let mut sink = if resume {
        let (sink, done) = Sink::resume(out, columns)?;
        let rows = done.skip(&mut inputs)?;
        meter.resumed(rows);
        sink
    } else {
        Sink::create(out, columns)?
    };
    let finished = rows(inputs, jobs, &mut |row| {
        sink.write(&row)?;
        meter.count(&row);
        Ok(())
    })?;
    if !finished {
        meter.finish("interrupted");
        return Err(Failure::Paused { partial: sink.partial().to_owned() });
    }
    sink.finish()?;
    meter.finish(&format!("-> {}", out.display()));
    Ok(())
}

fn to_terminal(inputs: Inputs, jobs: usize, console: &Console) -> Result<(), Failure> {
    let columns = Columns::new(inputs.carried());
    let mut meter = Meter::start(&inputs);
    let mut pages = Pages::new(console);
    let finished = rows(inputs, jobs, &mut |row| {
        meter.count(&row);
        if console.json() { console.print(&format!("{}\n", row.json(&columns))) } else { pages.add(&row) }
    })?;
    pages.flush()?;
    meter.finish(if finished { "" } else { "interrupted" });
    if finished { Ok(()) } else { Err(Failure::Interrupted { saved: None }) }
}

/// Judges all items and hands the rows on in order; false when Ctrl-C ended it before the last.
fn rows(
    items: impl Iterator<Item = Item> + Send + 'static,
    jobs: usize,
    take: &mut dyn FnMut(Row) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let stoppable = items.take_while(|_| !interrupt::asked());
    let results = Ordered::start(stoppable, jobs, judge)
        .map_err(|e| Failure::input(format!("cannot start {jobs} threads: {e}")).help("ask for fewer with --jobs"))?;
    loop {
        match results.next(PATIENCE) {
            Next::Result(row) => take(row)?,
            Next::Nothing if interrupt::asked() => return Ok(false),
            Next::Nothing => {}
            Next::End => return Ok(!interrupt::asked()),
        }
    }
}

/// The items of `.pde` files in order, one thread: the README's table.
fn sources(inputs: Inputs) -> impl Iterator<Item = Result<(String, genphys_compiler::source::Source), ClassifyError>> {
    inputs.map(|item| match item.source {
        Ok(source) => Ok((item.name, source)),
        Err(why) => Err(ClassifyError::Read { path: item.name.into(), source: std::io::Error::other(why) }),
    })
}
