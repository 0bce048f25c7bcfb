//! Imports as dealers meet them: through the customer service, on both databases.

mod common;
mod files;
mod outcomes;
mod resuming;
mod scopes;
