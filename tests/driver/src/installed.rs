//! For tests: the library in the place of the driver, and what it has recorded.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{plan, record};

/// The library in a folder where programs find it as the driver.
#[derive(Debug)]
pub struct Installed {
    folder: PathBuf,
}

impl Installed {
    /// Puts the library, which Cargo has built beside the test that runs, into a folder `driver` in `folder`.
    ///
    /// # Errors
    /// Where the library is not beside the running program, or the folder cannot be made.
    #[cfg(unix)]
    pub fn new(folder: &Path) -> std::io::Result<Installed> {
        let built = std::env::current_exe()?.with_file_name("libsimulated_driver.so");
        let folder = folder.join("driver");
        std::fs::create_dir_all(&folder)?;
        // What the loader is asked for, and what the real driver's library is called.
        for name in ["libcuda.so", "libcuda.so.1"] {
            std::os::unix::fs::symlink(built.canonicalize()?, folder.join(name))?;
        }
        Ok(Installed { folder })
    }

    /// Lets a program find this driver, which is to be as the words of `plan` say and to record what it does.
    pub fn serve(&self, program: &mut Command, plan: &str) {
        let mut folders = OsString::from(&self.folder);
        if let Some(others) = std::env::var_os("LD_LIBRARY_PATH") {
            folders.push(":");
            folders.push(others);
        }
        program.env("LD_LIBRARY_PATH", folders).env(plan::VARIABLE, plan).env(record::VARIABLE, self.record());
    }

    /// What has been recorded since the last call; nothing is left.
    pub fn recorded(&self) -> Recorded {
        let text = std::fs::read_to_string(self.record()).unwrap_or_default();
        // Where there is no record there is nothing to forget.
        let _ = std::fs::remove_file(self.record());
        Recorded(text.lines().map(str::to_owned).collect())
    }

    /// Has a program launched anything since the last call of [`Installed::recorded`]?
    pub fn has_launched(&self) -> bool {
        let text = std::fs::read_to_string(self.record()).unwrap_or_default();
        text.lines().any(|line| line.starts_with(record::LAUNCHED))
    }

    fn record(&self) -> PathBuf {
        self.folder.join("record")
    }
}

/// What programs have done.
#[derive(Clone, Debug, Default)]
pub struct Recorded(Vec<String>);

impl Recorded {
    /// What a program must not do.
    pub fn misuses(&self) -> Vec<&str> {
        self.behind(record::MISUSE)
    }

    /// The entries of texts that were translated.
    pub fn translated(&self) -> Vec<&str> {
        self.behind(record::TRANSLATED)
    }

    /// The entries of images that were loaded.
    pub fn loaded(&self) -> Vec<&str> {
        self.behind(record::LOADED)
    }

    /// Entries that were launched, with their device.
    pub fn launched(&self) -> Vec<&str> {
        self.behind(record::LAUNCHED)
    }

    /// The number of every device that was given back, with the most bytes that it held.
    pub fn released(&self) -> Vec<(usize, usize)> {
        let numbers = |text: &str| {
            let (device, bytes) = text.split_once(' ')?;
            Some((device.parse().ok()?, bytes.parse().ok()?))
        };
        self.behind(record::RELEASED).into_iter().filter_map(numbers).collect()
    }

    fn behind<'a>(&'a self, start: &str) -> Vec<&'a str> {
        self.0.iter().filter_map(|line| line.strip_prefix(start)).collect()
    }
}
