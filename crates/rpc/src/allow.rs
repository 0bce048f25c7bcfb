//! Which role may call which method of which other role, whatever token it shows.
//!
//! A role that was taken over can then do no more than it ever had to. The gateway may call what people may; every other call
//! stands in the table below. It is checked for calls over the network, by the caller's certificate; who is in the same
//! process needs no call to read its memory. Which role calls and follows which is said in ARCHITECTURE.md; a test compares.

use std::fmt;

use crate::RoleName::{
    self, Complaint, Customer, DataQuality, Gateway, Network, Scoring, ServiceHistory, Vehicle,
};

/// The roles that a peer's certificate is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeerRoles(u16);

impl PeerRoles {
    /// Without any.
    pub const NONE: Self = Self(0);

    /// With one more.
    #[must_use]
    pub const fn with(self, role: RoleName) -> Self {
        Self(self.0 | 1 << role.index())
    }

    /// Whether this is one of them.
    pub const fn contains(self, role: RoleName) -> bool {
        self.0 & (1 << role.index()) != 0
    }
}

impl fmt::Display for PeerRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = RoleName::ALL
            .into_iter()
            .filter(|role| self.contains(*role));
        let names: Vec<&str> = held.map(RoleName::as_str).collect();
        if names.is_empty() {
            f.write_str("no role")
        } else {
            f.write_str(&names.join("+"))
        }
    }
}

/// Methods that peers call: of which roles, which, and who.
struct Calls {
    callees: &'static [RoleName],
    methods: &'static [&'static str],
    callers: &'static [RoleName],
}

/// All calls between roles but the gateway's and those for events.
const CALLS: &[Calls] = &[
    Calls {
        callees: &[Network],
        methods: &["/marque.network.v1.NetworkService/GetDealer"],
        callers: &[
            Customer,
            Vehicle,
            ServiceHistory,
            Complaint,
            Scoring,
            DataQuality,
        ],
    },
    Calls {
        callees: &[Network],
        methods: &["/marque.network.v1.NetworkService/ListStaff"],
        callers: &[DataQuality],
    },
    Calls {
        callees: &[Customer],
        methods: &["/marque.customer.v1.CustomerService/ListSourceRecords"],
        callers: &[Complaint],
    },
    Calls {
        callees: &[Customer],
        methods: &["/marque.customer.v1.ConsentService/ListWithdrawn"],
        callers: &[Scoring],
    },
    Calls {
        callees: &[Vehicle],
        methods: &["/marque.vehicle.v1.VehicleService/GetVehicle"],
        callers: &[Scoring],
    },
    Calls {
        callees: &[ServiceHistory],
        methods: &["/marque.service_history.v1.ServiceHistoryService/ListVehicleVisits"],
        callers: &[Scoring],
    },
    Calls {
        callees: &[ServiceHistory],
        methods: &["/marque.service_history.v1.ServiceHistoryService/GetVisit"],
        callers: &[Complaint],
    },
    Calls {
        callees: &[Customer, Vehicle, ServiceHistory, Complaint],
        methods: &[
            "/marque.evidence.v1.EvidenceService/ListEvidence",
            "/marque.evidence.v1.EvidenceService/ListIds",
        ],
        callers: &[DataQuality],
    },
];

/// Whose events are followed by whom.
const FOLLOWERS: &[(RoleName, &[RoleName])] = &[
    (
        Network,
        &[
            Customer,
            Vehicle,
            ServiceHistory,
            Complaint,
            Scoring,
            DataQuality,
        ],
    ),
    (
        Customer,
        &[Vehicle, ServiceHistory, Complaint, Scoring, DataQuality],
    ),
    (Vehicle, &[ServiceHistory, Complaint, Scoring, DataQuality]),
    (ServiceHistory, &[Vehicle, Scoring, DataQuality]),
    (Complaint, &[Scoring, DataQuality]),
    (Scoring, &[Complaint]),
    (DataQuality, &[Customer]),
];

const PULL: &str = "/marque.events.v1.EventFeed/Pull";

/// Whether a peer of these roles may call a method of a role.
pub(crate) fn may_call(peer: PeerRoles, callee: RoleName, path: &str) -> bool {
    let is_any_of = |roles: &[RoleName]| roles.iter().any(|role| peer.contains(*role));
    if path == PULL {
        return FOLLOWERS
            .iter()
            .any(|(producer, followers)| *producer == callee && is_any_of(followers));
    }
    (peer.contains(Gateway) && is_for_people(path))
        || CALLS.iter().any(|calls| {
            calls.methods.contains(&path)
                && calls.callees.contains(&callee)
                && is_any_of(calls.callers)
        })
}

/// Whether the contract opens the method to anybody but peers.
fn is_for_people(path: &str) -> bool {
    let peer = marque_api::options::v1::Role::Peer as i32;
    marque_api::access(path).is_some_and(|access| access.roles.iter().any(|role| *role != peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(role: RoleName) -> PeerRoles {
        PeerRoles::NONE.with(role)
    }

    #[test]
    fn every_method_of_the_table_is_in_the_contract() {
        for method in CALLS.iter().flat_map(|calls| calls.methods).chain([&PULL]) {
            assert!(marque_api::access(method).is_some(), "{method}");
        }
        for calls in CALLS {
            assert!(
                !calls.callers.contains(&Gateway),
                "people's methods are the gateway's"
            );
        }
    }

    /// The row of a role in the table of ARCHITECTURE.md, which `cargo xtask check-layers` compares with the services' `Deps`.
    fn row(role: RoleName) -> [Vec<String>; 2] {
        let page = include_str!("../../../ARCHITECTURE.md");
        let row = page
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {role} | ")))
            .expect("every role has its row");
        let (calls, follows) = row.split_once(" | ").expect("three columns");
        [calls, follows.trim_end_matches(" |")].map(|cell| {
            let mut names: Vec<String> = cell.split(", ").map(str::to_owned).collect();
            names.retain(|name| name != "—");
            names.sort();
            names
        })
    }

    #[test]
    fn the_tables_say_what_architecture_md_says() {
        for role in RoleName::ALL.into_iter().filter(|role| *role != Gateway) {
            let mut called: Vec<String> = CALLS
                .iter()
                .filter(|calls| calls.callers.contains(&role))
                .flat_map(|calls| calls.callees)
                .map(RoleName::to_string)
                .collect();
            called.sort();
            called.dedup();
            let mut followed: Vec<String> = FOLLOWERS
                .iter()
                .filter(|(_, followers)| followers.contains(&role))
                .map(|(producer, _)| producer.to_string())
                .collect();
            followed.sort();
            assert_eq!([called, followed], row(role), "{role}");
        }
    }

    #[test]
    fn the_gateway_may_call_what_people_may_and_nothing_else() {
        for access in marque_api::ACCESS {
            let expected = is_for_people(access.path);
            assert_eq!(
                may_call(only(Gateway), Customer, access.path),
                expected,
                "{}",
                access.path
            );
        }
        assert!(!may_call(only(Gateway), Network, PULL));
    }

    #[test]
    fn a_peer_is_named_by_its_roles() {
        assert_eq!(only(Scoring).to_string(), "scoring");
        let both = only(DataQuality).with(Vehicle);
        assert_eq!(both.to_string(), "vehicle+data-quality");
        assert_eq!(PeerRoles::NONE.to_string(), "no role");
    }

    #[test]
    fn a_role_may_call_what_its_work_needs_and_nothing_else() {
        let get_customer = "/marque.customer.v1.CustomerService/GetCustomer";
        assert!(marque_api::access(get_customer).is_some());
        assert!(!may_call(only(Scoring), Customer, get_customer));
        assert!(may_call(only(Scoring), Customer, PULL));
        assert!(!may_call(only(Network), Customer, PULL));
        assert!(!may_call(only(Customer), Vehicle, PULL));
        assert!(may_call(only(Customer), DataQuality, PULL));
        assert!(!may_call(only(Vehicle), DataQuality, PULL));
        assert!(!may_call(PeerRoles::NONE, Network, PULL));
        assert!(may_call(only(Network).with(Vehicle), Customer, PULL));
        assert!(!may_call(
            only(Vehicle),
            Network,
            "/marque.network.v1.NetworkService/Unheard"
        ));
    }
}
