//! Any table of people, organisations or places: fields from recognised columns, compared by what they hold.

mod address;
mod columns;
mod compare;
mod contradict;
mod keys;
mod levels;
mod lexicon;
mod names;
mod records;
mod tokens;

pub use records::{GeneralRecords, NothingToCompare};
