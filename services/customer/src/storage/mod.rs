//! The customers' store: every statement of the service, and how a row is sealed.

#![expect(
    clippy::unused_self,
    reason = "a store is asked as one, whether or not a statement needs its vault"
)]

mod checks;
mod consents;
mod content;
mod customers;
mod dialect;
mod duplicates;
mod erasures;
mod evidence;
mod features;
mod filter;
mod forgetting;
mod keys;
mod moves;
mod receptions;
mod reconciliations;
mod records;
mod sealed;
mod segments;
mod tokens;
mod trust;

use marque_core::CustomerNumber;
use marque_vault::{Numbering, Series, Vault};

pub(crate) use customers::{Counts, NewCustomer};
pub(crate) use duplicates::{Decided, Decision, Duplicate, DuplicateState, WordsSoFar};
pub(crate) use features::Identity;
pub(crate) use filter::TokenFilter;
pub(crate) use moves::{Act, Move, MovedBy};
pub(crate) use reconciliations::{Claim, Progress, Reconciliation};
pub(crate) use records::{Existing, NewRecord};
pub use sealed::SEALED;
pub(crate) use tokens::{KeyKind, Token, dealer_token, hq_token, match_token};

use self::segments::OpenedSegments;

/// A token and the sequence number of a record that has it.
type Pair = (Token, i64);

/// Statements and seals. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CustomerStore {
    vault: Vault,
    /// Turns serials into the numbers that people are told.
    numbers: Numbering,
    filter: TokenFilter,
    segments: OpenedSegments,
}

impl CustomerStore {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            numbers: vault.numbering(Series::Customers, CustomerNumber::LEAST),
            vault,
            filter: TokenFilter::new(),
            segments: OpenedSegments::default(),
        }
    }

    /// What leaves out the tokens that nobody has, once it is filled.
    pub(crate) fn filter(&self) -> &TokenFilter {
        &self.filter
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }
}
