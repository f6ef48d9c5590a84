//! `genphys emit SPEC --target ...`: a compiled form as text.

use super::arguments::{Emit, Target};
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, model, spec};
use genphys::io::write_bytes;
use genphys::report::{Report, latex};
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::codegen::{Target as _, avx2::Avx2, clif::Cranelift, rust::Rust};
use genphys_compiler::{Analysis, Budget, analyze};
use genphys_runtime::cpu::host_target;
use serde_json::json;

/// Runs the command.
pub fn run(command: &Emit, console: &Console) -> Result<Outcome, Failure> {
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    if command.fast_math && command.target != Target::Ptx {
        return Err(Failure::input("--fast-math is for --target ptx"));
    }
    let text = text(command, &analysis)?;
    match &command.out {
        Some(path) => write_bytes(path, text.as_bytes())?,
        // The JSON target is JSON already.
        None if console.json() && command.target != Target::Json => console.print_json(&json!({"text": text}))?,
        None => console.print(&text)?,
    }
    Ok(Outcome::Expected)
}

fn text(command: &Emit, analysis: &Analysis) -> Result<String, Failure> {
    match command.target {
        Target::Json => {
            let json = serde_json::to_string_pretty(&Report::explained(analysis));
            json.map(|text| text + "\n").map_err(|e| Failure::Bug(e.to_string()))
        }
        Target::Latex => Ok(latex::document(analysis)),
        Target::Kernel => Ok(format!("{}\n", program(command, analysis)?.kernel)),
        Target::Rust => {
            let source = Rust.emit(&program(command, analysis)?.kernel).map_err(|e| Failure::Bug(e.to_string()))?;
            Ok(Rust::listing(&source))
        }
        Target::Clif => {
            let kernel = program(command, analysis)?.kernel;
            let target = host_target().map_err(|e| Failure::input(e.to_string()))?;
            Ok(Cranelift::listing(&target.emit(&kernel).map_err(|e| Failure::Bug(e.to_string()))?))
        }
        Target::Avx2 => {
            let function = Avx2.emit(&program(command, analysis)?.kernel).map_err(|e| Failure::input(e.to_string()))?;
            Ok(Avx2::listing(&function))
        }
        Target::Ptx => {
            let ptx = Ptx { fast_math: command.fast_math };
            let module = ptx.emit(&program(command, analysis)?.kernel).map_err(|e| Failure::input(e.to_string()))?;
            Ok(Ptx::listing(&module))
        }
    }
}

fn program(command: &Emit, analysis: &Analysis) -> Result<genphys_compiler::green::KernelProgram, Failure> {
    let model = model::new(analysis, &command.model, None)?;
    let program = model.bound().program(model::precision(command.model.precision()));
    program.map_err(|e| Failure::input(e.to_string()))
}
