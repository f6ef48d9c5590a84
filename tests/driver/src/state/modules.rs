//! Texts and images: what is loaded, and what is linked.
//!
//! Holds: a text is taken if the machine can run it and the device is one of its target or newer; an image, if it is whole and of the device's
//!   capability.

use std::panic::catch_unwind;
use std::sync::Arc;

use cudarc::driver::sys::CUresult;

use super::{Driver, words_of};
use crate::image::{self, Header};
use crate::machine::Machine;
use crate::record;
use crate::status::Answer;

/// The least capability of the texts' target, `sm_70`.
const TARGET: (i32, i32) = (7, 0);

#[derive(Debug)]
pub(super) struct Module {
    pub(super) device: usize,
    pub(super) machine: Arc<Machine>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) device: usize,
    text: Option<String>,
    image: Vec<u8>,
}

impl Driver {
    /// What the assembler says against a text, where that is planned.
    pub fn refusal(&self) -> Option<String> {
        let line = self.plan.refused_line?;
        Some(format!(
            "ptxas application ptx input, line {line}; error   : Unknown symbol '%planned'\n\
             ptxas fatal   : Ptx assembly aborted due to errors"
        ))
    }

    /// A module of the text, translated.
    pub fn load_text(&mut self, device: usize, text: &str) -> Answer<u64> {
        let machine = self.translate(device, text)?;
        Ok(self.add_module(device, machine))
    }

    /// A module of an image that [`Driver::complete`] has made, here or elsewhere.
    pub fn load_image(&mut self, device: usize, header: Option<(Header, &[u8])>) -> Answer<u64> {
        let text = header.and_then(|(header, bytes)| header.text(bytes)).ok_or(CUresult::CUDA_ERROR_INVALID_IMAGE)?;
        if header.is_some_and(|(header, _)| !header.is_for(self.gpus[device].capability)) {
            return Err(self.misuse("an image for another device", CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU));
        }
        if !self.plan.takes_foreign_images && !self.images.contains(&image::sum(text.as_bytes())) {
            return Err(CUresult::CUDA_ERROR_INVALID_IMAGE);
        }
        let machine = self.parse(&text)?;
        self.record.line(&format!("{}{}", record::LOADED, machine.entry()));
        Ok(self.add_module(device, machine))
    }

    fn translate(&mut self, device: usize, text: &str) -> Answer<Machine> {
        if self.plan.refused_line.is_some() {
            return Err(CUresult::CUDA_ERROR_INVALID_PTX);
        }
        if self.gpus[device].capability < TARGET {
            return Err(self.misuse("a text for a newer device", CUresult::CUDA_ERROR_INVALID_PTX));
        }
        let machine = self.parse(text)?;
        self.record.line(&format!("{}{}", record::TRANSLATED, machine.entry()));
        Ok(machine)
    }

    fn parse(&mut self, text: &str) -> Answer<Machine> {
        let machine = catch_unwind(|| Machine::new(text));
        machine.map_err(|panic| self.misuse(&words_of(&*panic), CUresult::CUDA_ERROR_INVALID_PTX))
    }

    fn add_module(&mut self, device: usize, machine: Machine) -> u64 {
        let module = self.number();
        self.modules.insert(module, Module { device, machine: Arc::new(machine) });
        module
    }

    /// The entry of a module, which has one; its number is that of the module.
    pub fn function(&mut self, module: u64, name: &str) -> Answer<u64> {
        let known = self.modules.get(&module).map(|module| module.machine.entry() == name);
        match known {
            None => Err(self.misuse("no module", CUresult::CUDA_ERROR_INVALID_HANDLE)),
            Some(false) => Err(CUresult::CUDA_ERROR_NOT_FOUND),
            Some(true) => Ok(module),
        }
    }

    pub fn unload(&mut self, device: usize, module: u64) -> Answer {
        match self.modules.remove(&module) {
            None => Err(self.misuse("no module", CUresult::CUDA_ERROR_INVALID_HANDLE)),
            Some(module) if module.device != device && self.gpus[module.device].broken.is_none() => {
                Err(self.misuse("a module of another context", CUresult::CUDA_ERROR_INVALID_CONTEXT))
            }
            Some(_) => Ok(()),
        }
    }

    pub fn new_link(&mut self, device: usize) -> u64 {
        let link = self.number();
        self.links.insert(link, Link { device, text: None, image: Vec::new() });
        link
    }

    pub fn add_text(&mut self, link: u64, text: &str) -> Answer {
        let device = self.link(link)?.device;
        self.translate(device, text)?;
        self.link(link)?.text = Some(text.to_owned());
        Ok(())
    }

    /// The image of a link, which stays where it is until the link is gone.
    pub fn complete(&mut self, link: u64) -> Answer<&mut [u8]> {
        let (device, text) = (self.link(link)?.device, self.link(link)?.text.clone());
        let Some(text) = text else {
            return Err(self.misuse("there is no text", CUresult::CUDA_ERROR_INVALID_VALUE));
        };
        self.images.insert(image::sum(text.as_bytes()));
        let made = image::encode(&text, self.gpus[device].capability);
        let link = self.link(link)?;
        link.image = made;
        Ok(&mut link.image)
    }

    pub fn remove_link(&mut self, link: u64) -> Answer {
        self.link(link)?;
        self.links.remove(&link);
        Ok(())
    }

    fn link(&mut self, link: u64) -> Answer<&mut Link> {
        if !self.links.contains_key(&link) {
            return Err(self.misuse("no link", CUresult::CUDA_ERROR_INVALID_HANDLE));
        }
        self.links.get_mut(&link).ok_or(CUresult::CUDA_ERROR_INVALID_HANDLE)
    }
}
