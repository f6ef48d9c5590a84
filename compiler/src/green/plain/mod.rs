//! Mathematics that needs nothing but `std`: the compiler uses it, and `genphys!` writes the same text into the modules that it generates.

pub(super) mod chebyshev;
pub(super) mod one_sided;
pub(super) mod stable_table;

/// The text of [`stable_table`] and of what it calls, as modules beside each other.
pub(super) const STABLE_TABLE: &str = concat!(
    "mod chebyshev {",
    include_str!("chebyshev.rs"),
    "}\nmod one_sided {",
    include_str!("one_sided.rs"),
    "}\npub mod stable_table {",
    include_str!("stable_table.rs"),
    "}\n"
);
