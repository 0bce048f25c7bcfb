//! The complaint service behind the real transport and the real authentication, on both databases.

#![expect(
    clippy::print_stdout,
    reason = "what is measured by hand tells its figures"
)]
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod cases;
mod clocks;
mod escalation;
mod imports;
mod kill;
mod knowledge;
mod load;
mod scopes;
mod world;
