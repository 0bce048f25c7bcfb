//! Customers of car dealers in China: reading, comparing, blocking and deciding.
//!
//! [`prepare`] a record, [`block_keys`] of it, [`compare`] two, [`Decider::decide`] among candidate customers.

mod address;
mod census;
mod compare;
mod decide;
mod default_model;
mod doubt;
mod foreign;
mod index;
mod join;
mod keys;
mod name;
mod name_statistics;
mod names;
mod places;
mod prepared;
mod reconcile;
mod table;
mod wire;

pub use address::Address;
pub use census::{name_key, people};
pub use compare::{Frequencies, compare, name_share};
pub use decide::{Candidate, Decider, Ranked, Resolution, Verdict};
pub use default_model::default_model;
pub use index::{CustomerId, Index, Moved, RecordId};
pub use join::Joined;
pub use keys::{BlockKey, KeyKind, block_keys};
pub use name::Kind;
pub(crate) use name::is_named_organisation;
pub use prepared::{DealerRecord, Identity, MAX_PHONES, Prepared, prepare};
pub use reconcile::Between;
pub use table::{DealerRecords, is_dealer_table};
pub use wire::WireError;

use crate::score::FieldSpec;

/// The fields of a dealer comparison, in the order of an outcome's levels.
pub fn fields() -> Vec<FieldSpec> {
    compare::field_specs()
}

/// The classes of pairs: persons, organisations.
pub fn classes() -> &'static [&'static str] {
    compare::CLASSES
}
