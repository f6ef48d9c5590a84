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
