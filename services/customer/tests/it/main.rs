//! The customer service over its generated clients, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod cohesion;
mod columns;
mod common;
mod consents;
mod contacts;
mod desk;
mod erasure;
mod erasure_requests;
mod evidence;
mod identity;
mod joins;
mod pages;
mod privacy;
mod queue;
mod race;
mod reconcile;
mod restore;
mod sight;
mod steward;
mod tokens;
mod trust;
mod twice;
mod writes;
