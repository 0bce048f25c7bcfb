//! The service over its stores: events in, scores out.

mod consents;
mod events;
mod models;
mod ranks;
mod scopes;
mod scores;
mod world;
