//! `--device cpu|cuda[:K]|auto`: where fields are evaluated.

use super::console::Console;
use super::failure::Failure;
#[cfg(feature = "cuda")]
use genphys_runtime::gpu;

/// The processor, or a GPU.
#[derive(Clone, Debug)]
pub enum Device {
    /// The machine code of this machine.
    Cpu,
    /// PTX.
    #[cfg(feature = "cuda")]
    Cuda(gpu::Device),
}

/// What the option asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Cpu,
    Auto,
    Cuda(usize),
}

impl Device {
    /// The device asked for. `auto` tells on stderr which it is, and why it is not a GPU.
    ///
    /// # Errors
    /// [`Failure::Input`] for another word, or when a GPU is asked for that is not there.
    pub fn open(asked: &str, console: &Console) -> Result<Device, Failure> {
        match Wish::read(asked)? {
            Wish::Cpu => Ok(Device::Cpu),
            Wish::Cuda(ordinal) => cuda(ordinal).map_err(|why| {
                Failure::input(format!("--device {asked}: {why}")).help("--device auto takes the CPU then")
            }),
            Wish::Auto => match cuda(0) {
                Ok(device) => {
                    console.note(&format!("runs on {}", device.name()));
                    Ok(device)
                }
                Err(why) => {
                    console.note(&format!("runs on the CPU: {why}"));
                    Ok(Device::Cpu)
                }
            },
        }
    }

    fn name(&self) -> &str {
        match self {
            Device::Cpu => "the CPU",
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => device.name(),
        }
    }
}

impl Wish {
    fn read(text: &str) -> Result<Wish, Failure> {
        let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        match (text, text.strip_prefix("cuda:").and_then(number)) {
            ("cpu", _) => Ok(Wish::Cpu),
            ("auto", _) => Ok(Wish::Auto),
            ("cuda", _) => Ok(Wish::Cuda(0)),
            (_, Some(ordinal)) => Ok(Wish::Cuda(ordinal)),
            _ => Err(Failure::input(format!("--device needs cpu, cuda, cuda:K or auto, found {text}"))),
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda(ordinal: usize) -> Result<Device, String> {
    gpu::Device::open(ordinal).map(Device::Cuda).map_err(|e| e.to_string())
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device, String> {
    Err("this program was built without CUDA".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_or_refused() {
        assert_eq!(Wish::read("cpu").expect("a device"), Wish::Cpu);
        assert_eq!(Wish::read("auto").expect("a device"), Wish::Auto);
        assert_eq!(Wish::read("cuda").expect("a device"), Wish::Cuda(0));
        assert_eq!(Wish::read("cuda:3").expect("a device"), Wish::Cuda(3));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:1.5", "CUDA"] {
            assert!(Wish::read(wrong).is_err(), "{wrong}");
        }
    }
}
