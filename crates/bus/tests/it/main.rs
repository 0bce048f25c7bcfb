//! What consumers rely on, on both buses and both databases: no event is lost, none is applied twice, and those of one
//! aggregate keep their order. And what JetStream may do to us without any of that being broken.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod common;
mod consuming;
mod faults;
mod order;
mod world;
