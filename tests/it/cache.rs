//! The cache on disk: `cache stats`, `cache clear`, and runs that share a folder.

use crate::command::{Folder, Run, genphys};
use ndarray::array;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, SystemTime};

/// A law that is a table.
const TABULATED: &str = "phi_t - lap(phi) + (-lap)^(1/2) phi = 0";

/// A folder with data, and a cache in it.
struct Place(Folder);

impl Place {
    fn new() -> Place {
        let folder = Folder::new();
        folder.points("data.npy", &array![[0.0, 0.0], [1.0, -2.0]]);
        folder.points("at.npy", &array![[0.5, 0.25], [-3.0, 4.0]]);
        Place(folder)
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    /// The command in this folder, with these variables beside `GENPHYS_CACHE_DIR`.
    fn command(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> std::process::Command {
        let mut command = genphys();
        command.args(arguments).current_dir(self.0.path()).env("GENPHYS_CACHE_DIR", self.cache());
        for (name, value) in variables {
            command.env(name, value);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        ended(self.command(arguments, &[]).output().expect("the command starts"))
    }

    /// The field of the data, as written, and what was said on stderr.
    fn field(&self, more: &[&str]) -> Vec<u8> {
        let run = self.run(&[&FIELD[..], more].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.err);
        std::fs::read(self.0.path().join("f.npz")).expect("written")
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.cache()) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    fn stats(&self) -> serde_json::Value {
        serde_json::from_str(&self.run(&["cache", "stats", "--json"]).out).expect("JSON")
    }
}

const FIELD: [&str; 10] =
    ["field", TABULATED, "--data", "data.npy", "--at", "at.npy", "--time", "0.7", "--out", "f.npz"];

fn ended(output: std::process::Output) -> Run {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_second_run_reads_what_the_first_has_made() {
    let place = Place::new();
    let expected = place.field(&["--no-cache"]);
    assert!(!place.cache().exists(), "--no-cache makes no folder");
    assert_eq!(place.field(&[]), expected);
    let [entry] = &place.entries()[..] else { panic!("one entry: {:?}", place.entries()) };
    let (bytes, old) = (std::fs::read(entry).expect("an entry"), SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30));
    let age =
        || std::fs::File::options().append(true).open(entry).and_then(|file| file.set_modified(old)).expect("aged");
    let used = || std::fs::metadata(entry).and_then(|known| known.modified()).expect("a file") > old;
    age();
    assert_eq!(place.field(&["--no-cache"]), expected);
    assert!(!used(), "--no-cache reads nothing");
    assert_eq!(place.field(&[]), expected);
    assert!(used() && std::fs::read(entry).expect("an entry") == bytes, "it was read, and not written again");
    // Other values and precisions have entries of their own.
    place.field(&["--precision", "f32"]);
    assert_eq!(place.entries().len(), 2);
    let closed = ["phi_tt + lap(phi) = 0", "--data", "data.npy", "--at", "at.npy", "--time", "1", "--out", "g.npz"];
    assert_eq!(place.run(&[&["field"], &closed[..]].concat()).code, 0);
    assert_eq!(place.entries().len(), 2, "a closed form leaves nothing");
}

#[test]
fn what_is_not_as_it_was_written_is_made_again() {
    let place = Place::new();
    let expected = place.field(&[]);
    let entry = place.entries().remove(0);
    let whole = std::fs::read(&entry).expect("an entry");
    let middle = whole.len() / 2;
    // Magic, sum, lengths, key, payload, last byte: one bit of each; cut in each; empty; and a file of something else.
    let flipped = [0, 7, 8, 23, 24, 32, 40, 90, middle, whole.len() - 1].map(|at| {
        let mut changed = whole.clone();
        changed[at] ^= 4;
        changed
    });
    let cut = [0, 7, 20, 39, 60, middle, whole.len() - 1].map(|length| whole[..length].to_vec());
    let foreign = [b"not a table".to_vec(), vec![0; whole.len()], [&whole[..], b"!"].concat()];
    for spoilt in flipped.into_iter().chain(cut).chain(foreign) {
        std::fs::write(&entry, &spoilt).expect("written");
        assert!(place.field(&[]) == expected, "{} bytes that begin with {:?}", spoilt.len(), spoilt.get(..16));
        assert!(std::fs::read(&entry).expect("an entry") == whole, "it was made again");
    }
}

#[test]
fn stats_and_clear_say_what_is_there() {
    let place = Place::new();
    assert_eq!(place.stats()["entries"], 0);
    place.field(&[]);
    let bytes = std::fs::metadata(place.entries().remove(0)).expect("an entry").len();
    let stats = place.stats();
    assert_eq!((&stats["entries"], &stats["bytes"]), (&1.into(), &bytes.into()));
    assert_eq!(stats["folder"], place.cache().display().to_string());
    assert!(stats["bound"].as_u64().expect("a number") >= bytes);
    let text = place.run(&["cache", "stats"]);
    assert!(
        text.code == 0 && text.out.contains("entries  1\n") && text.out.contains("KiB of at most 64.0 MiB"),
        "{}",
        text.out
    );
    let mine = place.cache().join("notes.txt");
    std::fs::write(&mine, "mine").expect("written");
    let cleared = place.run(&["cache", "clear"]);
    assert!(cleared.code == 0 && cleared.out.starts_with("removed 1 entries, "), "{}", cleared.out);
    assert_eq!(place.entries(), [mine], "and nothing else");
    let cleared: serde_json::Value = serde_json::from_str(&place.run(&["cache", "clear", "--json"]).out).expect("JSON");
    assert_eq!((&cleared["entries"], &cleared["bytes"]), (&0.into(), &0.into()));
}

#[test]
fn without_a_place_everything_runs_and_stats_says_why() {
    let place = Place::new();
    let expected = place.field(&["--no-cache"]);
    let blocked = place.0.file("file", "no folder").join("cache");
    let off = OsStr::new("");
    for (variable, why) in [(blocked.as_os_str(), "cannot be written to"), (off, "switches the cache off")] {
        let with = [("GENPHYS_CACHE_DIR", variable)];
        let run = ended(place.command(&FIELD, &with).output().expect("starts"));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "it is computed, and nothing is said");
        assert_eq!(std::fs::read(place.0.path().join("f.npz")).expect("written"), expected);
        let stats = ended(place.command(&["cache", "stats"], &with).output().expect("starts"));
        assert!(stats.code == 0 && stats.out.starts_with("no cache: ") && stats.out.contains(why), "{}", stats.out);
        let json = ended(place.command(&["cache", "clear", "--json"], &with).output().expect("starts"));
        let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
        assert!(json["folder"].is_null() && json["why"].as_str().expect("a reason").contains(why), "{json}");
    }
    // The folders of the XDG base directory specification, where no folder is given.
    let home = place.0.path().join("home");
    let mut stats = place.command(&["cache", "stats", "--json"], &[("HOME", home.as_os_str())]);
    let stats = ended(stats.env_remove("GENPHYS_CACHE_DIR").env_remove("XDG_CACHE_HOME").output().expect("starts"));
    let stats: serde_json::Value = serde_json::from_str(&stats.out).expect("JSON");
    assert_eq!(stats["folder"], home.join(".cache/genphys").display().to_string());
}

#[test]
fn processes_that_share_a_folder_draw_the_same_samples() {
    let place = Place::new();
    let start = |number: usize| -> Child {
        let out = format!("s{number}.npy");
        let arguments =
            ["sample", TABULATED, "--data", "data.npy", "-n", "20", "--steps", "6", "--no-plot", "--out", &out];
        let mut command = place.command(&arguments, &[]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("starts")
    };
    let children: Vec<Child> = (0..3).map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("ends").success());
    }
    let samples = |number: usize| std::fs::read(place.0.path().join(format!("s{number}.npy"))).expect("samples");
    assert!(samples(0) == samples(1) && samples(1) == samples(2));
    let before = place.entries();
    assert!(before.len() > 5, "a table for every time: {before:?}");
    assert!(
        before.iter().all(|path| path.extension() == Some(OsStr::new("genphys-cache"))),
        "nothing unfinished is left"
    );
    assert!(start(3).wait().expect("ends").success());
    assert!(samples(3) == samples(0), "and from what they have left");
    assert_eq!(place.entries().len(), before.len());
}
