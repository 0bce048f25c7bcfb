//! The gateway over stub roles: every route, every refusal, and what happens when a role is down, late or flooded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auth;
mod conditions;
mod cost;
mod docs;
mod exports;
mod grpc;
mod imports;
mod limits;
mod operations;
mod personal_data;
mod problems;
mod profile;
mod reasons;
mod rig;
mod serving;
mod strangers;
