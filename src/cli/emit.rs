//! `genphys emit SPEC --target ...`: a compiled form as text.

use super::arguments::{Emit, Solver, Target};
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, model, sample, spec};
use genphys::io::write_bytes;
use genphys::report::{Report, latex};
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::codegen::{Target as _, avx2::Avx2, clif::Cranelift, rust::Rust};
use genphys_compiler::green::Bound;
use genphys_compiler::{Analysis, Budget, analyze};
use genphys_runtime::cpu::host_target;
use genphys_runtime::launch::Texts;
use serde_json::json;

/// Runs the command.
pub fn run(command: &Emit, console: &Console) -> Result<Outcome, Failure> {
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    if command.fast_math && command.target != Target::Ptx {
        return Err(Failure::input("--fast-math is for --target ptx"));
    }
    if command.sampler.is_some() && command.target != Target::Ptx {
        return Err(Failure::input("--sampler is for --target ptx"));
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
            // The kernel that runs where sums do not underflow.
            let program = program(command, analysis)?;
            let function = Avx2.emit(program.linear.as_ref().unwrap_or(&program.kernel));
            Ok(Avx2::listing(
                &function.map_err(|e| Failure::input(e.to_string()).help("--target clif has all kernels"))?,
            ))
        }
        Target::Ptx => {
            let ptx = Ptx { fast_math: command.fast_math };
            if let Some(solver) = command.sampler {
                return sampler(command, analysis, ptx, solver);
            }
            let module = ptx.emit(&program(command, analysis)?.kernel).map_err(|e| Failure::input(e.to_string()))?;
            Ok(Ptx::listing(&module))
        }
    }
}

/// The draw of the prior and all steps; of a law that is not drawn on a device, the steps.
fn sampler(command: &Emit, analysis: &Analysis, ptx: Ptx, solver: Solver) -> Result<String, Failure> {
    let model = model::new(analysis, &command.model, None)?.at_rest();
    let precision = model::precision(command.model.precision());
    let program = |bound: &Bound| bound.program(precision).map_err(|e| Failure::input(e.to_string()));
    let law = model.forward_law();
    let heavier = model.bound().heavier().map(|heavier| program(&heavier)).transpose()?;
    let drawn_from = law.heavier().filter(|_| heavier.is_some()).unwrap_or(law);
    let stages = sample::tableau(solver)?.stages();
    let texts = Texts::new(ptx, &program(model.bound())?, heavier.as_ref(), &drawn_from, stages);
    let texts = texts.map_err(|e| Failure::input(e.to_string()))?;
    Ok(Ptx::listing(texts.sampler.as_ref().unwrap_or(&texts.flow)))
}

fn program(command: &Emit, analysis: &Analysis) -> Result<genphys_compiler::green::KernelProgram, Failure> {
    let model = model::new(analysis, &command.model, None)?;
    let program = model.bound().program(model::precision(command.model.precision()));
    program.map_err(|e| Failure::input(e.to_string()))
}
