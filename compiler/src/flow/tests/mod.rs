//! Tests that look inside: every row of the rule table, and tampered derivations.

mod plane_wave;
mod tampered;
