//! Scenarios of the whole system, each in both topologies, and the authorization matrix.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod apart;
mod authorization;
mod foreign;
mod scenarios;
mod tracing;
