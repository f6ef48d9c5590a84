//! SPEC: a `.pde` file, the equation itself, or `-` for stdin.

use super::failure::Failure;
use genphys_compiler::source::Source;
use std::io::Read;
use std::path::Path;

/// The longest text read; an equation has a few lines.
const LONGEST: u64 = 1 << 20;

/// The text that a SPEC stands for.
///
/// A SPEC that ends in `.pde` or names an existing file is a file; anything else is the equation.
///
/// # Errors
/// [`Failure`] for a file that is missing, unreadable, not text, or far too long.
pub fn load(spec: &str) -> Result<Source, Failure> {
    let path = Path::new(spec);
    if spec == "-" {
        return read("<stdin>", std::io::stdin().lock());
    }
    if spec.ends_with(".pde") || path.is_file() {
        let file = std::fs::File::open(path).map_err(|e| {
            Failure::input(format!("cannot read `{spec}`: {e}")).help("check the path of the .pde file")
        })?;
        return read(spec, file);
    }
    if spec.len() as u64 > LONGEST {
        return Err(too_long("the equation"));
    }
    Ok(Source::new("<equation>", spec))
}

fn read(name: &str, from: impl Read) -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|e| Failure::input(format!("cannot read `{name}`: {e}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(too_long(&format!("`{name}`")));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::input(format!("`{name}` is not UTF-8 text (byte {at})")).help("save the file as UTF-8")
    })?;
    Ok(Source::new(name, &text))
}

fn too_long(what: &str) -> Failure {
    Failure::input(format!("{what} is longer than {LONGEST} bytes")).help("a SPEC is one equation or one pde block")
}
