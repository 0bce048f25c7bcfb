//! Visits as the service thinks of them: pure data and rules.

mod lines;
mod odometer;
mod visit;

pub(crate) use lines::{Line, LineKind, is_other};
pub(crate) use odometer::{Implausible, Meter, Verdict, doubt, judge};
pub(crate) use visit::{Header, Personal, Visit, transport_minutes};
