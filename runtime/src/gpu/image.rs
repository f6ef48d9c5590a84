//! What a driver makes of a text, kept between runs.
//!
//! In:   a text of PTX.
//! Out:  the image of it in the code of one GPU, from the [`Cache`] or from the driver.
//! Holds: an image is found by the whole text, the driver's version and the GPU's capability; one that the driver does not load is made
//!   again. Where anything fails there is no image, and the text itself is loaded.

use std::ffi::{CString, c_void};
use std::ptr::null_mut;

use cudarc::driver::sys;

use super::device::Device;
use crate::cache::Cache;

/// What `load` makes of the image under `key`, or of a new one, which is kept if it loads.
pub(super) fn kept<F>(
    cache: &Cache,
    key: &str,
    load: impl Fn(Vec<u8>) -> Option<F>,
    translate: impl FnOnce() -> Option<Vec<u8>>,
) -> Option<F> {
    if let Some(loaded) = cache.get(key).and_then(&load) {
        return Some(loaded);
    }
    let image = translate()?;
    let loaded = load(image.clone())?;
    cache.put(key, &image);
    Some(loaded)
}

/// The text in the code of the device.
pub(super) fn translated(device: &Device, text: &str) -> Option<Vec<u8>> {
    device.context.bind_to_thread().ok()?;
    let text = CString::new(text).ok()?;
    let link = Link::new()?;
    link.add(&text)?;
    link.complete()
}

/// A run of the driver's linker.
struct Link(sys::CUlinkState);

impl Link {
    fn new() -> Option<Link> {
        let mut state = null_mut();
        // SAFETY: no options, so that no arrays of them are read; the state is written to a valid place. A context is current.
        unsafe { sys::cuLinkCreate_v2(0, null_mut(), null_mut(), &mut state) }.result().ok()?;
        Some(Link(state))
    }

    fn add(&self, text: &CString) -> Option<()> {
        let bytes = text.as_bytes_with_nul();
        let kind = sys::CUjitInputType_enum::CU_JIT_INPUT_PTX;
        let data = bytes.as_ptr().cast::<c_void>().cast_mut();
        // SAFETY: the state is alive until `drop`; the driver reads the text, which ends in the zero byte that is counted, and copies what
        // it needs; the name is a string that lives for ever; there are no options.
        unsafe {
            sys::cuLinkAddData_v2(self.0, kind, data, bytes.len(), c"genphys".as_ptr(), 0, null_mut(), null_mut())
        }
        .result()
        .ok()
    }

    fn complete(&self) -> Option<Vec<u8>> {
        let (mut image, mut bytes) = (null_mut(), 0);
        // SAFETY: the state is alive; address and size are written to valid places.
        unsafe { sys::cuLinkComplete(self.0, &mut image, &mut bytes) }.result().ok()?;
        if image.is_null() {
            return None;
        }
        // SAFETY: the driver has written so many bytes there, which belong to the state and are copied before it goes.
        Some(unsafe { std::slice::from_raw_parts(image.cast::<u8>(), bytes) }.to_vec())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: made by `new` and destroyed once. That it cannot be destroyed would change nothing here.
        let _ = unsafe { sys::cuLinkDestroy(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::cache::tests::Temporary;

    #[test]
    fn an_image_is_made_once_and_again_when_it_no_longer_loads() {
        let folder = Temporary::new();
        let cache = Cache::at(&folder.0).expect("a cache");
        let made = Cell::new(0u8);
        let loads = |accepts: fn(&[u8]) -> bool| move |image: Vec<u8>| accepts(&image).then_some(image);
        let translate = || {
            made.set(made.get() + 1);
            Some(vec![made.get()])
        };
        assert_eq!(kept(&cache, "a", loads(|_| true), translate), Some(vec![1]));
        assert_eq!(kept(&cache, "a", loads(|_| true), translate), Some(vec![1]), "kept");
        assert_eq!(kept(&cache, "b", loads(|_| true), translate), Some(vec![2]), "another text or device");
        assert_eq!(kept(&cache, "a", loads(|image| image != [1]), translate), Some(vec![3]), "refused by the driver");
        assert_eq!(kept(&cache, "a", loads(|_| true), translate), Some(vec![3]), "in its place");
        assert_eq!(kept(&cache, "c", loads(|_| false), translate), None, "what never loads");
        assert_eq!(cache.get("c"), None, "is not kept");
    }
}
