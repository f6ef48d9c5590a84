//! Compiled kernels of this process, by content.
//!
//! In:   a kernel.
//! Out:  its machine code, compiled at most once while it is remembered.
//! Holds: the key is the whole text of the kernel, so that equal keys mean equal code; at most [`CAPACITY`] kernels are
//!   remembered, the least recently used is forgotten first, and its memory is freed with its last user.

use std::sync::{Arc, Mutex};

use genphys_compiler::kernel::Kernel;

use super::jit::{CompileError, Machine};

/// A field has up to three kernels, a sampler two or three fields; each takes some pages.
const CAPACITY: usize = 64;

/// Most recently used last.
static CACHE: Mutex<Vec<(String, Arc<Machine>)>> = Mutex::new(Vec::new());

/// The code of `kernel`, from the cache if it is there.
pub(super) fn compiled(kernel: &Kernel) -> Result<Arc<Machine>, CompileError> {
    remembered(kernel.to_string(), || Machine::new(kernel))
}

/// The code of a whole solver step in the field of `kernel`.
pub(super) fn compiled_step(kernel: &Kernel) -> Result<Arc<Machine>, CompileError> {
    let sums = compiled(kernel)?;
    remembered(format!("step in the field of {kernel}"), || Machine::for_step(kernel, sums))
}

fn remembered(
    text: String,
    compile: impl FnOnce() -> Result<Machine, CompileError>,
) -> Result<Arc<Machine>, CompileError> {
    if let Some(machine) = find(&text) {
        return Ok(machine);
    }
    // Compiled without the lock: another thread may do the same, and the later result is then dropped.
    let machine = Arc::new(compile()?);
    Ok(insert(text, machine))
}

fn find(text: &str) -> Option<Arc<Machine>> {
    let mut cache = CACHE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let index = cache.iter().position(|(key, _)| key == text)?;
    let entry = cache.remove(index);
    let machine = Arc::clone(&entry.1);
    cache.push(entry);
    Some(machine)
}

fn insert(text: String, machine: Arc<Machine>) -> Arc<Machine> {
    let mut cache = CACHE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some((_, earlier)) = cache.iter().find(|(key, _)| *key == text) {
        return Arc::clone(earlier);
    }
    if cache.len() == CAPACITY {
        cache.remove(0);
    }
    cache.push((text, Arc::clone(&machine)));
    machine
}

#[cfg(test)]
mod tests {
    use super::*;
    use genphys_compiler::kernel::{KernelBuilder, Output, Precision};

    fn scale(factor: f64, precision: Precision) -> Kernel {
        let mut k = KernelBuilder::map("cache_test", precision);
        let x = k.input("x");
        let y = k.scale(factor, x);
        k.finish_map(vec![Output::new("y", y)]).expect("a kernel")
    }

    #[test]
    fn equal_kernels_share_code_and_others_do_not() {
        let code = |factor, precision| compiled(&scale(factor, precision)).expect("code");
        let first = code(3.0, Precision::F64);
        assert!(Arc::ptr_eq(&first, &code(3.0, Precision::F64)));
        assert!(!Arc::ptr_eq(&first, &code(3.0f64.next_up(), Precision::F64)));
        assert!(!Arc::ptr_eq(&first, &code(3.0, Precision::F32)));
    }

    #[test]
    fn forgotten_code_is_freed_with_its_last_user() {
        let machine = compiled(&scale(5.0, Precision::F64)).expect("code");
        let freed = Arc::downgrade(&machine);
        (0..=CAPACITY).for_each(|i| drop(compiled(&scale(100.0 + i as f64, Precision::F64)).expect("code")));
        assert!(freed.upgrade().is_some(), "in use");
        drop(machine);
        assert!(freed.upgrade().is_none(), "the cache is bounded");
    }
}
