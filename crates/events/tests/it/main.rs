//! The feed of an outbox. What consumers rely on is tested in crates/bus, on both buses.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod common;
mod feed;
mod refused;
