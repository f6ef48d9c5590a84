//! Where the cache lies.
//!
//! In:   the environment.
//! Out:  a folder that can be written to, or the reason why there is none.

use std::ffi::OsString;
use std::path::PathBuf;

/// Why there is no cache, in one line. Nothing fails without one; what it would hold is computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCache {
    /// `GENPHYS_CACHE_DIR` is there and empty.
    #[error("GENPHYS_CACHE_DIR is empty, which switches the cache off")]
    Off,
    /// No variable says where it may be.
    #[error("none of GENPHYS_CACHE_DIR, XDG_CACHE_HOME and HOME names a folder for it")]
    NoPlace,
    /// The folder cannot be made or written to.
    #[error("`{}` cannot be written to: {why}", folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        why: String,
    },
}

/// The folder that the environment names, as `variable` reads it: `GENPHYS_CACHE_DIR`, else one called `genphys` in
/// `XDG_CACHE_HOME`, else `.cache/genphys` in `HOME`.
///
/// # Errors
/// [`NoCache::Off`], [`NoCache::NoPlace`].
pub(super) fn folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, NoCache> {
    // XDG asks for relative paths to be ignored.
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match variable("GENPHYS_CACHE_DIR") {
        Some(folder) if folder.is_empty() => Err(NoCache::Off),
        Some(folder) => Ok(folder.into()),
        None => absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|folder| folder.join("genphys"))
            .ok_or(NoCache::NoPlace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_so_decides() {
        let place = |variables: &[(&str, &str)]| {
            folder(|name| Some(variables.iter().find(|(n, _)| *n == name)?.1.into())).map(|p| p.display().to_string())
        };
        let (own, xdg, home) = (("GENPHYS_CACHE_DIR", "mine"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h"));
        assert_eq!(place(&[own, xdg, home]).as_deref(), Ok("mine"));
        assert_eq!(place(&[xdg, home]).as_deref(), Ok("/x/genphys"));
        assert_eq!(place(&[home]).as_deref(), Ok("/h/.cache/genphys"));
        assert_eq!(place(&[("XDG_CACHE_HOME", "relative"), home]).as_deref(), Ok("/h/.cache/genphys"));
        assert_eq!(place(&[("XDG_CACHE_HOME", ""), ("HOME", "")]), Err(NoCache::NoPlace));
        assert_eq!(place(&[]), Err(NoCache::NoPlace));
        assert_eq!(place(&[("GENPHYS_CACHE_DIR", ""), xdg, home]), Err(NoCache::Off));
    }
}
