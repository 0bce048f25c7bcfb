//! The binary: commands and wiring of roles.
fn main() {}
