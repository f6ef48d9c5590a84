//! Loading a text, or what the driver made of it before; if the driver refuses it, saying where.

use std::ffi::{CString, c_void};

use cudarc::driver::{CudaFunction, DriverError, sys};
use cudarc::nvrtc::Ptx as Image;
use genphys_compiler::codegen::ptx::PtxModule;

use super::device::{Device, explain};
use super::image::{kept, translated};
use crate::cache;
use crate::launch::DeviceError;

/// Room for what the driver says.
const LOG_BYTES: usize = 16 * 1024;

/// The entry of `module` on the device.
pub(super) fn load(device: &Device, module: &PtxModule) -> Result<CudaFunction, DeviceError> {
    let refused = |log| DeviceError::Load { kernel: module.entry.clone(), log };
    if let Some(cache) = cache::installed() {
        let key = format!("image of {} for {}\n{}", module.entry, device.target, module.text);
        let load = |image: Vec<u8>| {
            let loaded = device.context.load_module(Image::from_binary(image)).ok()?;
            loaded.load_function(&module.entry).ok()
        };
        if let Some(function) = kept(&cache, &key, load, || translated(device, &module.text)) {
            return Ok(function);
        }
    }
    let loaded = device.context.load_module(Image::from_src(module.text.clone()));
    match loaded {
        Ok(loaded) => loaded.load_function(&module.entry).map_err(|e| refused(explain(e))),
        Err(DriverError(sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => {
            Err(DeviceError::Memory { what: format!("the instructions of kernel `{}`", module.entry) })
        }
        Err(e) => Err(refused(with_lines(&format!("{}\n{}", explain(e), log(&module.text)), &module.text))),
    }
}

/// What the driver's compiler says about a text.
fn log(text: &str) -> String {
    let Ok(text) = CString::new(text) else { return "the text has a zero byte".to_owned() };
    let mut buffer = vec![0u8; LOG_BYTES];
    let mut options =
        [sys::CUjit_option_enum::CU_JIT_ERROR_LOG_BUFFER, sys::CUjit_option_enum::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
    let mut values = [buffer.as_mut_ptr().cast::<c_void>(), LOG_BYTES as *mut c_void];
    let mut module = std::ptr::null_mut();
    // SAFETY: the text ends in a zero byte; two options with their two values, the second of which is the size of the first; all outlive
    // the call. The context of the device is current, as loading has just been tried in it.
    let result = unsafe {
        sys::cuModuleLoadDataEx(&mut module, text.as_ptr().cast(), 2, options.as_mut_ptr(), values.as_mut_ptr())
    };
    if result.result().is_ok() {
        // SAFETY: the module has just been loaded and nothing refers to it. That it cannot be unloaded would change nothing here.
        let _ = unsafe { sys::cuModuleUnload(module) };
    }
    let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(LOG_BYTES);
    String::from_utf8_lossy(&buffer[..end]).trim().to_owned()
}

/// The log, each of its lines that names a line of the text followed by that one.
fn with_lines(log: &str, text: &str) -> String {
    let named = |line: &str| {
        let digits: String = line.split("line ").nth(1)?.chars().take_while(char::is_ascii_digit).collect();
        let number: usize = digits.parse().ok()?;
        Some(format!("\n  {number} | {}", text.lines().nth(number.checked_sub(1)?)?.trim()))
    };
    let lines: Vec<String> = log
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("{line}{}", named(line).unwrap_or_default()))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_the_line_of_the_text() {
        let log = "an illegal instruction\n\nptxas application ptx input, line 2; error   : Unknown opcode";
        let shown = with_lines(log, ".version 6.0\n\tadd.rx.f32 %f1, %f2;\n");
        let expected = "an illegal instruction\n\
                        ptxas application ptx input, line 2; error   : Unknown opcode\n  2 | add.rx.f32 %f1, %f2;";
        assert_eq!(shown, expected);
        assert_eq!(with_lines("at line 99", "one"), "at line 99");
    }
}
