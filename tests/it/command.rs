//! Running the command and reading what it says.

use ndarray::Array2;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const POISSON: &str = "phi_tt + lap(phi) = 0";
pub const DIFFUSION: &str = "phi_t - lap(phi) = 0";
pub const YUKAWA: &str = "phi_tt + lap(phi) - m^2 phi = 0 where m > 0";

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The command, ready for arguments; it keeps nothing between runs.
pub fn genphys() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("genphys"));
    command.env("GENPHYS_CACHE_DIR", "");
    command
}

/// Runs the command with `arguments` in `folder`.
pub fn run_in(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Run {
    let output = genphys().args(arguments).current_dir(folder).output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the command with `arguments`.
pub fn run(arguments: &[&str]) -> Run {
    run_in(Path::new("."), arguments)
}

/// Asserts that the input is refused with one message that has every one of `parts`.
pub fn refused(run: &Run, parts: &[&str]) {
    let Run { code, err, .. } = run;
    assert_eq!(*code, 2, "{err}");
    assert_eq!(err.lines().filter(|line| line.starts_with("error")).count(), 1, "one message:\n{err}");
    for part in parts {
        assert!(err.contains(part), "`{part}` in\n{err}");
    }
}

/// A folder with files in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    pub fn points(&self, name: &str, points: &Array2<f64>) -> PathBuf {
        self.file(name, genphys::io::npy_bytes(points).expect("in memory"))
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.path(), arguments)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}
