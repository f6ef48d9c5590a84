//! `genphys classify`: killed, stopped, resumed, fed from a pipe.

use super::command::{Folder, genphys};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: usize = 400;

/// A table of many different equations, some of them wrong, with columns to carry through.
fn equations() -> String {
    let mut out = "id,pde,assumptions,remark\n".to_owned();
    for i in 0..ROWS {
        let pde = match i % 5 {
            0 => format!("phi_t - {} lap(phi) = 0", i + 1),
            1 => format!("phi_tt + lap(phi) - {} m^2 phi = 0", i + 1),
            2 => format!("phi_tt + {} eps phi_t - lap(phi) = 0", i + 1),
            3 => format!("phi_t + lap(lap(phi)) - {} lap(phi) = ", i),
            _ => format!("a phi_tt - {} b phi_t + lap(phi) = 0", i + 1),
        };
        let assumptions = ["", "m>0", "eps>0", "", "a>0; b>0"][i % 5];
        out += &format!("{i},{pde},{assumptions},\"{i}, \"\"said\"\"\nso\"\n");
    }
    out
}

/// A table without its last column, the time each row took.
fn without_times(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("a table");
    let row = |record: csv::StringRecord| record.iter().take(record.len() - 1).map(str::to_owned).collect();
    reader.records().map(|record| row(record.expect("a whole row"))).collect()
}

fn classify(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = genphys();
    command.arg("classify").args(arguments).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Waits until a file has this many bytes; fails when the run ends before.
fn wait_for(path: &Path, bytes: u64, child: &mut Child) {
    let start = Instant::now();
    while std::fs::metadata(path).map_or(0, |m| m.len()) < bytes {
        assert!(child.try_wait().expect("a child").is_none(), "the run ended before {bytes} bytes were written");
        assert!(start.elapsed() < Duration::from_secs(120), "no rows appear");
        std::thread::yield_now();
    }
}

fn uninterrupted(folder: &Folder, input: &str) -> Vec<Vec<String>> {
    let status = classify(folder, &[input, "--out", "whole.csv"]).status().expect("runs");
    assert_eq!(status.code(), Some(0));
    without_times(&folder.path().join("whole.csv"))
}

#[test]
fn a_killed_run_resumes_without_losing_or_repeating_a_row() {
    let folder = Folder::new();
    folder.file("in.csv", equations());
    let whole = uninterrupted(&folder, "in.csv");
    assert_eq!(whole.len(), ROWS + 1);
    let size = std::fs::metadata(folder.path().join("whole.csv")).expect("a table").len();
    let (out, partial) = (folder.path().join("out.csv"), folder.path().join("out.csv.partial"));
    for (attempt, part) in [(0, 10), (1, 3), (2, 2)] {
        let mut arguments = vec!["in.csv", "--jobs", "2", "--out", "out.csv"];
        if attempt > 0 {
            arguments.push("--resume");
        }
        let mut child = classify(&folder, &arguments).spawn().expect("starts");
        wait_for(&partial, size / part, &mut child);
        child.kill().expect("killed");
        child.wait().expect("gone");
        assert!(!out.exists() && partial.exists());
    }
    let run = classify(&folder, &["in.csv", "--out", "out.csv"]).output().expect("runs");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.code() == Some(2) && told.contains("--resume"), "{told}");
    let run = classify(&folder, &["in.csv", "--out", "out.csv", "--resume"]).output().expect("runs");
    assert_eq!(run.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&run.stderr).contains("rows were done before"));
    assert_eq!(without_times(&out), whole);
    assert!(!partial.exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_whole_rows_and_says_how_to_go_on() {
    let folder = Folder::new();
    folder.file("in.csv", equations());
    let whole = uninterrupted(&folder, "in.csv");
    let partial = folder.path().join("out.csv.partial");
    let mut child = classify(&folder, &["in.csv", "--jobs", "1", "--out", "out.csv"]).spawn().expect("starts");
    wait_for(&partial, 4000, &mut child);
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(interrupt.success());
    let run = child.wait_with_output().expect("ends");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(130), "{told}");
    assert!(told.contains("--resume") && told.contains("out.csv.partial"), "{told}");
    let kept = without_times(&partial);
    assert!(kept.len() > 1 && kept.len() < whole.len() && kept == whole[..kept.len()], "{} rows", kept.len());
    let status = classify(&folder, &["in.csv", "--out", "out.csv", "--resume"]).status().expect("runs");
    assert_eq!((status.code(), without_times(&folder.path().join("out.csv"))), (Some(0), whole));
}

#[test]
fn lines_on_standard_input_become_json_lines() {
    let mut child = genphys()
        .args(["classify", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let text = "# two good lines and a bad one\nphi_t - lap(phi) = 0\n\nphi_t - lap(phi = 0\nphi_tt + lap(phi) = 0\n";
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let run = child.wait_with_output().expect("ends");
    assert_eq!(run.status.code(), Some(0));
    let rows: Vec<serde_json::Value> = String::from_utf8(run.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let column = |name: &str| rows.iter().map(|row| row[name].as_str().unwrap_or("-")).collect::<Vec<_>>();
    assert_eq!(column("name"), ["stdin:2", "stdin:4", "stdin:5"]);
    assert_eq!(column("verdict"), ["s-generative", "-", "s-generative"]);
    assert_eq!(column("p"), ["phi", "-", "-phi_t"]);
    assert!(rows[1]["error"].as_str().is_some_and(|e| e.starts_with("E0")), "{}", rows[1]);
    assert!(rows.iter().all(|row| row["micros"].is_u64()));
}

#[test]
fn a_folder_is_read_in_order_and_drawn_as_a_table() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("pde")).expect("a folder");
    for (name, text) in [("b", "phi_tt + lap(phi) = 0"), ("a", "phi_t - lap(phi) = 0"), ("c", "phi_t = = 0")] {
        folder.file(&format!("pde/{name}.pde"), text);
    }
    folder.file("pde/notes.txt", "not an equation");
    let run = folder.run(&["classify", "pde"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let first: Vec<&str> = run.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(first[..4], ["equation", "a", "b", "c"], "{}", run.out);
    assert!(run.err.contains("2 s-generative, 1 with an error"), "{}", run.err);
    let path: PathBuf = folder.path().join("t.jsonl");
    assert_eq!(folder.run(&["classify", "pde", "pde/a.pde", "--out", "t.jsonl", "--jobs", "3"]).code, 0);
    let text = std::fs::read_to_string(path).expect("rows");
    assert_eq!(text.lines().count(), 4);
}
