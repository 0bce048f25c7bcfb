//! The roles of the system.

use std::{fmt, str::FromStr};

/// A role: what one process may do alone or together with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// REST to the outside.
    Gateway,
    /// Dealers, groups, regions, staff.
    Network,
    /// Source records and golden customers.
    Customer,
    /// Vehicles and their parties.
    Vehicle,
    /// Visits to workshops.
    ServiceHistory,
    /// Complaint cases.
    Complaint,
    /// Value scores, loyalty, due dates.
    Scoring,
    /// Scorecards and findings.
    DataQuality,
}

/// The text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no role of this name; the roles are gateway, network, customer, vehicle, service-history, complaint, \
     scoring, data-quality"
)]
pub struct UnknownRole;

impl RoleName {
    /// Every role, in the order in which they can be started: nobody calls a role that comes after him but the gateway.
    pub const ALL: [Self; 8] = [
        Self::Gateway,
        Self::Network,
        Self::Customer,
        Self::Vehicle,
        Self::ServiceHistory,
        Self::Complaint,
        Self::Scoring,
        Self::DataQuality,
    ];

    /// The name in kebab-case, as flags, configuration, metadata and certificates have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Network => "network",
            Self::Customer => "customer",
            Self::Vehicle => "vehicle",
            Self::ServiceHistory => "service-history",
            Self::Complaint => "complaint",
            Self::Scoring => "scoring",
            Self::DataQuality => "data-quality",
        }
    }

    /// Place in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RoleName {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_as_itself_and_knows_its_place() {
        for (place, role) in RoleName::ALL.into_iter().enumerate() {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(role.index(), place);
        }
        assert_eq!("Customer".parse::<RoleName>(), Err(UnknownRole));
    }
}
