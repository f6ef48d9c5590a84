//! What a user of `genphys!` alone has to build.

use std::process::Command;

#[test]
fn the_macro_alone_needs_neither_the_jit_nor_the_command() {
    let tree = |features: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo
            .args(["tree", "--offline", "--locked", "-p", "genphys", "-e", "normal", "--prefix", "none"])
            .args(features);
        let run = cargo.output().expect("cargo runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).expect("UTF-8")
    };
    let lean = tree(&["--no-default-features", "--features", "macros"]);
    assert!(lean.contains("genphys-macros"));
    for heavy in ["cranelift", "genphys-runtime", "clap", "plotters", "ndarray", "rayon"] {
        assert!(!lean.contains(heavy), "{heavy} in\n{lean}");
    }
    // One line without anything, `genphys = "0.1"`, has both.
    let whole = tree(&[]);
    assert!(whole.contains("cranelift-jit") && whole.contains("genphys-macros"), "{whole}");
}
