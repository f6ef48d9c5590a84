//! `--device cuda` with a driver that is simulated: the whole road from the command to the numbers, and every way in which it ends early.
//!
//! Holds: no run uses the driver as it must not be used, and every run that ends gives back what it has taken. The driver is ours, and
//! says nothing about a real one.

mod cache;
mod ends;
mod faults;
mod fields;
mod samples;

use crate::command::{Folder, Run, genphys};
use ndarray::{Array2, ArrayD};
use simulated_driver::{Installed, Recorded};
use std::process::Command;

/// A folder with data, queries and a driver.
struct Place {
    folder: Folder,
    driver: Installed,
}

/// A number in `[-1, 1)` for every row and column.
fn scattered(rows: usize, dim: usize, seed: f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, dim), |(row, axis)| ((row * dim + axis) as f64 + seed).sin())
}

impl Place {
    /// With 20 points in the plane, and 64 queries.
    fn new() -> Place {
        Place::of(20, 64, 2)
    }

    fn of(points: usize, queries: usize, dim: usize) -> Place {
        let folder = Folder::new();
        folder.points("data.npy", &scattered(points, dim, 0.5));
        folder.points("at.npy", &(2.0 * scattered(queries, dim, 0.25)));
        let driver = Installed::new(folder.path()).expect("a driver");
        Place { folder, driver }
    }

    /// The command with a driver as `plan` says; nothing is kept between runs.
    fn command(&self, plan: &str, arguments: &[&str]) -> Command {
        let mut command = genphys();
        command.args(arguments).current_dir(self.folder.path());
        self.driver.serve(&mut command, plan);
        command
    }

    /// How the command ends, and what the driver has seen; never a misuse.
    fn run(&self, plan: &str, arguments: &[&str]) -> (Run, Recorded) {
        self.end(&mut self.command(plan, arguments))
    }

    fn end(&self, command: &mut Command) -> (Run, Recorded) {
        let output = command.output().expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let run = Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
        let recorded = self.driver.recorded();
        assert!(recorded.misuses().is_empty(), "{:#?}\n{}", recorded.misuses(), run.err);
        (run, recorded)
    }

    /// A run that succeeds, what it says on stderr, and what the driver has seen.
    fn succeed(&self, plan: &str, arguments: &[&str]) -> (String, Recorded) {
        let (run, recorded) = self.run(plan, arguments);
        assert_eq!(run.code, 0, "{}", run.err);
        (run.err, recorded)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).expect("written")
    }

    fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    /// An array of `f.npz`.
    fn array(&self, name: &str) -> ArrayD<f64> {
        let file = std::fs::File::open(self.folder.path().join("f.npz")).expect("written");
        ndarray_npy::NpzReader::new(file).expect("an archive").by_name(name).expect("an array")
    }
}

/// `field EQUATION` with the data of a [`Place`].
fn field<'a>(equation: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["field", equation, "--data", "data.npy", "--at", "at.npy", "--time", "0.7", "--out", "f.npz"];
    [&base[..], more].concat()
}

/// `sample EQUATION` with the data of a [`Place`]: as many particles as are shared by two devices, in few steps.
fn sample<'a>(equation: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    samples(equation, ["600", "3"], more)
}

/// The same with a number of particles and of steps.
fn samples<'a>(equation: &'a str, [n, steps]: [&'a str; 2], more: &[&'a str]) -> Vec<&'a str> {
    let base = ["sample", equation, "--data", "data.npy", "-n", n, "--steps", steps, "--no-plot", "--out", "s.npy"];
    [&base[..], more].concat()
}
