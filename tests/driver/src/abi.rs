//! The calls of the driver's C interface, as many as genphys and cudarc make; a program that makes another finds no such symbol.
//!
//! In:   what C programs pass: numbers, handles, addresses of the host.
//! Out:  what [`Driver`] answers.
//! Holds: every signature is that of NVIDIA's header, compared when this is compiled; no panic leaves a call; a handle is a number, and
//!   no address of anything.

use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::without_provenance_mut;
use std::sync::{LazyLock, Mutex, PoisonError};

use cudarc::driver::sys::{
    self, CUcontext, CUdevice, CUdevice_attribute, CUdeviceptr, CUevent, CUfunction, CUjit_option, CUjitInputType,
    CUlinkState, CUmodule, CUresult, CUstream,
};

use crate::host::{is_there, list, put, put_log, read, text};
use crate::image::{FIRST, HEADER, Header};
use crate::machine::Type;
use crate::memory::Origin;
use crate::state::{Driver, Shape};
use crate::status::{Answer, words};

static DRIVER: LazyLock<Mutex<Driver>> = LazyLock::new(|| Mutex::new(Driver::of_environment()));

/// Answers a call, one at a time.
fn answer(call: &'static str, since: i32, body: impl FnOnce(&mut Driver) -> Answer) -> CUresult {
    let mut driver = DRIVER.lock().unwrap_or_else(PoisonError::into_inner);
    let answered = catch_unwind(AssertUnwindSafe(|| {
        driver.enter(call, since)?;
        body(&mut driver)
    }));
    match answered {
        Ok(Ok(())) => CUresult::CUDA_SUCCESS,
        Ok(Err(status)) => status,
        Err(_) => driver.misuse("the simulated driver is at fault", CUresult::CUDA_ERROR_UNKNOWN),
    }
}

/// The exported functions: name, arguments, the version of the driver that knows it first, what it does.
macro_rules! calls {
    ($(fn $name:ident[$driver:ident]($($argument:ident: $ty:ty),*) since $since:literal $body:block)*) => { $(
        /// As in NVIDIA's reference.
        ///
        /// # Safety
        /// Addresses of the host are null, or what the reference asks for.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $ty),*) -> CUresult {
            answer(stringify!($name), $since, |$driver: &mut Driver| $body)
        }
        const _: unsafe fn($($ty),*) -> CUresult = sys::$name;
    )*
        /// The names of the calls.
        pub const CALLS: &[&str] = &[$(stringify!($name)),*];
    };
}

calls! {
    fn cuInit[driver](flags: c_uint) since 2000 {
        if flags == 0 { driver.initialise() } else { Err(driver.misuse("flags", CUresult::CUDA_ERROR_INVALID_VALUE)) }
    }

    fn cuDriverGetVersion[driver](version: *mut c_int) since 2020 {
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, version, driver.plan.version) }
    }

    fn cuGetErrorString[driver](error: CUresult, text: *mut *const c_char) since 6000 {
        let (_, said) = words(error).ok_or(CUresult::CUDA_ERROR_INVALID_VALUE)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, text, said.as_ptr()) }
    }

    fn cuGetErrorName[driver](error: CUresult, text: *mut *const c_char) since 6000 {
        let (name, _) = words(error).ok_or(CUresult::CUDA_ERROR_INVALID_VALUE)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, text, name.as_ptr()) }
    }

    fn cuDeviceGetCount[driver](count: *mut c_int) since 2000 {
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, count, driver.count() as c_int) }
    }

    fn cuDeviceGet[driver](device: *mut CUdevice, ordinal: c_int) since 2000 {
        driver.device(ordinal)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, device, ordinal) }
    }

    fn cuDeviceGetName[driver](name: *mut c_char, length: c_int, device: CUdevice) since 2000 {
        let text = format!("Simulated GPU {}\0", driver.device(device)?);
        if usize::try_from(length).is_ok_and(|length| length >= text.len()) && !name.is_null() {
            // SAFETY: the caller has so many bytes there, and the text is not longer.
            unsafe { name.copy_from_nonoverlapping(text.as_ptr().cast(), text.len()) };
            return Ok(());
        }
        Err(driver.misuse("no room for the name", CUresult::CUDA_ERROR_INVALID_VALUE))
    }

    fn cuDeviceGetAttribute[driver](value: *mut c_int, attribute: CUdevice_attribute, device: CUdevice) since 2000 {
        let (major, minor) = { let device = driver.device(device)?; driver.capability(device) };
        let asked = match attribute {
            CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR => major,
            CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR => minor,
            // An older driver does not know what it is asked for.
            CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED if driver.plan.version >= 11020 => {
                c_int::from(driver.plan.has_pools)
            }
            _ => return Err(driver.misuse("an unknown attribute", CUresult::CUDA_ERROR_INVALID_VALUE)),
        };
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, value, asked) }
    }

    fn cuDevicePrimaryCtxRetain[driver](context: *mut CUcontext, device: CUdevice) since 7000 {
        let device = driver.device(device)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, context, handle(device as u64 + 1)) }?;
        driver.retain(device);
        Ok(())
    }

    fn cuDevicePrimaryCtxRelease_v2[driver](device: CUdevice) since 11000 {
        let device = driver.device(device)?;
        driver.release(device)
    }

    fn cuCtxGetCurrent[driver](context: *mut CUcontext) since 4000 {
        let current = driver.current().map_or(0, |device| device as u64 + 1);
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, context, handle(current)) }
    }

    fn cuCtxSetCurrent[driver](context: CUcontext) since 4000 {
        driver.set_current(context.addr().checked_sub(1))
    }

    fn cuStreamSynchronize[driver](stream: CUstream) since 2000 {
        let device = driver.on_stream(stream.is_null())?;
        if let Some((place, bytes)) = driver.synchronise(device)?.and_then(|copy| copy.to_host) {
            // SAFETY: the thread that waits has begun this copy, made no other call since, and keeps the memory for it until it is done.
            unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        Ok(())
    }

    fn cuEventCreate[driver](event: *mut CUevent, flags: c_uint) since 2000 {
        let device = driver.working()?;
        if flags > 7 {
            return Err(driver.misuse("flags", CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        let made = driver.new_event(device);
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, event, handle(made)) }
    }

    fn cuEventDestroy_v2[driver](event: CUevent) since 4000 {
        driver.working()?;
        driver.remove_event(event.addr() as u64)
    }

    fn cuMemAlloc_v2[driver](address: *mut CUdeviceptr, bytes: usize) since 3020 {
        let device = driver.working()?;
        let made = driver.allocate(device, bytes, Origin::Direct)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, address, made) }
    }

    fn cuMemAllocAsync[driver](address: *mut CUdeviceptr, bytes: usize, stream: CUstream) since 11020 {
        let device = driver.on_stream(stream.is_null())?;
        let made = driver.allocate(device, bytes, Origin::Pool)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, address, made) }
    }

    fn cuMemFree_v2[driver](address: CUdeviceptr) since 3020 {
        let device = driver.working()?;
        driver.free(device, address, Origin::Direct)
    }

    fn cuMemFreeAsync[driver](address: CUdeviceptr, stream: CUstream) since 11020 {
        let device = driver.on_stream(stream.is_null())?;
        driver.free(device, address, Origin::Pool)
    }

    fn cuMemsetD8Async[driver](address: CUdeviceptr, byte: c_uchar, count: usize, stream: CUstream) since 3020 {
        let device = driver.on_stream(stream.is_null())?;
        driver.bytes_mut(device, address, count)?.fill(byte);
        Ok(())
    }

    fn cuMemcpyHtoDAsync_v2[driver](to: CUdeviceptr, from: *const c_void, count: usize, stream: CUstream) since 3020 {
        let device = driver.on_stream(stream.is_null())?;
        is_there(driver, from)?;
        let bytes = driver.bytes_mut(device, to, count)?;
        // SAFETY: the caller has so many bytes there until the copy is done; what is in them is read as bytes.
        let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), count) };
        bytes.copy_from_slice(from);
        driver.begin_copy(device, None);
        Ok(())
    }

    fn cuMemcpyDtoHAsync_v2[driver](to: *mut c_void, from: CUdeviceptr, count: usize, stream: CUstream) since 3020 {
        let device = driver.on_stream(stream.is_null())?;
        is_there(driver, to)?;
        let bytes = driver.bytes_mut(device, from, count)?.to_vec();
        // What is there before the copy is done means nothing.
        // SAFETY: the caller has room for so many bytes there until the copy is done.
        unsafe { to.cast::<u8>().write_bytes(0xFF, count) };
        driver.begin_copy(device, Some((to.cast(), bytes)));
        Ok(())
    }

    fn cuModuleLoadData[driver](module: *mut CUmodule, image: *const c_void) since 2000 {
        let device = driver.working()?;
        // SAFETY: the caller's promise, passed on.
        let made = unsafe { load(driver, device, image) }?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, module, handle(made)) }
    }

    fn cuModuleLoadDataEx[driver](
        module: *mut CUmodule, image: *const c_void, count: c_uint, options: *mut CUjit_option, values: *mut *mut c_void
    ) since 2010 {
        let device = driver.working()?;
        // SAFETY: the caller has `count` options and as many values there.
        let (options, values) = unsafe { (list(options, count), list(values, count)) };
        // SAFETY: the caller's promise, passed on.
        let made = unsafe { load(driver, device, image) };
        if let (Err(_), Some(said)) = (&made, driver.refusal()) {
            // SAFETY: as above; a buffer for the log has the size that another option says.
            unsafe { put_log(driver, options, values, &said) }?;
        }
        let made = made?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, module, handle(made)) }
    }

    fn cuModuleGetFunction[driver](function: *mut CUfunction, module: CUmodule, name: *const c_char) since 2000 {
        driver.working()?;
        // SAFETY: the caller has a string there.
        let name = unsafe { text(driver, name) }?;
        let found = driver.function(module.addr() as u64, name)?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, function, handle(found)) }
    }

    fn cuModuleUnload[driver](module: CUmodule) since 2000 {
        let device = driver.working()?;
        driver.unload(device, module.addr() as u64)
    }

    fn cuLinkCreate_v2[driver](
        count: c_uint, options: *mut CUjit_option, values: *mut *mut c_void, state: *mut CUlinkState
    ) since 6050 {
        let device = driver.working()?;
        no_options(driver, count, options, values)?;
        let made = driver.new_link(device);
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, state, handle(made)) }
    }

    fn cuLinkAddData_v2[driver](
        state: CUlinkState, kind: CUjitInputType, data: *mut c_void, size: usize, name: *const c_char, count: c_uint,
        options: *mut CUjit_option, values: *mut *mut c_void
    ) since 6050 {
        driver.working()?;
        no_options(driver, count, options, values)?;
        // SAFETY: the caller has a string there.
        unsafe { text(driver, name) }?;
        if kind != CUjitInputType::CU_JIT_INPUT_PTX || data.is_null() {
            return Err(driver.misuse("no text", CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        // SAFETY: the caller has so many bytes there.
        let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
        match CStr::from_bytes_with_nul(bytes).map(CStr::to_str) {
            Ok(Ok(text)) => driver.add_text(state.addr() as u64, text),
            _ => Err(driver.misuse("a text ends in its only zero", CUresult::CUDA_ERROR_INVALID_VALUE)),
        }
    }

    fn cuLinkComplete[driver](state: CUlinkState, image: *mut *mut c_void, size: *mut usize) since 5050 {
        driver.working()?;
        let made = driver.complete(state.addr() as u64)?;
        let (place, length) = (made.as_mut_ptr(), made.len());
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, image, place.cast()) }?;
        // SAFETY: the caller has a place for it.
        unsafe { put(driver, size, length) }
    }

    fn cuLinkDestroy[driver](state: CUlinkState) since 5050 {
        driver.working()?;
        driver.remove_link(state.addr() as u64)
    }

    fn cuLaunchKernel[driver](
        function: CUfunction, columns: c_uint, rows: c_uint, layers: c_uint, x: c_uint, y: c_uint, z: c_uint,
        shared_bytes: c_uint, stream: CUstream, arguments: *mut *mut c_void, extra: *mut *mut c_void
    ) since 4000 {
        let device = driver.on_stream(stream.is_null())?;
        let (function, shape) =
            (function.addr() as u64, Shape { grid: [columns, rows, layers], block: [x, y, z], shared_bytes });
        let types = driver.parameters(device, function, shape)?;
        // SAFETY: the caller has an address for every parameter of the function there.
        let places = unsafe { list(arguments, types.len() as c_uint) };
        if !extra.is_null() || places.len() != types.len() || places.iter().any(|place| place.is_null()) {
            return Err(driver.misuse("an argument is missing", CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        // SAFETY: as above; behind the address is a value of the parameter's type.
        let read = |(ty, place): (&Type, &*mut c_void)| (*ty, unsafe { read(*ty, *place) });
        let arguments: Vec<(Type, u64)> = types.iter().zip(places).map(read).collect();
        driver.launch(device, function, shape, &arguments)
    }
}

/// A handle of a number; null for 0.
fn handle<T>(number: u64) -> *mut T {
    without_provenance_mut(number as usize)
}

/// A module of a text, or of an image.
///
/// # Safety
/// There is a string, or an image that this driver has made, of which only bytes may have changed behind the first.
unsafe fn load(driver: &mut Driver, device: usize, place: *const c_void) -> Answer<u64> {
    // SAFETY: the caller's promise: there is at least one byte.
    if !place.is_null() && unsafe { place.cast::<u8>().read() } == FIRST {
        // SAFETY: what begins so is an image, and no image is shorter than its header.
        let header = Header::read(unsafe { &*place.cast::<[u8; HEADER]>() });
        // SAFETY: a header that is as it was written says how many bytes follow.
        let rest =
            |header: Header| unsafe { std::slice::from_raw_parts(place.cast::<u8>().add(HEADER), header.length) };
        return driver.load_image(device, header.map(|header| (header, rest(header))));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { text(driver, place.cast()) }?;
    driver.load_text(device, text)
}

/// The linker is asked for nothing in particular.
fn no_options(driver: &mut Driver, count: c_uint, options: *mut CUjit_option, values: *mut *mut c_void) -> Answer {
    if count == 0 && options.is_null() && values.is_null() {
        return Ok(());
    }
    Err(driver.misuse("options that are not simulated", CUresult::CUDA_ERROR_INVALID_VALUE))
}
