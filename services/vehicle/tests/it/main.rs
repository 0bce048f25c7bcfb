//! The vehicle service behind the real transport and the real authentication, on both databases.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod events;
mod evidence;
mod forgotten;
mod held;
mod imports;
mod moves;
mod rows;
mod scopes;
mod speed;
mod world;
