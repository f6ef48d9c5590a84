//! What is costly to make, kept on disk between runs: tables of laws without a closed form, and kernels in the code of a GPU.
//!
//! In:   a key, which is a text with all that the bytes depend on; bytes.
//! Out:  the same bytes to any later process of the same version on a like machine.
//! Holds: a file is believed only when its magic, its key in full, its lengths and its sum are right; anything else is as good as no
//!   file. A file appears whole, by a rename, so that processes may share a folder; the oldest go when all are over a bound. That a
//!   folder is missing, full or read-only never fails a run: it only is slower.
//!
//! Machine code is not kept: it is made in tens of milliseconds at most, and a file that is executed would have to be trusted. NVIDIA's
//! driver keeps what it makes of PTX in a cache of its own. A program has no cache until it calls [`install`]; the command calls [`install_of_environment`].

mod entry;
mod files;
mod place;

pub use place::NoCache;

use genphys_compiler::green::TableStore;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

/// Bytes of all files, unless another bound is given.
pub const BOUND: u64 = 64 << 20;

/// A folder of results.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    bound: u64,
    /// Bytes of all files as far as this process knows; none until it has looked.
    size: Mutex<Option<u64>>,
}

/// What is in a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Files.
    pub entries: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Cache {
    /// The cache in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`NoCache::NotWritable`].
    pub fn at(folder: impl Into<PathBuf>) -> Result<Cache, NoCache> {
        let folder = folder.into();
        match fs::create_dir_all(&folder).and_then(|()| files::probe(&folder)) {
            Ok(()) => Ok(Cache { folder, bound: BOUND, size: Mutex::new(None) }),
            Err(e) => Err(NoCache::NotWritable { folder, why: e.to_string() }),
        }
    }

    /// The cache where the environment says: `GENPHYS_CACHE_DIR`, else `XDG_CACHE_HOME/genphys`, else `HOME/.cache/genphys`; an empty
    /// `GENPHYS_CACHE_DIR` switches it off.
    ///
    /// # Errors
    /// [`NoCache`].
    pub fn of_environment() -> Result<Cache, NoCache> {
        Cache::at(place::folder(|name| std::env::var_os(name))?)
    }

    /// The same with at most this many bytes of files.
    pub fn bounded(self, bytes: u64) -> Cache {
        Cache { bound: bytes, ..self }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The most bytes that its files may have together.
    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// What is in it.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        for file in files::list(&self.folder) {
            contents.entries += 1;
            contents.bytes += file.bytes;
        }
        contents
    }

    /// Removes all of its files, and no other; returns what is gone.
    ///
    /// # Errors
    /// [`io::Error`] when a file is there and cannot be removed.
    pub fn clear(&self) -> io::Result<Contents> {
        let mut gone = Contents::default();
        for file in files::list(&self.folder) {
            files::remove(&file)?;
            gone.entries += 1;
            gone.bytes += file.bytes;
        }
        files::remove_unfinished(&self.folder, SystemTime::now());
        // Others may have written meanwhile: the next file counts them.
        *self.size() = None;
        Ok(gone)
    }

    /// The bytes that were saved under `key` for this kind of machine.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let key = with_target(key);
        let path = self.path(&key);
        let payload = entry::decode(&fs::read(&path).ok()?, &key)?;
        // What is used is no longer old.
        files::touch(&path);
        Some(payload)
    }

    /// Keeps bytes under `key`. Where that is not possible, or would be more than everything may have together, nothing happens.
    pub fn put(&self, key: &str, payload: &[u8]) {
        let key = with_target(key);
        let file = entry::encode(&key, payload);
        let bytes = file.len() as u64;
        if bytes <= self.bound && files::write(&self.folder, &self.path(&key), &file).is_ok() {
            self.make_room(bytes);
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{}.{}", entry::name(key), files::EXTENSION))
    }

    fn size(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the oldest files where all are over the bound, now that there are `gained` bytes more. Files are listed at first and then only
    /// when it must be so by what this process has written.
    fn make_room(&self, gained: u64) {
        let mut size = self.size();
        let now = size.map_or(u64::MAX, |size| size.saturating_add(gained));
        if now <= self.bound {
            *size = Some(now);
            return;
        }
        let mut files = files::list(&self.folder);
        files.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        if total > self.bound {
            // Some room is left, so that the next file does not list them all again.
            let aim = self.bound - self.bound / 8;
            for file in &files {
                if total > aim && files::remove(file).is_ok() {
                    total -= file.bytes;
                }
            }
            files::remove_unfinished(&self.folder, SystemTime::now() - files::ABANDONED);
        }
        *size = Some(total);
    }
}

impl TableStore for Cache {
    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.get(key)
    }

    fn save(&self, key: &str, table: &[u8]) {
        self.put(key, table);
    }
}

/// The cache that fields of this process use.
static INSTALLED: RwLock<Installed> = RwLock::new(Installed::Opened(None));

enum Installed {
    Opened(Option<Arc<Cache>>),
    /// That of the environment, which nobody has needed so far.
    OfEnvironment,
}

/// From now on fields of this process use this cache, or none.
pub fn install(cache: Option<Cache>) {
    *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Installed::Opened(cache.map(Arc::new));
}

/// From now on fields of this process use [`Cache::of_environment`], if there is one. No folder is made before something goes there.
pub fn install_of_environment() {
    *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Installed::OfEnvironment;
}

/// The cache that fields of this process use.
pub fn installed() -> Option<Arc<Cache>> {
    if let Installed::Opened(cache) = &*INSTALLED.read().unwrap_or_else(PoisonError::into_inner) {
        return cache.clone();
    }
    let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
    // Another thread may have been faster.
    if let Installed::OfEnvironment = *installed {
        *installed = Installed::Opened(Cache::of_environment().ok().map(Arc::new));
    }
    match &*installed {
        Installed::Opened(cache) => cache.clone(),
        Installed::OfEnvironment => None,
    }
}

/// A key with the version of this crate and the kind of machine: the functions of a system's libm round by what the processor can do.
fn with_target(key: &str) -> String {
    let (version, system, processor) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    format!("genphys-runtime {version} for {system} on {processor}{}\n{key}", features().concat())
}

/// What this processor can do that a libm may choose by.
fn features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let known = [
            (" fma", is_x86_feature_detected!("fma")),
            (" avx2", is_x86_feature_detected!("avx2")),
            (" avx512f", is_x86_feature_detected!("avx512f")),
        ];
        known.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    Vec::new()
}

#[cfg(test)]
pub(crate) mod tests;
