//! Use cases of the service-history service.

mod evidence;
mod lines;
mod publish;
mod read;
mod rows;
mod sealing;
mod sink;
mod write;

pub(crate) use read::{Page, Shown, Strangers, VisitApp};
pub(crate) use rows::{RawRow, Rows};
pub(crate) use sealing::seal_what_lies_open;
pub(crate) use sink::VisitSink;
