//! The promises of the transport and the stack, each kept over memory and over the network alike.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

mod breaker;
mod deadlines;
mod drain;
mod errors;
mod messages;
mod mtls;
mod overload;
mod retries;
mod roles;
mod traces;
