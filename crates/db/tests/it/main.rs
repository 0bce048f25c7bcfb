//! The promises of the unit of work, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod bulk;
mod cut;
mod migrations;
mod queue;
mod replica;
mod tls;
mod wall;
mod wanted;
mod writing;
