//! What the driver knows: devices, modules, events, and which device's context is current on a thread.
//!
//! In:   the arguments of calls, as numbers and slices.
//! Out:  answers; a wrong use is recorded, and answered as the manual says.
//! Holds: a device whose launch has failed answers every further call with that, from the next synchronisation on; as nothing of it can be
//!   given back then, nobody is blamed for how they try.
//! Source: NVIDIA, CUDA Driver API: the pages of the calls, of stream ordered memory, and "API synchronization behavior".

mod launches;
mod modules;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use cudarc::driver::sys::CUresult;

pub use launches::Shape;
use modules::{Link, Module};

use crate::memory::{DeviceMemory, Origin};
use crate::plan::Plan;
use crate::record::{self, Record};
use crate::status::Answer;

/// The calls that need no [`Driver::initialise`].
const BEFORE: [&str; 4] = ["cuInit", "cuDriverGetVersion", "cuGetErrorString", "cuGetErrorName"];
/// The calls that may stand between a copy from or to the memory of the host and the end of that.
const BETWEEN: [&str; 5] =
    ["cuCtxGetCurrent", "cuCtxSetCurrent", "cuStreamSynchronize", "cuGetErrorString", "cuGetErrorName"];

thread_local! {
    /// The device whose context is current.
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
    /// The copy that this thread has begun.
    static UNFINISHED: RefCell<Option<Unfinished>> = const { RefCell::new(None) };
}

/// A copy from or to the memory of the host that waits for a synchronisation.
#[derive(Debug)]
pub struct Unfinished {
    device: usize,
    /// Where these bytes are to go in the memory of the host; none on the way to the device.
    pub to_host: Option<(*mut u8, Vec<u8>)>,
}

/// The driver.
#[derive(Debug)]
pub struct Driver {
    pub plan: Plan,
    record: Record,
    is_initialised: bool,
    gpus: Vec<Gpu>,
    /// The number of the last thing made, of whatever kind: what is gone has no successor of its number.
    last: u64,
    modules: HashMap<u64, Module>,
    links: HashMap<u64, Link>,
    /// The devices of events.
    events: HashMap<u64, usize>,
    /// Sums of the images that this process has made.
    images: HashSet<u64>,
    launches: usize,
    /// The call that is being answered.
    call: &'static str,
}

#[derive(Debug)]
struct Gpu {
    capability: (i32, i32),
    /// How often its context has been asked for and not given back.
    retained: usize,
    memory: DeviceMemory,
    /// A launch has failed, and nobody has heard of it.
    has_failed: bool,
    /// What every call answers since that has been heard of.
    broken: Option<CUresult>,
}

impl Driver {
    /// As the environment plans it.
    pub fn of_environment() -> Driver {
        let (mut record, plan) = (Record::of_environment(), Plan::of_environment());
        if let Err(why) = &plan {
            record.line(&format!("{}{why}", record::MISUSE));
        }
        Driver::new(plan.unwrap_or_default(), record)
    }

    /// As a plan says.
    pub fn new(plan: Plan, record: Record) -> Driver {
        let gpu = |(device, capability): (usize, &(i32, i32))| Gpu {
            capability: *capability,
            retained: 0,
            memory: DeviceMemory::new(device, plan.memory),
            has_failed: false,
            broken: None,
        };
        let gpus = plan.gpus.iter().enumerate().map(gpu).collect();
        let (modules, links, events, images) = Default::default();
        Driver {
            plan,
            record,
            is_initialised: false,
            gpus,
            last: 0,
            modules,
            links,
            events,
            images,
            launches: 0,
            call: "",
        }
    }

    /// Begins to answer a call, which drivers know since this version.
    pub fn enter(&mut self, call: &'static str, since: i32) -> Answer {
        self.call = call;
        if self.plan.version < since {
            return Err(self.misuse(&format!("unknown before version {since}"), CUresult::CUDA_ERROR_NOT_FOUND));
        }
        if !BETWEEN.contains(&call) && UNFINISHED.take().is_some() {
            self.misuse("a copy from or to the memory of the host has not been waited for", CUresult::CUDA_SUCCESS);
        }
        if let Some(status) = self.plan.answer_of(call) {
            return Err(status);
        }
        if !self.is_initialised && !BEFORE.contains(&call) {
            return Err(self.misuse("before cuInit", CUresult::CUDA_ERROR_NOT_INITIALIZED));
        }
        Ok(())
    }

    /// Records a wrong use in the call that is being answered; gives the status back.
    pub fn misuse(&mut self, what: &str, status: CUresult) -> CUresult {
        self.record.line(&format!("{}{}: {what}", record::MISUSE, self.call));
        status
    }

    pub fn initialise(&mut self) -> Answer {
        if self.gpus.is_empty() {
            return Err(CUresult::CUDA_ERROR_NO_DEVICE);
        }
        self.is_initialised = true;
        Ok(())
    }

    pub fn count(&self) -> usize {
        self.gpus.len()
    }

    /// A device by its number.
    pub fn device(&mut self, number: i32) -> Answer<usize> {
        let device = usize::try_from(number).ok().filter(|device| *device < self.gpus.len());
        device.ok_or_else(|| self.misuse(&format!("no device {number}"), CUresult::CUDA_ERROR_INVALID_DEVICE))
    }

    pub fn capability(&self, device: usize) -> (i32, i32) {
        self.gpus[device].capability
    }

    pub fn retain(&mut self, device: usize) {
        self.gpus[device].retained += 1;
    }

    pub fn release(&mut self, device: usize) -> Answer {
        let gpu = &mut self.gpus[device];
        let Some(left) = gpu.retained.checked_sub(1) else {
            return Err(self.misuse("more often than retained", CUresult::CUDA_ERROR_INVALID_CONTEXT));
        };
        gpu.retained = left;
        if left == 0 {
            let live = gpu.memory.live()
                + self.modules.values().filter(|module| module.device == device).count()
                + self.links.values().filter(|link| link.device == device).count()
                + self.events.values().filter(|event| **event == device).count();
            self.record.line(&format!("{}{device} {}", record::RELEASED, self.gpus[device].memory.peak()));
            // In a context that has failed nothing can be freed.
            if live > 0 && self.gpus[device].broken.is_none() {
                self.misuse(&format!("{live} things are left in the context"), CUresult::CUDA_SUCCESS);
            }
        }
        Ok(())
    }

    /// The device whose context is current on this thread, if that context is there.
    pub fn current(&self) -> Option<usize> {
        CURRENT.get().filter(|device| self.gpus[*device].retained > 0)
    }

    pub fn set_current(&mut self, device: Option<usize>) -> Answer {
        if device.is_some_and(|device| self.gpus.get(device).is_none_or(|gpu| gpu.retained == 0)) {
            return Err(self.misuse("no such context", CUresult::CUDA_ERROR_INVALID_CONTEXT));
        }
        CURRENT.set(device);
        Ok(())
    }

    /// The device whose context is current, where that works.
    pub fn working(&mut self) -> Answer<usize> {
        let Some(device) = self.current() else {
            return Err(self.misuse("no context is current", CUresult::CUDA_ERROR_INVALID_CONTEXT));
        };
        self.gpus[device].broken.map_or(Ok(device), Err)
    }

    /// Of streams there is only that of the context.
    pub fn on_stream(&mut self, is_default: bool) -> Answer<usize> {
        let device = self.working()?;
        if is_default { Ok(device) } else { Err(self.misuse("no such stream", CUresult::CUDA_ERROR_INVALID_HANDLE)) }
    }

    /// Ends what has been begun: the copy that this thread waits for.
    pub fn synchronise(&mut self, device: usize) -> Answer<Option<Unfinished>> {
        let unfinished = UNFINISHED.take();
        let gpu = &mut self.gpus[device];
        if gpu.has_failed {
            gpu.broken = Some(CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
            return Err(CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
        }
        if unfinished.as_ref().is_some_and(|copy| copy.device != device) {
            self.misuse("a copy of another device has not been waited for", CUresult::CUDA_SUCCESS);
            return Ok(None);
        }
        Ok(unfinished)
    }

    pub fn allocate(&mut self, device: usize, bytes: usize, origin: Origin) -> Answer<u64> {
        if origin == Origin::Pool && !self.plan.has_pools {
            return Err(self.misuse("there are no pools", CUresult::CUDA_ERROR_NOT_SUPPORTED));
        }
        if bytes == 0 {
            return Err(self.misuse("no bytes", CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        self.gpus[device].memory.allocate(bytes, origin).ok_or(CUresult::CUDA_ERROR_OUT_OF_MEMORY)
    }

    /// Frees memory; in the order of a stream only what was allocated so, on the same device.
    pub fn free(&mut self, device: usize, address: u64, by: Origin) -> Answer {
        let what = match self.gpus[device].memory.free(address) {
            Some(origin) if by == Origin::Direct || origin == Origin::Pool => return Ok(()),
            Some(_) => "memory that was not allocated in the order of a stream",
            None => match self.gpus.iter().find(|gpu| gpu.memory.bytes(address, 1).is_some()) {
                Some(owner) if owner.broken.is_some() => return Err(CUresult::CUDA_ERROR_INVALID_VALUE),
                Some(_) => "memory of another device than that of the current context",
                None => "no address of an allocation",
            },
        };
        Err(self.misuse(what, CUresult::CUDA_ERROR_INVALID_VALUE))
    }

    /// Bytes of one allocation of the device.
    pub fn bytes_mut(&mut self, device: usize, address: u64, count: usize) -> Answer<&mut [u8]> {
        if self.gpus[device].memory.bytes(address, count).is_none() {
            let what = format!("{count} bytes at {address:#x} are in no allocation");
            return Err(self.misuse(&what, CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        self.gpus[device].memory.bytes_mut(address, count).ok_or(CUresult::CUDA_ERROR_INVALID_VALUE)
    }

    /// Notes that this thread has begun a copy from or to the memory of the host.
    pub fn begin_copy(&mut self, device: usize, to_host: Option<(*mut u8, Vec<u8>)>) {
        UNFINISHED.set(Some(Unfinished { device, to_host }));
    }

    pub fn new_event(&mut self, device: usize) -> u64 {
        let event = self.number();
        self.events.insert(event, device);
        event
    }

    pub fn remove_event(&mut self, event: u64) -> Answer {
        self.events.remove(&event).map(drop).ok_or_else(|| self.misuse("no event", CUresult::CUDA_ERROR_INVALID_HANDLE))
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// What a panic of the machine says.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    said.unwrap_or("the machine stops").to_owned()
}
