//! How a run ends when the world does not cooperate: folders that cannot be written, full disks, Ctrl-C.

#[cfg(unix)]
use crate::command::genphys;
use crate::command::{Folder, POISSON, refused};

fn sample(out: &str) -> Vec<&str> {
    vec!["sample", POISSON, "--data", "builtin:two_points", "-n", "20", "--no-plot", "--out", out]
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    folder.file("file", "not a folder");
    refused(&folder.run(&sample("file/samples.npy")), &["file/samples.npy", "cannot write", "not a folder"]);
    std::fs::create_dir(folder.path().join("folder.npy")).expect("a folder");
    refused(&folder.run(&sample("folder.npy")), &["folder.npy", "add a file name"]);
    assert_eq!(folder.names(), ["file", "folder.npy"]);
}

/// Skipped for the superuser, whom permissions do not bind.
#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).expect("a folder");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).expect("our own folder");
    if std::fs::write(locked.join("probe"), "").is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        return;
    }
    refused(&folder.run(&sample("locked/samples.npy")), &["locked/samples.npy", "may write to"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_with_a_remedy() {
    let folder = Folder::new();
    refused(&folder.run(&sample("/dev/full")), &["/dev/full", "No space left", "free some space"]);
}

/// The shell limits the size of files, which fails a write as a disk that fills up on the way does.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_leaves_what_was_there() {
    let folder = Folder::new();
    folder.file("samples.npy", "old");
    let binary = genphys().get_program().to_string_lossy().into_owned();
    let script = format!("trap '' XFSZ; ulimit -f 1; exec '{binary}' \"$@\"");
    let arguments =
        ["sample", POISSON, "--data", "builtin:two_points", "-n", "1000", "--no-plot", "--out", "samples.npy"];
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script, "sh"]).args(arguments).current_dir(folder.path()).env("GENPHYS_CACHE_DIR", "");
    let output = shell.output().expect("a shell");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("samples.npy") && err.contains("free some space"), "{err}");
    assert_eq!(std::fs::read(folder.path().join("samples.npy")).expect("still there"), b"old");
    assert_eq!(folder.names(), ["samples.npy"], "no temporary file is left");
}

/// Waits for the first line of progress, so that the signal arrives in the middle of the run.
#[cfg(unix)]
#[test]
fn ctrl_c_saves_what_exists() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let arguments = ["sample", POISSON, "--data", "builtin:digits", "-n", "50", "--steps", "1000000", "--out", "s.npy"];
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
    assert!(line.starts_with("step 1 of 1000000"), "{line}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let mut rest = String::new();
    err.read_to_string(&mut rest).expect("the last words");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{rest}");
    assert!(rest.contains("interrupted") && rest.contains("s.state") && rest.contains("--resume"), "{rest}");
    assert_eq!(folder.names(), ["s.state"]);
}

/// A reader that stops early is no error.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::Stdio;
    let mut child =
        genphys().args(["explain", POISSON]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
