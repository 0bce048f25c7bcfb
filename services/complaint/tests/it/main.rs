//! The complaint service behind the real transport and the real authentication, on both databases.

#![expect(
    clippy::print_stdout,
    reason = "what is measured by hand tells its figures"
)]
#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod answers;
mod attachments;
mod bucket;
mod cases;
mod clocks;
mod clusters;
mod compensations;
mod corrections;
mod escalation;
mod evidence;
mod feed;
mod follow_up;
mod forgotten;
mod hand_over;
mod imports;
mod kill;
mod kill_busy;
mod knowledge;
mod load;
mod numbers;
mod repeats;
mod reports;
mod scopes;
mod spellings;
mod tasks;
mod told;
mod visits;
mod world;
mod years;
