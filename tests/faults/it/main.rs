//! Short trials, the same at every run; the long ones are `marque-faults`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod partitions;
mod simulation;
mod trials;
