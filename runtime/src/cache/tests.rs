use super::*;
use std::fs::File as Disk;
use std::time::Duration;

/// A cache in a folder that is removed with it.
fn cache() -> (Temporary, Cache) {
    let folder = Temporary::new();
    let cache = Cache::at(folder.0.join("deep/er")).expect("a folder");
    (folder, cache)
}

/// A folder that is removed with it.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    pub(crate) fn new() -> Temporary {
        static NUMBER: Mutex<u32> = Mutex::new(0);
        let mut number = NUMBER.lock().expect("no panic while locked");
        *number += 1;
        let folder = std::env::temp_dir().join(format!("genphys-cache-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Temporary(folder)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn only_file(cache: &Cache) -> PathBuf {
    let files = files::list(cache.folder());
    assert_eq!(files.len(), 1);
    files.into_iter().next().expect("one").path
}

fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(3600 * hours);
    Disk::options().append(true).open(path).and_then(|file| file.set_modified(then)).expect("a file of ours");
}

#[test]
fn what_was_put_is_found_by_its_key_alone() {
    let (_folder, cache) = cache();
    assert_eq!(cache.get("a"), None);
    cache.put("a", b"alpha");
    cache.put("b", b"");
    assert_eq!((cache.get("a"), cache.get("b"), cache.get("c")), (Some(b"alpha".to_vec()), Some(Vec::new()), None));
    cache.put("a", b"another");
    assert_eq!(cache.get("a"), Some(b"another".to_vec()));
    assert_eq!(cache.contents().entries, 2);
    // Another process finds the same.
    assert_eq!(Cache::at(cache.folder()).expect("there").get("a"), Some(b"another".to_vec()));
}

#[test]
fn a_file_that_was_changed_anywhere_is_not_believed() {
    let (_folder, cache) = cache();
    cache.put("key", b"some bytes");
    let path = only_file(&cache);
    let whole = fs::read(&path).expect("a file");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&path, &changed).expect("written");
        assert_eq!(cache.get("key"), None, "byte {at}");
        fs::write(&path, &whole[..at]).expect("written");
        assert_eq!(cache.get("key"), None, "{at} bytes");
    }
    // The file of another key, moved here.
    cache.put("other", b"some bytes");
    let other = files::list(cache.folder()).into_iter().map(|file| file.path).find(|other| *other != path);
    fs::rename(other.expect("two files"), &path).expect("renamed");
    assert_eq!(cache.get("key"), None);
    cache.put("key", b"some bytes");
    assert_eq!(cache.get("key"), Some(b"some bytes".to_vec()));
}

#[test]
fn the_oldest_go_first_and_use_keeps_young() {
    let (_folder, cache) = cache();
    cache.put("size", &[0; 1000]);
    let one = cache.contents().bytes;
    cache.clear().expect("cleared");
    let cache = cache.bounded(4 * one + one / 2);
    for (hours, key) in [(5, "aaaa"), (4, "bbbb"), (3, "cccc"), (2, "dddd")] {
        cache.put(key, &[1; 1000]);
        age(&cache.path(&with_target(key)), hours);
    }
    assert_eq!(cache.contents().entries, 4, "all have room");
    assert!(cache.get("aaaa").is_some());
    cache.put("eeee", &[1; 1000]);
    let there = |key: &str| cache.get(key).is_some();
    assert!(cache.contents().bytes <= cache.bound());
    assert_eq!(["aaaa", "bbbb", "cccc", "dddd", "eeee"].map(there), [true, false, false, true, true]);
    // What is larger than all may be is not kept, and nothing goes for it.
    let before = cache.contents();
    cache.put("huge", &vec![1; 5000]);
    assert_eq!((cache.get("huge"), cache.contents()), (None, before));
}

#[test]
fn only_files_of_the_cache_are_counted_and_cleared() {
    let (_folder, cache) = cache();
    let foreign = ["notes.txt", "0123.genphys-cache", "samples.npy"].map(|name| cache.folder().join(name));
    foreign.iter().for_each(|path| fs::write(path, b"mine").expect("written"));
    let unfinished = cache.folder().join(format!("{:032x}.1-2-3.genphys-part", 7));
    fs::write(&unfinished, b"half").expect("written");
    cache.put("a", b"alpha");
    cache.put("b", b"beta");
    let contents = cache.contents();
    assert_eq!((contents.entries, cache.clear().expect("cleared")), (2, contents));
    assert_eq!(cache.contents(), Contents::default());
    assert!(foreign.iter().all(|path| path.exists()) && !unfinished.exists());
    assert_eq!(cache.get("a"), None);
}

#[test]
fn threads_that_write_and_clear_at_once_never_see_half_a_file() {
    let (_folder, cache) = cache();
    let cache = cache.bounded(20_000);
    let expected = |key: u8| vec![key; 100 * usize::from(key % 7 + 1)];
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..60_u8 {
                    let key = (round * 3 + thread) % 40;
                    let found = cache.get(&key.to_string());
                    assert!(found.is_none_or(|found| found == expected(key)));
                    cache.put(&key.to_string(), &expected(key));
                    if round == 30 {
                        cache.clear().expect("cleared");
                    }
                }
            });
        }
    });
    assert!(cache.contents().bytes <= 20_000 && cache.contents().entries > 0);
}

#[test]
fn a_folder_that_cannot_be_made_says_so() {
    let folder = Temporary::new();
    let file = folder.0.join("file");
    fs::write(&file, b"no folder").expect("written");
    let error = Cache::at(file.join("cache")).expect_err("below a file").to_string();
    assert!(error.contains("cannot be written to") && !error.contains('\n'), "{error}");
    // One that vanishes later keeps nothing, and that is all.
    let cache = Cache::at(folder.0.join("cache")).expect("a folder");
    fs::remove_dir(cache.folder()).expect("empty");
    cache.put("a", b"alpha");
    assert_eq!((cache.get("a"), cache.contents()), (None, Contents::default()));
}
