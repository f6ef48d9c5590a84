//! Drivers and devices that are not what they should be.

use super::{Place, field, sample};
use crate::command::{POISSON, refused};

/// Runs on the CPU by `auto`, and says why in one line; refused where a GPU was asked for.
#[test]
fn why_there_is_no_device_is_said_in_one_line() {
    let place = Place::new();
    for (plan, why) in [
        ("version=8050", "the CUDA driver is of version 8.5, and 11.2 is needed"),
        ("version=11010", "the CUDA driver is of version 11.1, and 11.2 is needed"),
        ("gpus=none", "the CUDA driver finds no GPU"),
        ("gpus=3.7", "Simulated GPU 0 is of compute capability 3.7, and 7.0 is needed"),
        ("gpus=6.1,3.7", "Simulated GPU 0 is of compute capability 6.1, and 7.0 is needed"),
        ("fail=cuInit:803", "the CUDA driver fails: system has unsupported display driver / cuda driver combination"),
        // The library of the toolkit that programs are linked against has every call, and none works.
        ("fail=cuDriverGetVersion:34 fail=cuGetErrorString:34", "the CUDA driver fails: error 34"),
        (
            "fail=cuDevicePrimaryCtxRetain:46",
            "the CUDA driver fails: CUDA-capable device(s) is/are busy or unavailable",
        ),
        ("fail=cuDevicePrimaryCtxRetain:2", "the CUDA driver fails: out of memory"),
    ] {
        let (run, _) = place.run(plan, &field(POISSON, &["--device", "cuda"]));
        refused(&run, &[&format!("--device cuda: {why}\n"), "--device auto takes the CPU then"]);
        assert!(!place.has("f.npz"));
        let (said, recorded) = place.succeed(plan, &field(POISSON, &["--device", "auto"]));
        assert_eq!(said, format!("note: runs on the CPU: {why}\n"));
        assert!(recorded.launched().is_empty());
        std::fs::remove_file(place.folder.path().join("f.npz")).expect("written on the CPU");
    }
}

#[test]
fn devices_are_chosen_by_their_number() {
    let place = Place::new();
    let run = |plan: &str, device: &str| place.run(plan, &field(POISSON, &["--device", device])).0;
    refused(&run("", "cuda:1"), &["--device cuda:1: there is no GPU 1; 1 can be seen, counted from 0"]);
    refused(&run("", "cuda:0,1"), &["there is no GPU 1; 1 can be seen"]);
    refused(&run("gpus=3.7,8.0", "cuda:0"), &["Simulated GPU 0 is of compute capability 3.7"]);
    // What can be used is used.
    for (device, said) in [("cuda:1", ""), ("cuda", ""), ("auto", "note: runs on Simulated GPU 1\n")] {
        let run = run("gpus=3.7,8.0", device);
        assert_eq!((run.code, run.err.as_str()), (0, said), "{device}");
    }
    let both = run("gpus=8.0,9.0", "auto");
    assert_eq!(both.err, "note: runs on 2 GPUs: Simulated GPU 0, Simulated GPU 1\n");
}

#[test]
fn a_text_that_is_refused_is_shown_at_its_line() {
    let place = Place::new();
    for arguments in [field(POISSON, &["--device", "cuda"]), sample(POISSON, &["--device", "cuda"])] {
        let mut command = place.command("refuse=2", &arguments);
        let (run, recorded) = place.end(command.env("GENPHYS_CACHE_DIR", place.folder.path().join("cache")));
        let line = "ptxas application ptx input, line 2; error   : Unknown symbol '%planned'\n  2 | .version 6.0\n";
        refused(
            &run,
            &["the driver refuses kernel `cauchy_field`: a PTX JIT compilation failed\n", line, "--device cpu"],
        );
        assert!(recorded.launched().is_empty() && !place.has("f.npz") && !place.has("s.npy"));
    }
}

/// A launch fails when others have begun: nothing of it may be taken for a result.
#[test]
fn a_launch_that_fails_leaves_nothing() {
    let place = Place::new();
    let two = "gpus=8.0,8.0";
    for (plan, arguments) in [
        ("fault=1", field(POISSON, &["--device", "cuda"])),
        ("fault=1", sample(POISSON, &["--device", "cuda"])),
        ("gpus=8.0,8.0 fault=2", sample(POISSON, &["--device", "cuda:0,1"])),
        ("fault=1", vec!["plot", POISSON, "--what", "density", "--out", "p.png", "--device", "cuda"]),
        ("fault=1", vec!["plot", POISSON, "--what", "kernel", "--out", "p.png", "--device", "cuda"]),
        ("fault=1", vec!["compare", POISSON, "--data", "data.npy", "--seeds", "2", "-n", "20", "--device", "cuda"]),
    ] {
        let (run, recorded) = place.run(plan, &arguments);
        refused(&run, &["an illegal memory access was encountered\n", "help: --device cpu does without a GPU"]);
        assert!(!["f.npz", "s.npy", "s.state", "p.png"].iter().any(|name| place.has(name)), "{arguments:?}");
        assert_eq!(recorded.released().len(), if plan.starts_with(two) { 2 } else { 1 }, "given back all the same");
    }
}

/// Whichever call fails, for whichever reason: there is one message, or the very same file.
#[test]
fn every_call_may_fail() {
    let place = Place::new();
    let arguments = field(POISSON, &["--device", "cuda"]);
    place.succeed("", &arguments);
    let expected = place.bytes("f.npz");
    let mut refusals = 0;
    for call in simulated_driver::CALLS {
        // A wrong argument, no memory, a launch that has failed.
        for status in [1, 2, 719] {
            std::fs::remove_file(place.folder.path().join("f.npz")).ok();
            let mut command = place.command(&format!("fail={call}:{status}"), &arguments);
            // What fails cannot be given back: that this is misuse is not looked at here.
            let output = command.env("GENPHYS_CACHE_DIR", place.folder.path().join("cache")).output().expect("starts");
            let err = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => assert!(place.bytes("f.npz") == expected, "{call} {status}"),
                Some(2) => {
                    let errors = err.lines().filter(|line| line.starts_with("error: ")).count();
                    assert!(errors == 1 && !place.has("f.npz"), "{call} {status}: {err}");
                    refusals += 1;
                }
                other => panic!("{call} {status} ends with {other:?}: {err}"),
            }
            std::fs::remove_dir_all(place.folder.path().join("cache")).ok();
        }
    }
    assert!(refusals > 30, "{refusals}");
}

/// The bytes that the data and the results of a run take, by a run with room.
fn peak(place: &Place, arguments: &[&str]) -> usize {
    let (_, recorded) = place.succeed("", arguments);
    recorded.released().first().expect("a device").1
}

#[test]
fn short_memory_halves_the_queries_says_so_once_and_changes_no_bit() {
    let place = Place::new();
    let arguments = field(POISSON, &["--device", "cuda"]);
    let room = peak(&place, &arguments);
    let expected = place.bytes("f.npz");
    for pools in ["", "pools=no"] {
        let (said, recorded) = place.succeed(&format!("memory={} {pools}", room - 1), &arguments);
        assert_eq!(said, "note: the GPU's memory ran short: points were taken 32 at a time\n");
        assert!(place.bytes("f.npz") == expected && recorded.launched().len() == 2);
    }
    let (run, _) = place.run("memory=64", &arguments);
    refused(&run, &["the GPU's memory is full: 20 sources do not fit; fewer data points, or --device cpu"]);
    let (run, _) = place.run("fail=cuMemcpyHtoDAsync_v2:2", &arguments);
    refused(&run, &["the GPU's memory is full"]);
    let (run, _) = place.run("fail=cuModuleLoadData:2", &arguments);
    refused(&run, &["the GPU's memory is full: the instructions of kernel `cauchy_field` do not fit"]);
    let (run, _) = place.run("fail=cuLaunchKernel:2", &arguments);
    refused(&run, &["the GPU's memory is full: the sums of a single query do not fit"]);
}

#[test]
fn short_memory_halves_the_particles_says_so_once_and_changes_no_bit() {
    let place = Place::new();
    let arguments = sample(POISSON, &["--device", "cuda"]);
    let room = peak(&place, &arguments);
    let expected = place.bytes("s.npy");
    let (said, _) = place.succeed(&format!("memory={}", room - 1), &arguments);
    let note = "the GPU: memory ran short, so that particles were taken 300 at a time";
    assert!(said.matches("memory").count() == 1 && said.contains(note), "{said}");
    assert!(place.bytes("s.npy") == expected);
    let (run, _) = place.run(&format!("memory={}", room / 3), &arguments);
    refused(&run, &["the GPU's memory is full: ", " particles do not fit"]);
}
