//! The promises of the transport and the stack, each kept over memory and over the network alike.

mod common;

mod deadlines;
mod drain;
mod errors;
mod messages;
mod mtls;
mod overload;
mod retries;
mod roles;
mod traces;
