//! What consumers rely on: no event is lost, none is applied twice, and those of one aggregate keep their order.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod common;
mod consuming;
mod feed;
mod order;
