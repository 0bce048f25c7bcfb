//! The real binary, as people run it: killed, restarted, and fed with files that cannot be right.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

mod backup;
mod demo;
mod doctor;
mod documents;
mod hostile_files;
mod keys;
mod kills;
mod logs;
mod metrics;
mod mistakes;
mod outbox;
mod score;
mod server;
mod sheets;
