//! Every message of `genphys!`, as the user sees it. `TRYBUILD=overwrite cargo test -p genphys-macros` rewrites them.

#[test]
fn messages_stand_at_the_words_they_are_about() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
