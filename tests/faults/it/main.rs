//! Short trials, the same at every run; the long ones are `marque-faults`.

mod simulation;
mod trials;
