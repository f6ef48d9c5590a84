//! What the driver makes of a text is made once, kept on disk, and made again where it is not as it was.

use super::{Place, field};
use crate::command::POISSON;
use simulated_driver::Recorded;
use std::path::PathBuf;

const ARGUMENTS: &[&str] = &["--device", "cuda"];

impl Place {
    fn folder_of_cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// What the driver has seen of a run that keeps what can be kept, and the field.
    fn keep(&self, plan: &str, more: &[&str]) -> (Recorded, Vec<u8>) {
        let mut command = self.command(plan, &field(POISSON, &[ARGUMENTS, more].concat()));
        let (run, recorded) = self.end(command.env("GENPHYS_CACHE_DIR", self.folder_of_cache()));
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        (recorded, self.bytes("f.npz"))
    }

    fn cache(&self, action: &str) -> serde_json::Value {
        let mut command = self.command("", &["cache", action, "--json"]);
        let (run, _) = self.end(command.env("GENPHYS_CACHE_DIR", self.folder_of_cache()));
        serde_json::from_str(&run.out).expect("JSON")
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder_of_cache()).expect("a cache");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }
}

/// How many texts were translated, and how many images loaded.
fn counts(recorded: &Recorded) -> (usize, usize) {
    (recorded.translated().len(), recorded.loaded().len())
}

#[test]
fn a_text_is_translated_once() {
    let place = Place::new();
    let (first, expected) = place.keep("", &[]);
    assert_eq!(counts(&first), (2, 2), "linear weights and logarithms: {first:?}");
    let (second, found) = place.keep("", &[]);
    assert!(counts(&second) == (0, 2) && found == expected, "{second:?}");
    assert_eq!(place.cache("stats")["entries"], 2);
    // Another precision, capability or driver has images of its own.
    assert_eq!(counts(&place.keep("", &["--precision", "f32"]).0), (2, 2));
    assert_eq!(counts(&place.keep("gpus=9.0", &[]).0), (2, 2));
    assert_eq!(counts(&place.keep("version=12060", &[]).0), (2, 2));
    assert_eq!(counts(&place.keep("", &["--no-cache"]).0), (2, 0), "texts themselves are loaded");
    assert_eq!(counts(&place.keep("", &[]).0), (0, 2));
    assert_eq!(place.cache("clear")["entries"], 8);
    assert_eq!(counts(&place.keep("", &[]).0), (2, 2));
}

#[test]
fn a_spoilt_image_is_made_again() {
    let place = Place::new();
    let (_, expected) = place.keep("", &[]);
    let entries = place.entries();
    let whole = std::fs::read(&entries[0]).expect("an entry");
    let last = whole.len() - 1;
    for (at, flip) in [(0, 1), (30, 1), (last / 2, 0x40), (last, 1)] {
        let mut spoilt = whole.clone();
        spoilt[at] ^= flip;
        std::fs::write(&entries[0], &spoilt).expect("written");
        let (recorded, found) = place.keep("", &[]);
        assert!(counts(&recorded) == (1, 2) && found == expected, "byte {at}: {recorded:?}");
        assert!(std::fs::read(&entries[0]).expect("an entry") == whole, "it was made again");
    }
}

#[test]
fn an_image_that_the_driver_no_longer_takes_is_made_again() {
    let place = Place::new();
    let (_, expected) = place.keep("", &[]);
    for _ in 0..2 {
        let (recorded, found) = place.keep("foreign=no", &[]);
        assert!(counts(&recorded) == (2, 2) && found == expected, "{recorded:?}");
    }
    assert_eq!(place.cache("stats")["entries"], 2);
}

/// Where the driver links nothing, nothing is kept, and the text itself is loaded.
#[test]
fn without_images_there_is_the_text() {
    let place = Place::new();
    for call in ["cuLinkCreate_v2", "cuLinkAddData_v2", "cuLinkComplete"] {
        let (recorded, _) = place.keep(&format!("fail={call}:221"), &[]);
        // Adding a text translates it, and so does loading it.
        let translated = if call == "cuLinkComplete" { 4 } else { 2 };
        assert_eq!(counts(&recorded), (translated, 0), "{call}");
        assert_eq!(place.cache("stats")["entries"], 0);
    }
}
