//! The vehicle service behind the real transport and the real authentication, on both databases.

mod events;
mod imports;
mod rows;
mod scopes;
mod speed;
mod world;
