//! Ctrl-C with a field on a GPU.

use super::{Place, samples};
use crate::command::POISSON;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// Waits for the first line of progress, so that the signal arrives in the middle of the run.
#[test]
fn ctrl_c_saves_what_exists_and_gives_the_device_back() {
    // In four dimensions the processor takes the steps, a launch for every stage.
    let place = Place::of(10, 1, 4);
    let arguments = samples(POISSON, ["20", "1000000"], &["--device", "cuda"]);
    let mut command = place.command("", &arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut err = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.starts_with("step 1 of 1000000") {
        line.clear();
        assert!(err.read_line(&mut line).expect("progress") > 0, "no progress");
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let mut rest = String::new();
    err.read_to_string(&mut rest).expect("the last words");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{rest}");
    assert!(rest.contains("interrupted") && place.has("s.state") && !place.has("s.npy"), "{rest}");
    let recorded = place.driver.recorded();
    assert!(recorded.misuses().is_empty(), "{:#?}", recorded.misuses());
    assert_eq!(recorded.released().len(), 1);
}

/// A launch is not interrupted: pressed again, Ctrl-C ends the process in the middle of it.
#[test]
fn ctrl_c_twice_ends_a_launch() {
    let place = Place::new();
    let arguments = samples(POISSON, ["600", "1000000"], &["--device", "cuda"]);
    let mut child = place.command("", &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    while !place.driver.has_launched() {
        assert!(child.try_wait().expect("our own process").is_none(), "ended before its launch");
        std::thread::yield_now();
    }
    let code = loop {
        // Signals that come too fast are one.
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
        match child.try_wait().expect("our own process") {
            Some(end) => break end.code(),
            None => assert!(sent.success()),
        }
    };
    assert_eq!(code, Some(130));
    assert!(!place.has("s.npy") && place.driver.recorded().misuses().is_empty());
}
