//! Finding a device.

use std::sync::Arc;

use cudarc::driver::{CudaContext, DriverError, sys};

/// The driver that first knows whether a device has pools of memory, which cudarc asks for: CUDA 11.2. Texts of PTX 6.0 are older.
const LEAST_DRIVER: i32 = 11020;
/// The compute capability that the texts are for.
const LEAST_CAPABILITY: (i32, i32) = (7, 0);

/// A GPU.
#[derive(Clone, Debug)]
pub struct Device {
    pub(super) context: Arc<CudaContext>,
    name: String,
    /// The driver and the capability: what code for the device depends on beside its text.
    pub(super) target: String,
}

/// Why there is no device, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDevice {
    /// The driver's library is not there.
    #[error("there is no CUDA driver on this machine")]
    NoDriver,
    /// The driver is older than what it is asked for.
    #[error("the CUDA driver is of version {}.{}, and 11.2 is needed", version / 1000, version % 1000 / 10)]
    OldDriver {
        /// 1000 times the major version plus 10 times the minor one.
        version: i32,
    },
    /// There is a driver, and nothing it drives.
    #[error("the CUDA driver finds no GPU")]
    NoGpu,
    /// No device has this number.
    #[error("there is no GPU {ordinal}; {count} can be seen, counted from 0")]
    NoSuchGpu {
        /// The number asked for.
        ordinal: usize,
        /// How many there are.
        count: usize,
    },
    /// The device is older than the texts.
    #[error("{name} is of compute capability {}.{}, and 7.0 is needed", capability.0, capability.1)]
    OldGpu {
        /// Its name.
        name: String,
        /// Its compute capability.
        capability: (i32, i32),
    },
    /// Anything else that the driver reports.
    #[error("the CUDA driver fails: {0}")]
    Driver(String),
}

impl Device {
    /// The device of this number, from 0.
    ///
    /// # Errors
    /// [`NoDevice`], among others on a machine without CUDA.
    pub fn open(ordinal: usize) -> Result<Device, NoDevice> {
        let count = count()?;
        if ordinal >= count {
            return Err(NoDevice::NoSuchGpu { ordinal, count });
        }
        let context = CudaContext::new(ordinal).map_err(|e| NoDevice::Driver(explain(e)))?;
        let name = context.name().map_err(|e| NoDevice::Driver(explain(e)))?;
        let capability = context.compute_capability().map_err(|e| NoDevice::Driver(explain(e)))?;
        if capability < LEAST_CAPABILITY {
            return Err(NoDevice::OldGpu { name, capability });
        }
        let target = format!("CUDA driver {}, sm_{}{}", driver_version()?, capability.0, capability.1);
        Ok(Device { context, name, target })
    }

    /// All devices that can be used, at least one, in the order of their numbers; those that cannot are left out.
    ///
    /// # Errors
    /// [`NoDevice`], that of the first device if none can be used.
    pub fn all() -> Result<Vec<Device>, NoDevice> {
        usable((0..count()?).map(Device::open))
    }

    /// The name that the manufacturer gave it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The devices that are there; the first reason why one is not, if there are none.
fn usable<T>(opened: impl IntoIterator<Item = Result<T, NoDevice>>) -> Result<Vec<T>, NoDevice> {
    let (mut devices, mut reason) = (Vec::new(), NoDevice::NoGpu);
    for device in opened {
        match device {
            Ok(device) => devices.push(device),
            Err(e) if reason == NoDevice::NoGpu => reason = e,
            Err(_) => {}
        }
    }
    if devices.is_empty() { Err(reason) } else { Ok(devices) }
}

/// 1000 times the major version of the driver plus 10 times the minor one.
fn driver_version() -> Result<i32, NoDevice> {
    // Every other call of the driver panics without its library.
    // SAFETY: asks whether a shared library of that name can be opened, and closes it.
    if !unsafe { sys::is_culib_present() } {
        return Err(NoDevice::NoDriver);
    }
    let mut version = 0;
    // SAFETY: writes one integer to a valid place; the library has been found, and needs no initialisation for it.
    let asked = unsafe { sys::cuDriverGetVersion(&mut version) }.result();
    asked.map_err(|e| NoDevice::Driver(explain(e)))?;
    Ok(version)
}

/// How many devices the driver finds, at least one.
fn count() -> Result<usize, NoDevice> {
    let version = driver_version()?;
    if version < LEAST_DRIVER {
        return Err(NoDevice::OldDriver { version });
    }
    match CudaContext::device_count() {
        Ok(count) => usize::try_from(count).ok().filter(|count| *count > 0).ok_or(NoDevice::NoGpu),
        Err(DriverError(sys::CUresult::CUDA_ERROR_NO_DEVICE)) => Err(NoDevice::NoGpu),
        Err(e) => Err(NoDevice::Driver(explain(e))),
    }
}

/// The driver's words for an error.
pub(super) fn explain(error: DriverError) -> String {
    let words = error.error_string().map(|text| text.to_string_lossy().into_owned());
    words.unwrap_or_else(|_| format!("error {}", error.0 as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_device_the_reason_is_one_line() {
        // With a device, the one behind the last is missing.
        let reason = Device::open(1 << 20).expect_err("no machine has so many").to_string();
        assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
    }

    #[test]
    fn what_cannot_be_used_is_left_out_as_long_as_something_can() {
        let old = |name: &str| NoDevice::OldGpu { name: name.into(), capability: (3, 7) };
        assert_eq!(usable([Err(old("a")), Ok(1), Err(old("b")), Ok(3)]), Ok(vec![1, 3]));
        assert_eq!(usable::<u32>([Err(old("a")), Err(old("b"))]), Err(old("a")));
        assert_eq!(usable::<u32>([]), Err(NoDevice::NoGpu));
    }

    #[test]
    fn versions_read_as_versions() {
        assert_eq!(
            NoDevice::OldDriver { version: 8050 }.to_string(),
            "the CUDA driver is of version 8.5, and 11.2 is needed"
        );
        let old = NoDevice::OldGpu { name: "Tesla K80".into(), capability: (3, 7) };
        assert_eq!(old.to_string(), "Tesla K80 is of compute capability 3.7, and 7.0 is needed");
    }
}
