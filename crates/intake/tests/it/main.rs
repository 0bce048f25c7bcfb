//! Imports as dealers meet them: through the customer service, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod common;
mod files;
mod held;
mod outcomes;
mod resuming;
mod scopes;
mod sealing;
