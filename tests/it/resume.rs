//! `sample --resume`: Ctrl-C loses nothing, and no wrong state is taken up.

use crate::command::{Folder, POISSON, YUKAWA, refused};

#[cfg(unix)]
mod after_an_interrupt {
    use super::*;
    use crate::command::genphys;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    /// Starts the command, and sends Ctrl-C when it has told of its first step.
    fn interrupted(folder: &Folder, arguments: &[&str]) {
        let mut child = genphys()
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut err = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        err.read_line(&mut line).expect("progress");
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let mut rest = String::new();
        err.read_to_string(&mut rest).expect("the last words");
        assert_eq!(child.wait().expect("an end").code(), Some(130), "{rest}");
    }

    fn read(folder: &Folder, name: &str) -> Vec<u8> {
        std::fs::read(folder.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    #[test]
    fn the_same_samples_and_paths_come_out_bit_for_bit() {
        let folder = Folder::new();
        let data = ["--data", "builtin:two_moons", "-n", "400", "--no-plot", "--trajectory"];
        let branching: &[&str] = &["sample", YUKAWA, "--set", "m=1", "--steps", "400"];
        let adaptive: &[&str] = &["sample", POISSON, "--solver", "tsit5", "--tolerance", "1e-10"];
        for equation in [branching, adaptive] {
            let whole = folder.run(&[equation, &data, &["whole.t.npy", "--out", "whole.npy"]].concat());
            assert_eq!(whole.code, 0, "{}", whole.err);
            let pieces = [equation, &data, &["pieces.t.npy", "--out", "pieces.npy"]].concat();
            interrupted(&folder, &pieces);
            assert!(folder.names().contains(&"pieces.state".to_owned()), "{:?}", folder.names());
            let resumed = folder.run(&[&pieces[..], &["--resume"]].concat());
            assert_eq!(resumed.code, 0, "{}", resumed.err);
            assert_eq!(read(&folder, "whole.npy"), read(&folder, "pieces.npy"));
            assert_eq!(read(&folder, "whole.t.npy"), read(&folder, "pieces.t.npy"));
            assert!(!folder.names().contains(&"pieces.state".to_owned()), "the state is spent");
        }
    }

    #[test]
    fn wrong_states_are_refused_with_the_reason() {
        let folder = Folder::new();
        let run = ["sample", POISSON, "--data", "builtin:two_moons", "-n", "40", "--no-plot", "--out", "s.npy"];
        let run = [&run[..], &["--steps", "100000"]].concat();
        let resumed = |more: &[&str]| folder.run(&[&run[..], &["--resume"], more].concat());
        refused(&resumed(&[]), &["cannot resume", "s.state", "without --resume"]);
        interrupted(&folder, &run);
        refused(&resumed(&["--seed", "9"]), &["another run", "seed is 0", "here it is 9"]);
        refused(&resumed(&["--grid", "uniform"]), &["another run", "steps"]);
        refused(&resumed(&["--trajectory", "t.npy"]), &["another run", "trajectory"]);
        folder.file("line.csv", "0,0\n1,1\n");
        let elsewhere: Vec<&str> = run.iter().map(|a| if *a == "builtin:two_moons" { "line.csv" } else { a }).collect();
        refused(&folder.run(&[&elsewhere[..], &["--resume"]].concat()), &["another run"]);
        let good = read(&folder, "s.state");
        let mut flipped = good.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        folder.file("s.state", &flipped);
        refused(&resumed(&[]), &["damaged"]);
        folder.file("s.state", &good[..good.len() - 9]);
        refused(&resumed(&[]), &["damaged"]);
        folder.file("s.state", &good[..24]);
        refused(&resumed(&[]), &["cut short"]);
        folder.file("s.state", b"\x93NUMPY and so on");
        refused(&resumed(&[]), &["no state of a run"]);
        folder.file("s.state", b"");
        refused(&resumed(&[]), &["no state of a run"]);
        assert!(!folder.names().contains(&"s.npy".to_owned()), "nothing was written");
    }
}

#[test]
fn options_that_make_no_grid_are_refused() {
    let folder = Folder::new();
    let base = ["sample", POISSON, "--data", "builtin:two_points", "--no-plot"];
    for (option, value, part) in
        [("--rho", "0.5", "--rho"), ("--steps", "0", "--steps"), ("--tolerance", "0", "--tolerance")]
    {
        refused(&folder.run(&[&base[..], &[option, value]].concat()), &[part]);
    }
    assert!(folder.names().is_empty());
    let run = folder.run(&["sample", YUKAWA, "--set", "m=1", "--solver", "rk5"]);
    assert_eq!(run.code, 2);
}
