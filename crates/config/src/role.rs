//! The roles one binary can play.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

/// A service of Marque, as `marque serve --role` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceRole {
    /// REST and gRPC to the outside.
    Gateway,
    /// Dealers, regions, departments, staff.
    Network,
    /// Source records and golden customers.
    Customer,
    /// Vehicles and their parties.
    Vehicle,
    /// Visits to workshops.
    ServiceHistory,
    /// Findings, scorecards, standards, alerts.
    DataQuality,
    /// Value scores, loyalty, due dates.
    Scoring,
    /// Complaint cases.
    Complaint,
}

/// The text names no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role: write all, or some of gateway, network, customer, vehicle, service-history, data-quality, scoring, complaint"
)]
pub struct UnknownServiceRole;

impl ServiceRole {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Gateway,
        Self::Network,
        Self::Customer,
        Self::Vehicle,
        Self::ServiceHistory,
        Self::DataQuality,
        Self::Scoring,
        Self::Complaint,
    ];

    /// Whether the role keeps anything; the gateway does not.
    pub const fn has_store(self) -> bool {
        !matches!(self, Self::Gateway)
    }

    /// The name in flags, files and addresses: `service-history`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Network => "network",
            Self::Customer => "customer",
            Self::Vehicle => "vehicle",
            Self::ServiceHistory => "service-history",
            Self::DataQuality => "data-quality",
            Self::Scoring => "scoring",
            Self::Complaint => "complaint",
        }
    }

    /// The name in databases and files, where a hyphen is awkward: `service_history`.
    pub fn snake(self) -> String {
        self.as_str().replace('-', "_")
    }

    /// Reads a comma-separated list; `all` stands for every role. Sorted, without repeats.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, UnknownServiceRole> {
        if text.trim() == "all" {
            return Ok(Self::ALL.to_vec());
        }
        let mut roles = text
            .split(',')
            .map(|name| name.trim().parse())
            .collect::<Result<Vec<_>, _>>()?;
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }
}

impl FromStr for ServiceRole {
    type Err = UnknownServiceRole;

    fn from_str(text: &str) -> Result<Self, UnknownServiceRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownServiceRole)
    }
}

impl fmt::Display for ServiceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ServiceRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Roles as a list or as one comma-separated text, for the environment.
pub(crate) fn deserialize_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<ServiceRole>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of roles, or all")]
    enum Listed {
        Text(String),
        List(Vec<String>),
    }
    let text = match Listed::deserialize(deserializer)? {
        Listed::Text(text) => text,
        Listed::List(names) => names.join(","),
    };
    ServiceRole::parse_list(&text).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_sorted_without_repeats_and_all_is_everything() {
        assert_eq!(
            ServiceRole::parse_list("vehicle, customer,vehicle"),
            Ok(vec![ServiceRole::Customer, ServiceRole::Vehicle])
        );
        assert_eq!(
            ServiceRole::parse_list("all").unwrap().len(),
            ServiceRole::ALL.len()
        );
        assert!(ServiceRole::parse_list("customers").is_err());
        assert!(ServiceRole::parse_list("").is_err());
    }
}
