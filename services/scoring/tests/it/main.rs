//! The service over its stores: events in, scores out.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod consents;
mod events;
mod loyalty;
mod models;
mod ranks;
mod reports;
mod scopes;
mod scores;
mod world;
