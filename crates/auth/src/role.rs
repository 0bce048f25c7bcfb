//! Roles a caller may hold, as the contract numbers them.

use std::{fmt, str::FromStr};

use crate::ScopeKind;

/// What a caller is. The numbers are those of `marque.options.v1.Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// A dealer management system pushing data.
    Dms = 1,
    /// Front desk and sales consultants of a dealer.
    Sales = 2,
    /// Service advisers of a dealer.
    Service = 3,
    /// Technicians of a dealer.
    Technician = 4,
    /// The manager of a dealer or of a region.
    Manager = 5,
    /// Call-centre agents of the maker.
    Agent = 6,
    /// Data stewards of the maker.
    Steward = 7,
    /// Analysts of the maker.
    Analyst = 8,
    /// Administrators of the maker.
    HqAdmin = 9,
    /// A customer, through the maker's app.
    Customer = 10,
    /// Another service of Marque acting by itself; never given to people.
    Peer = 11,
}

/// The text or number names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role: dms, sales, service, technician, manager, agent, steward, analyst, hq_admin or customer"
)]
pub struct UnknownRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 11] = [
        Self::Dms,
        Self::Sales,
        Self::Service,
        Self::Technician,
        Self::Manager,
        Self::Agent,
        Self::Steward,
        Self::Analyst,
        Self::HqAdmin,
        Self::Customer,
        Self::Peer,
    ];

    /// The name in tokens and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dms => "dms",
            Self::Sales => "sales",
            Self::Service => "service",
            Self::Technician => "technician",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Steward => "steward",
            Self::Analyst => "analyst",
            Self::HqAdmin => "hq_admin",
            Self::Customer => "customer",
            Self::Peer => "peer",
        }
    }

    /// The number in the contract.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The role of a number of the contract.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.number() == number)
    }

    /// The kinds of scope the role can be held in. Anything else is a mistake of whoever made the token.
    pub const fn scopes(self) -> &'static [ScopeKind] {
        match self {
            Self::Dms | Self::Sales | Self::Service | Self::Technician => &[ScopeKind::Dealer],
            Self::Manager => &[ScopeKind::Dealer, ScopeKind::Region],
            Self::Steward | Self::Analyst => &[ScopeKind::Headquarters, ScopeKind::Region],
            Self::Agent | Self::HqAdmin | Self::Peer => &[ScopeKind::Headquarters],
            Self::Customer => &[ScopeKind::Customer],
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some roles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RoleSet(u16);

impl RoleSet {
    /// No role at all.
    pub const EMPTY: Self = Self(0);

    /// The set of one role.
    pub const fn one(role: Role) -> Self {
        Self(1 << role as u16)
    }

    /// The set of the contract's numbers; numbers of no role are left out.
    pub fn from_numbers(numbers: &[i32]) -> Self {
        numbers
            .iter()
            .filter_map(|number| Role::from_number(*number))
            .collect()
    }

    /// Whether the role is in the set.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & Self::one(role).0 != 0
    }

    /// Whether the sets have a role in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no role in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .into_iter()
            .filter(move |role| self.contains(*role))
    }
}

impl From<Role> for RoleSet {
    fn from(role: Role) -> Self {
        Self::one(role)
    }
}

impl<const N: usize> From<[Role; N]> for RoleSet {
    fn from(roles: [Role; N]) -> Self {
        roles.into_iter().collect()
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(
            roles
                .into_iter()
                .fold(0, |set, role| set | Self::one(role).0),
        )
    }
}

impl fmt::Debug for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Role::as_str))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use marque_api::options::v1 as pb;

    use super::*;

    #[test]
    fn names_and_numbers_are_those_of_the_contract() {
        for role in Role::ALL {
            let declared = pb::Role::try_from(role.number()).unwrap();
            assert_eq!(
                declared.as_str_name(),
                format!("ROLE_{}", role.as_str().to_uppercase())
            );
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!(
            pb::Role::try_from(Role::ALL.len() as i32 + 1).is_err(),
            "a role is missing here"
        );
        assert_eq!(Role::from_number(0), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = RoleSet::from([Role::Sales, Role::HqAdmin]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Role::Sales, Role::HqAdmin]);
        assert!(set.contains(Role::Sales) && !set.contains(Role::Peer));
        assert!(!RoleSet::EMPTY.intersects(set));
        assert_eq!(
            RoleSet::from([Role::Sales, Role::Sales]),
            Role::Sales.into()
        );
        assert_eq!(RoleSet::from_numbers(&[2, 9, 0, 77]), set);
    }
}
