//! Why a kernel did not run on a device.

use genphys_compiler::codegen::Unsupported;

use crate::cpu::ArgumentError;
use crate::density::FieldError;

/// Why a kernel did not run on a device.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeviceError {
    /// PTX has no form of the kernel.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// An argument does not fit the kernel.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The driver refuses the text.
    #[error("the driver refuses kernel `{kernel}`: {log}")]
    Load {
        /// Name of the kernel.
        kernel: String,
        /// What the driver says, with the line of the text that it names.
        log: String,
    },
    /// Even the least that is run at a time does not fit.
    #[error("the GPU's memory is full: {what} do not fit; fewer data points, or --device cpu")]
    Memory {
        /// What is to be held.
        what: String,
    },
    /// Things that do not fit together, which is a fault of this crate.
    #[error("{0}")]
    Fault(String),
    /// Anything else that the driver reports.
    #[error("the GPU's driver fails: {0}")]
    Driver(String),
}

impl DeviceError {
    /// Whether memory is short, so that less may do.
    pub fn is_memory(&self) -> bool {
        matches!(self, DeviceError::Memory { .. })
    }

    /// What does not fit, in the caller's words, where memory is short.
    pub(super) fn of(self, what: impl FnOnce() -> String) -> DeviceError {
        if self.is_memory() { DeviceError::Memory { what: what() } } else { self }
    }

    /// With the device it is of, one of several.
    pub(super) fn on(self, device: Option<&str>) -> DeviceError {
        match (device, self) {
            (Some(name), DeviceError::Memory { what }) => DeviceError::Memory { what: format!("{what} on {name}") },
            (Some(name), DeviceError::Driver(why)) => DeviceError::Driver(format!("{name}: {why}")),
            (_, error) => error,
        }
    }
}

impl From<DeviceError> for FieldError {
    fn from(error: DeviceError) -> FieldError {
        FieldError::Device { message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_which_of_several_devices_it_is_of() {
        let full = || DeviceError::Memory { what: "7 sources".to_owned() };
        assert_eq!(full().on(None), full());
        let error = full().on(Some("GPU 1 of 2, H100")).to_string();
        assert!(error.contains("7 sources on GPU 1 of 2, H100 do not fit") && !error.contains('\n'), "{error}");
    }
}
