//! The files of a cache.
//!
//! Holds: only files named like entries are listed, read or removed; a file is written beside under a name of its own and renamed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// What the names of entries end with.
pub(super) const EXTENSION: &str = "genphys-cache";

/// What the names of unfinished files end with.
const UNFINISHED: &str = "genphys-part";

/// A file that is unfinished for so long has been left by a process that is gone.
pub(super) const ABANDONED: Duration = Duration::from_secs(3600);

/// An entry.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// When it was last written or read.
    pub(super) used: SystemTime,
}

/// The entries in a folder; none where it cannot be read.
pub(super) fn list(folder: &Path) -> Vec<File> {
    with_extension(folder, EXTENSION)
}

fn with_extension(folder: &Path, extension: &str) -> Vec<File> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let file = |entry: fs::DirEntry| {
        let path = entry.path();
        let stem = path.file_stem()?.to_str()?;
        // Of unfinished files, the part before the dot.
        let sum = stem.split('.').next()?;
        let is_ours = sum.len() == 32 && sum.bytes().all(|b| b.is_ascii_hexdigit()) && path.extension()? == extension;
        let known = entry.metadata().ok().filter(|known| is_ours && known.is_file())?;
        Some(File { bytes: known.len(), used: known.modified().unwrap_or(SystemTime::UNIX_EPOCH), path })
    };
    entries.flatten().filter_map(file).collect()
}

/// Removes an entry; that another process was faster is no error.
pub(super) fn remove(file: &File) -> io::Result<()> {
    match fs::remove_file(&file.path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Removes what processes that ended meanwhile have not finished since before `then`.
pub(super) fn remove_unfinished(folder: &Path, then: SystemTime) {
    for file in with_extension(folder, UNFINISHED).iter().filter(|file| file.used <= then) {
        // The next call tries again.
        let _ = remove(file);
    }
}

/// Notes that an entry is used; one that cannot be changed keeps its age.
pub(super) fn touch(path: &Path) {
    let _ = OpenOptions::new().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

/// Writes a file such that it is there as a whole or not at all.
pub(super) fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = unfinished(folder, path);
    // Not even an abandoned file of that name is written into, let alone where a link may lead.
    let written =
        OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|mut file| file.write_all(bytes));
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        // A full disk: what is there of it is in the way.
        let _ = fs::remove_file(&beside);
    }
    renamed
}

/// Can files be made here?
pub(super) fn probe(folder: &Path) -> io::Result<()> {
    let beside = unfinished(folder, &folder.join(format!("{:032x}", 0)));
    OpenOptions::new().write(true).create_new(true).open(&beside)?;
    fs::remove_file(&beside)
}

/// A name that no other thread or process writes to.
fn unfinished(folder: &Path, path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |t| t.as_nanos());
    let (sum, process) = (path.file_stem().unwrap_or_default().to_string_lossy(), std::process::id());
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{sum}.{process}-{started:x}-{number}.{UNFINISHED}"))
}
