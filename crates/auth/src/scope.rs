//! Which rows a caller may see.

use std::sync::Arc;

use marque_core::{CustomerId, DealerCode};

/// The part of the data a caller is confined to. It has no default: somebody must have decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All dealers.
    Headquarters,
    /// The dealers of one region, by the region's code.
    Region(Arc<str>),
    /// One dealer.
    Dealer(DealerCode),
    /// One customer's own data.
    Customer(CustomerId),
}

/// The kinds of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// All dealers.
    Headquarters,
    /// One region.
    Region,
    /// One dealer.
    Dealer,
    /// One customer.
    Customer,
}

impl Scope {
    /// The kind of scope it is.
    pub const fn kind(&self) -> ScopeKind {
        match self {
            Self::Headquarters => ScopeKind::Headquarters,
            Self::Region(_) => ScopeKind::Region,
            Self::Dealer(_) => ScopeKind::Dealer,
            Self::Customer(_) => ScopeKind::Customer,
        }
    }

    /// The dealer, for a scope of one dealer.
    pub const fn dealer(&self) -> Option<&DealerCode> {
        match self {
            Self::Dealer(dealer) => Some(dealer),
            _ => None,
        }
    }

    /// Whether rows of this dealer may be written: by headquarters and by the dealer himself.
    /// (Whether a dealer lies in a region is known to the network service alone.)
    pub fn owns_dealer(&self, code: &DealerCode) -> bool {
        match self {
            Self::Headquarters => true,
            Self::Dealer(own) => own == code,
            Self::Region(_) | Self::Customer(_) => false,
        }
    }
}
