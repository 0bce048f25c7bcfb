//! The service over its stores: events in, scores out.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod benefits;
mod complaints;
mod consents;
mod cost;
mod due_list;
mod events;
mod facts;
mod forgotten;
mod guarantees;
mod held;
mod holds;
mod imports;
mod loyalty;
mod models;
mod outlook;
mod ranks;
mod reports;
mod scopes;
mod scores;
mod told;
mod world;
