#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod directory;
mod error;
mod evidence;
mod failure;
mod finding;
mod forgetting;
mod grpc;
mod held;
mod intake;
mod outcome;
mod reading;
mod scattered;
mod sender;
mod sink;
mod spool;
mod store;
mod unread;
mod words;
mod work;

pub use directory::{Directory, dealer_code};
pub use error::IntakeError;
pub use evidence::{EvidenceGrpc, RecordEvidence, Witness, clerk_key, evidence_key};
pub use finding::{outcome_of, to_pb as findings_to_pb};
pub use forgetting::{HeldRow, entomb, entombed, forget_rows, forget_rows_of};
pub use grpc::ImportGrpc;
pub use held::{HeldPage, held_rows};
pub use intake::{Intake, IntakeSettings, QUARANTINE, ROWS_KEPT};
pub use outcome::Outcome;
pub use sink::{Entry, Job, Refusal, RowView, Sink, Written};
pub use spool::survey_spool;
pub use words::{erased_words, hide_erased};
