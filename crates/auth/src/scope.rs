//! Which rows a caller may see.

use std::sync::Arc;

use marque_core::{CustomerId, DealerCode};

use crate::{Role, RoleSet};

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

/// The roles and the scope do not go together. Made by whoever configured the issuer, so it says what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// There is no role.
    #[error("name at least one role")]
    NoRole,
    /// A role cannot be held in this scope.
    #[error("the role {role} needs {}", needs(*role))]
    Mismatch {
        /// The role that does not fit.
        role: Role,
    },
}

fn needs(role: Role) -> &'static str {
    match role {
        Role::Dms | Role::Sales | Role::Service | Role::Technician => "a dealer",
        Role::Manager => "a dealer or a region",
        Role::Steward | Role::Analyst => "headquarters or a region, and no dealer",
        Role::Agent | Role::HqAdmin | Role::Peer => "headquarters: no dealer, no region",
        Role::Customer => "a customer id and nothing else",
    }
}

impl Scope {
    /// Passes if every role can be held in this scope: a dealer's staff have a dealer, headquarters' staff are
    /// not confined by mistake, a customer is himself and holds no other role.
    ///
    /// # Errors
    /// The first role that does not fit.
    pub fn admits(&self, roles: RoleSet) -> Result<(), InvalidScope> {
        if roles.is_empty() {
            return Err(InvalidScope::NoRole);
        }
        match roles
            .iter()
            .find(|role| !role.scopes().contains(&self.kind()))
        {
            Some(role) => Err(InvalidScope::Mismatch { role }),
            None => Ok(()),
        }
    }

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

#[cfg(test)]
mod tests {
    use marque_core::ManualClock;

    use super::*;

    fn one_of_each_kind() -> [Scope; 4] {
        [
            Scope::Headquarters,
            Scope::Region("north".into()),
            Scope::Dealer("D1".parse().unwrap()),
            Scope::Customer(CustomerId::new(&ManualClock::default())),
        ]
    }

    #[test]
    fn every_role_is_held_in_its_own_scopes_only() {
        for role in Role::ALL {
            for scope in one_of_each_kind() {
                let fits = role.scopes().contains(&scope.kind());
                assert_eq!(scope.admits(role.into()).is_ok(), fits, "{role} {scope:?}");
            }
        }
    }

    #[test]
    fn one_role_that_does_not_fit_spoils_the_others() {
        let [headquarters, _, dealer, customer] = one_of_each_kind();
        assert!(dealer.admits([Role::Sales, Role::Manager].into()).is_ok());
        assert!(dealer.admits([Role::Sales, Role::HqAdmin].into()).is_err());
        assert!(
            headquarters
                .admits([Role::Sales, Role::HqAdmin].into())
                .is_err()
        );
        assert!(
            customer
                .admits([Role::Customer, Role::Sales].into())
                .is_err()
        );
        assert_eq!(
            headquarters.admits(RoleSet::EMPTY),
            Err(InvalidScope::NoRole)
        );
    }

    #[test]
    fn a_role_out_of_place_is_told_where_it_belongs() {
        let [headquarters, _, dealer, customer] = one_of_each_kind();
        for (role, scope, told) in [
            (Role::Sales, &headquarters, "the role sales needs a dealer"),
            (
                Role::Manager,
                &customer,
                "the role manager needs a dealer or a region",
            ),
            (
                Role::Customer,
                &dealer,
                "the role customer needs a customer id and nothing else",
            ),
        ] {
            let mismatch = scope.admits(role.into()).unwrap_err();
            assert_eq!(mismatch.to_string(), told);
        }
    }

    #[test]
    fn a_dealer_owns_his_rows_and_headquarters_all() {
        let (own, other) = ("D1".parse().unwrap(), "D2".parse().unwrap());
        let [headquarters, region, dealer, customer] = one_of_each_kind();
        assert!(headquarters.owns_dealer(&own) && dealer.owns_dealer(&own));
        assert!(
            !dealer.owns_dealer(&other) && !region.owns_dealer(&own) && !customer.owns_dealer(&own)
        );
        assert_eq!((dealer.dealer(), headquarters.dealer()), (Some(&own), None));
    }
}
