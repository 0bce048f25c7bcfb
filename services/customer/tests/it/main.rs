//! The customer service over its generated clients, on both databases.

mod common;
mod consents;
mod contacts;
mod identity;
mod privacy;
mod race;
mod sight;
mod steward;
mod writes;
