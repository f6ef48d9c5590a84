//! What the driver is to be, and what is to fail: words in the environment.
//!
//! In:   `SIMULATED_DRIVER`, words `name=value` with spaces between, for example `gpus=8.0,3.7 memory=65536 fail=cuInit:999`.
//! Out:  a [`Plan`]; what is not said is as on a good day.

use cudarc::driver::sys::CUresult;

use crate::status::of_number;

/// The variable.
pub const VARIABLE: &str = "SIMULATED_DRIVER";

/// What the driver is, and what fails.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `version=12040`: 1000 times the major version plus 10 times the minor one.
    pub version: i32,
    /// `gpus=8.0,3.7`: the compute capability of every device; `gpus=none` for none.
    pub gpus: Vec<(i32, i32)>,
    /// `memory=65536`: bytes of a device's memory.
    pub memory: usize,
    /// `pools=no`: no allocations in the order of a stream.
    pub has_pools: bool,
    /// `refuse=7`: every text is refused for its line 7.
    pub refused_line: Option<usize>,
    /// `fault=2`: the second launch reads where nothing is.
    pub faulty_launch: Option<usize>,
    /// `foreign=no`: images that another process has made are refused.
    pub takes_foreign_images: bool,
    /// `fail=cuInit:999`: a call that answers with this number, always; may be given several times.
    pub failing: Vec<(String, CUresult)>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            version: 12040,
            gpus: vec![(8, 0)],
            memory: usize::MAX,
            has_pools: true,
            refused_line: None,
            faulty_launch: None,
            takes_foreign_images: true,
            failing: Vec::new(),
        }
    }
}

impl Plan {
    /// The plan in the environment.
    pub fn of_environment() -> Result<Plan, String> {
        Plan::read(&std::env::var(VARIABLE).unwrap_or_default())
    }

    /// Reads the words; the one that is wrong is the error.
    pub fn read(text: &str) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for word in text.split_whitespace() {
            plan.take(word).ok_or_else(|| format!("no plan: {word}"))?;
        }
        Ok(plan)
    }

    fn take(&mut self, word: &str) -> Option<()> {
        let (name, value) = word.split_once('=')?;
        match name {
            "version" => self.version = value.parse().ok()?,
            "gpus" if value == "none" => self.gpus.clear(),
            "gpus" => self.gpus = value.split(',').map(capability).collect::<Option<_>>()?,
            "memory" => self.memory = value.parse().ok()?,
            "pools" => self.has_pools = yes(value)?,
            "refuse" => self.refused_line = Some(value.parse().ok()?),
            "fault" => self.faulty_launch = Some(value.parse().ok()?),
            "foreign" => self.takes_foreign_images = yes(value)?,
            "fail" => {
                let (call, number) = value.split_once(':')?;
                self.failing.push((call.to_owned(), of_number(number.parse().ok()?)?));
            }
            _ => return None,
        }
        Some(())
    }

    /// What a call is planned to answer, if it is.
    pub fn answer_of(&self, call: &str) -> Option<CUresult> {
        self.failing.iter().find(|(name, _)| name == call).map(|(_, status)| *status)
    }
}

fn capability(text: &str) -> Option<(i32, i32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_or_refused() {
        let plan =
            Plan::read("gpus=8.0,3.7 memory=64 pools=no refuse=7 fault=2 foreign=no fail=cuInit:999").expect("a plan");
        assert_eq!((plan.gpus, plan.memory, plan.has_pools), (vec![(8, 0), (3, 7)], 64, false));
        assert_eq!((plan.refused_line, plan.faulty_launch, plan.takes_foreign_images), (Some(7), Some(2), false));
        assert_eq!(plan.failing, [("cuInit".to_owned(), CUresult::CUDA_ERROR_UNKNOWN)]);
        assert!(Plan::read("gpus=none").expect("a plan").gpus.is_empty());
        for wrong in ["memory", "memory=", "gpus=8", "pools=maybe", "fail=cuInit", "fail=cuInit:12345", "colour=red"] {
            assert!(Plan::read(wrong).is_err(), "{wrong}");
        }
    }
}
