//! The three guarantees of household cars: repair, replacement, refund (SAMR Order 43, in force since 2022-01-01).
//!
//! Counts, per vehicle, how near each threshold is, with the repair orders that count, and warns before it is reached. It
//! gives evidence, no verdict: whether a repaired part is "still unfit" and whether a defect is the owner's own doing
//! (Art. 32) is for people, who put it into the records that are counted.

mod counters;
mod money;
mod record;
mod terms;

pub use counters::{Counter, Level, Rule, counters, owes_usage_fee};
pub use money::{AnswerDeadlines, answer_deadlines, usage_fee_fen};
pub use record::{Assembly, EarlyFault, Repair, Replacement, SafetyFault};
pub use terms::{Terms, Windows, windows};
