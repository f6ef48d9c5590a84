//! Most of the tests on a GPU by way of the driver's calls: this program once more, with a driver that is simulated.

use genphys_runtime::gpu::Device;
use genphys_runtime::launch::{Device as _, Numbers};
use simulated_driver::Installed;
use std::process::Command;

#[test]
fn checks_pass_by_way_of_a_driver() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("driver-{}", std::process::id()));
    let driver = Installed::new(&folder).expect("a driver");
    let mut tests = Command::new(std::env::current_exe().expect("this program"));
    // The machine alone takes ten seconds for each of two, whose launches are those of the others.
    let tests_of_the_driver = ["on_the_gpu", "--nocapture", "--skip", "every_law", "--skip", "many_sources"];
    tests.args(tests_of_the_driver).env("GENPHYS_CACHE_DIR", "");
    driver.serve(&mut tests, "gpus=8.0,8.0");
    let output = tests.output().expect("it starts");
    let recorded = driver.recorded();
    std::fs::remove_dir_all(&folder).expect("our own folder");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !err.contains("skipped"), "{out}\n{err}");
    assert!(recorded.misuses().is_empty(), "{:#?}", recorded.misuses());
    assert!(!recorded.launched().is_empty() && !recorded.released().is_empty(), "{out}");
}

mod buffers_of_two_devices {
    use super::*;

    /// They are freed on a thread that has used the other device last.
    #[test]
    fn on_the_gpu() {
        let devices = Device::all().unwrap_or_default();
        let [first, second, ..] = &devices[..] else {
            return crate::skipped(module_path!(), "there are no two GPUs");
        };
        let numbers = Numbers::F64(&[1.0, 2.0]);
        let on_first = first.upload(numbers).expect("room");
        let on_second = second.upload(numbers).expect("room");
        drop(on_first);
        drop(on_second);
        for device in [first, second] {
            // The next calls tell of what went wrong in freeing.
            let buffer = device.upload(numbers).expect("room");
            assert_eq!(device.download(&buffer).expect("numbers"), [1.0, 2.0]);
        }
    }
}
