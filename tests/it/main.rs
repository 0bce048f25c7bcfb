//! Scenarios of the whole system, each in both topologies, and the authorization matrix.

mod authorization;
mod scenarios;
