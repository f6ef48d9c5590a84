//! genphys: from the text of a partial differential equation to samples.

pub mod classify;
pub mod io;
pub mod picture;
pub mod report;
