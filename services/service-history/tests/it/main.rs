//! The service-history service behind the real transport and the real authentication, on both databases.

mod events;
mod imports;
mod scopes;
mod speed;
mod visits;
mod world;
