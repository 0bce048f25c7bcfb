//! The data-quality service behind the real transport and the real authentication, over owners that the test plays, on
//! both databases.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod alerts;
mod counting;
mod findings;
mod forgotten;
mod kinds;
mod regions;
mod speed;
mod staff;
mod trust;
mod verification;
mod world;
