//! Outputs appear whole or not at all: written beside under a temporary name, then renamed.

use super::WriteError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes `bytes` to `path`, creating the folders on the way.
///
/// An existing file is replaced only after all bytes are on the disk; on any error it stays as it was and the temporary
/// file is removed. A link is followed; a device such as `/dev/stdout` is written to directly.
///
/// # Errors
/// [`WriteError`], which names the path and a remedy.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write(path, bytes).map_err(|source| WriteError { path: path.to_owned(), source })
}

/// Finds out whether a file could be written to `path`, and creates the folders on the way; writes nothing there.
///
/// # Errors
/// As [`write_bytes`] would.
pub fn probe(path: &Path) -> Result<(), WriteError> {
    let attempt = || match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => OpenOptions::new().write(true).open(path).map(drop),
        Ok(_) => beside(&fs::canonicalize(path)?).map(drop),
        Err(_) => beside(path).map(drop),
    };
    attempt().map_err(|source| WriteError { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // Renaming over a device would remove the device.
        Ok(found) if !found.is_file() => finish(OpenOptions::new().write(true).open(path)?, bytes),
        Ok(_) => replace(&fs::canonicalize(path)?, bytes),
        Err(_) => replace(path, bytes),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = beside(path)?;
    beside.as_file_mut().write_all(bytes)?;
    // A full disk may show itself only here.
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// A new temporary file in the folder of `path`, which is created where it is missing.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    builder(&format!(".{}.", name.to_string_lossy())).tempfile_in(&folder)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Temporary files are private by default; an output has the permissions that any new file would have.
fn builder(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

fn finish(mut device: File, bytes: &[u8]) -> io::Result<()> {
    device.write_all(bytes)?;
    device.flush()
}
