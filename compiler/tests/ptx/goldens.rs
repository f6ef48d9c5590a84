//! The text of a few kernels, compared with that on file, which `tools/ptxas.py` has NVIDIA's assembler translate.
//!
//! `GENPHYS_BLESS=1 cargo test` writes the files anew; look at the difference before committing it.

use crate::elementwise::operations;
use crate::laws::{LAWS, program};
use crate::sampler::{self, DRAWN};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::Precision;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const HOW: &str =
    "If the change is meant, run `GENPHYS_BLESS=1 cargo test` and review the difference with `git diff tests/golden`.";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/ptx")
}

/// Every kernel on file, by its name.
fn kernels() -> BTreeMap<String, String> {
    let mut kernels = BTreeMap::new();
    for (law, text) in &LAWS[..3] {
        for dim in [2, 3] {
            let program = program(text, dim, Precision::F32);
            let mut add = |suffix: &str, target: Ptx, kernel| {
                let text = Ptx::listing(&target.emit(kernel).expect("PTX"));
                kernels.insert(format!("{law}_{dim}{suffix}.ptx"), text);
            };
            add("", Ptx::default(), &program.kernel);
            if let Some(linear) = &program.linear {
                add("_linear", Ptx::default(), linear);
            }
        }
    }
    // Bessel functions of an integer order, the longest body in few dimensions.
    let mixed = program(LAWS[4].1, 3, Precision::F32);
    kernels.insert("mixed_3.ptx".into(), Ptx::listing(&Ptx::default().emit(&mixed.kernel).expect("PTX")));
    let poisson = program(LAWS[1].1, 3, Precision::F32);
    let linear = poisson.linear.expect("linear weights in few dimensions");
    let fast = Ptx { fast_math: true }.emit(&linear).expect("PTX");
    kernels.insert("poisson_3_linear_fast.ptx".into(), Ptx::listing(&fast));
    let flow = Ptx::default().emit_flow(&linear, 2).expect("PTX");
    kernels.insert("poisson_3_linear_flow.ptx".into(), Ptx::listing(&flow));
    for (drawn, dim) in [(DRAWN[0], 3), (DRAWN[1], 2), (DRAWN[2], 2), (DRAWN[4], 3)] {
        let module = sampler::module(drawn, dim, Precision::F32);
        kernels.insert(format!("{}_{dim}_sampler.ptx", LAWS[drawn.law].0), Ptx::listing(&module));
    }
    for precision in [Precision::F32, Precision::F64] {
        let module = Ptx::default().emit(&operations(precision)).expect("PTX");
        kernels.insert(format!("operations_{precision}.ptx"), Ptx::listing(&module));
    }
    // Many dimensions share tiles.
    let tiled = program(LAWS[1].1, 64, Precision::F32);
    kernels.insert("poisson_64.ptx".into(), Ptx::listing(&Ptx::default().emit(&tiled.kernel).expect("PTX")));
    kernels
}

#[test]
fn every_text_is_the_one_on_file() {
    let asked = std::env::var_os("GENPHYS_BLESS").is_some_and(|value| value == "1");
    assert!(!(asked && std::env::var_os("CI").is_some()), "GENPHYS_BLESS is refused where CI is set");
    let mut kernels = kernels();
    if asked {
        std::fs::create_dir_all(folder()).expect("tests/golden is writable");
        for (name, text) in &kernels {
            std::fs::write(folder().join(name), text).expect("tests/golden/ptx is writable");
        }
    }
    let mut gone = Vec::new();
    for path in std::fs::read_dir(folder()).expect("the folder is there").map(|e| e.expect("an entry").path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        match kernels.remove(&name) {
            Some(text) => {
                let on_file = std::fs::read_to_string(&path).expect("readable");
                let at = text.lines().zip(on_file.lines()).position(|(now, then)| now != then);
                assert!(text == on_file, "{name} differs, from line {:?} on\n{HOW}", at.map(|at| at + 1));
            }
            None if asked => std::fs::remove_file(&path).expect("removable"),
            None => gone.push(name),
        }
    }
    assert!(gone.is_empty(), "no kernel for {gone:?}\n{HOW}");
    assert!(kernels.is_empty(), "not on file: {:?}\n{HOW}", kernels.keys());
}
