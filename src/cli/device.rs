//! `--device cpu|cuda[:K,...]|auto`: where fields are evaluated.

use super::console::Console;
use super::failure::Failure;
#[cfg(feature = "cuda")]
use genphys_runtime::gpu;

/// The processor, or GPUs.
#[derive(Clone, Debug)]
pub enum Device {
    /// The machine code of this machine.
    Cpu,
    /// PTX.
    #[cfg(feature = "cuda")]
    Cuda {
        /// At least one; they share the points of a call.
        gpus: Vec<gpu::Device>,
        /// Did the user ask for a GPU? Else what has no code for one runs on the CPU.
        is_wanted: bool,
    },
}

/// What the option asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Cpu,
    Auto,
    /// The GPUs of these numbers, or all.
    Cuda(Option<Vec<usize>>),
}

impl Device {
    /// The device asked for. `auto` tells on stderr which it is, and why it is not a GPU.
    ///
    /// # Errors
    /// [`Failure::Input`] for another word, or when a GPU is asked for that is not there.
    pub fn open(asked: &str, console: &Console) -> Result<Device, Failure> {
        match Wish::read(asked)? {
            Wish::Cpu => Ok(Device::Cpu),
            Wish::Cuda(which) => cuda(which.as_deref(), true).map_err(|why| {
                Failure::input(format!("--device {asked}: {why}")).help("--device auto takes the CPU then")
            }),
            Wish::Auto => match cuda(None, false) {
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

    /// Reads the option where nothing is evaluated that it could be about.
    ///
    /// # Errors
    /// As [`Device::open`] for another word.
    pub fn check(asked: &str) -> Result<(), Failure> {
        Wish::read(asked).map(drop)
    }

    /// For `what` there is code for the CPU only: says so, or refuses where a GPU was asked for.
    ///
    /// # Errors
    /// [`Failure::Input`].
    #[cfg_attr(not(feature = "cuda"), allow(unused_variables, reason = "there is no other device to speak of"))]
    pub fn only_cpu(&self, what: &str, console: &Console) -> Result<(), Failure> {
        match self {
            Device::Cpu => Ok(()),
            #[cfg(feature = "cuda")]
            Device::Cuda { is_wanted: true, .. } => {
                Err(Failure::input(format!("{what} runs on the CPU")).help("--device cpu"))
            }
            #[cfg(feature = "cuda")]
            Device::Cuda { is_wanted: false, .. } => {
                console.note(&format!("{what} runs on the CPU"));
                Ok(())
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Device::Cpu => "the CPU".to_owned(),
            #[cfg(feature = "cuda")]
            Device::Cuda { gpus, .. } => match &gpus[..] {
                [gpu] => gpu.name().to_owned(),
                gpus => {
                    let names: Vec<&str> = gpus.iter().map(gpu::Device::name).collect();
                    format!("{} GPUs: {}", gpus.len(), names.join(", "))
                }
            },
        }
    }
}

impl Wish {
    fn read(text: &str) -> Result<Wish, Failure> {
        let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        let numbers = |text: &str| text.split(',').map(number).collect::<Option<Vec<usize>>>();
        match (text, text.strip_prefix("cuda:").and_then(numbers)) {
            ("cpu", _) => Ok(Wish::Cpu),
            ("auto", _) => Ok(Wish::Auto),
            ("cuda", _) => Ok(Wish::Cuda(None)),
            (_, Some(numbers)) => match numbers.iter().enumerate().find(|(i, number)| numbers[..*i].contains(number)) {
                Some((_, twice)) => Err(Failure::input(format!("--device {text} names GPU {twice} twice"))),
                None => Ok(Wish::Cuda(Some(numbers))),
            },
            _ => Err(Failure::input(format!("--device needs cpu, cuda, cuda:K, cuda:K,L,... or auto, found {text}"))),
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda(which: Option<&[usize]>, is_wanted: bool) -> Result<Device, String> {
    let gpus = match which {
        Some(numbers) => numbers.iter().map(|number| gpu::Device::open(*number)).collect(),
        None => gpu::Device::all(),
    };
    gpus.map(|gpus| Device::Cuda { gpus, is_wanted }).map_err(|e| e.to_string())
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: Option<&[usize]>, _: bool) -> Result<Device, String> {
    Err("this program was built without CUDA".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_or_refused() {
        assert_eq!(Wish::read("cpu").expect("a device"), Wish::Cpu);
        assert_eq!(Wish::read("auto").expect("a device"), Wish::Auto);
        assert_eq!(Wish::read("cuda").expect("all devices"), Wish::Cuda(None));
        assert_eq!(Wish::read("cuda:3").expect("a device"), Wish::Cuda(Some(vec![3])));
        assert_eq!(Wish::read("cuda:1,0,7").expect("devices"), Wish::Cuda(Some(vec![1, 0, 7])));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:1.5", "CUDA", "cuda:0,", "cuda:0,0", "cuda:0, 1"]
        {
            assert!(Wish::read(wrong).is_err(), "{wrong}");
        }
    }
}
