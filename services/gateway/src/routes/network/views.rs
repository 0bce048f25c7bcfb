//! Dealers and staff as JSON.

use marque_api::network::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::{Instant, instant};

/// A dealer: one 4S store.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dealer)]
pub(crate) struct DealerView {
    /// Code used everywhere.
    #[schema(example = "D001")]
    code: String,
    /// Name.
    #[schema(example = "Shanghai Pudong 4S")]
    name: String,
    /// Region.
    #[schema(example = "east")]
    region: String,
    /// Dealer group; empty if independent.
    group: String,
    /// Departments.
    departments: Vec<String>,
    /// Its own numbers, which must not turn up as a customer's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phones: Vec<String>,
    /// Last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    /// Grows with each change; the ETag.
    version: i64,
}

impl From<pb::Dealer> for DealerView {
    fn from(dealer: pb::Dealer) -> Self {
        let pb::Dealer {
            code,
            name,
            region,
            group,
            departments,
            updated_at,
            version,
            phones,
        } = dealer;
        Self {
            code,
            name,
            region,
            group,
            departments,
            phones,
            updated_at: instant(updated_at),
            version,
        }
    }
}

/// A member of a dealer's staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Staff)]
pub(crate) struct StaffView {
    /// The dealer.
    dealer: String,
    /// Code of the person in the dealer's system.
    code: String,
    /// Name.
    name: String,
    /// Department.
    department: String,
    /// Business phone.
    phone: String,
    /// False once the person has left.
    active: bool,
}

impl From<pb::Staff> for StaffView {
    fn from(staff: pb::Staff) -> Self {
        let pb::Staff {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        } = staff;
        Self {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        }
    }
}

/// A dealer as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealerBody {
    /// Name.
    #[schema(example = "Shanghai Pudong 4S")]
    name: String,
    /// Region.
    #[schema(example = "east")]
    region: String,
    /// Dealer group; empty if independent.
    #[serde(default)]
    group: String,
    /// Departments, such as sales, service, parts, finance.
    #[serde(default)]
    departments: Vec<String>,
    /// Its own numbers, such as the switchboard's and the showroom's, which must not turn up as a customer's.
    #[serde(default)]
    phones: Vec<String>,
}

impl DealerBody {
    pub(crate) fn into_pb(self, code: String, version: i64) -> pb::Dealer {
        let Self {
            name,
            region,
            group,
            departments,
            phones,
        } = self;
        pb::Dealer {
            code,
            name,
            region,
            group,
            departments,
            updated_at: None,
            version,
            phones,
        }
    }
}

/// A member of staff as he is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffBody {
    /// Name.
    name: String,
    /// Department.
    #[serde(default)]
    department: String,
    /// Business phone, which must not turn up as a customer's.
    #[serde(default)]
    phone: String,
    /// False once the person has left.
    #[serde(default = "yes")]
    active: bool,
}

const fn yes() -> bool {
    true
}

impl StaffBody {
    pub(crate) fn into_pb(self, dealer: String, code: String) -> pb::Staff {
        let Self {
            name,
            department,
            phone,
            active,
        } = self;
        pb::Staff {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        }
    }
}

/// A whole network: put all or nothing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkBody {
    /// Dealers.
    #[serde(default)]
    pub(super) dealers: Vec<NetworkDealer>,
    /// Staff of these or of earlier dealers.
    #[serde(default)]
    pub(super) staff: Vec<NetworkStaff>,
}

/// A dealer of a network.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkDealer {
    /// Code used everywhere.
    pub(super) code: String,
    /// Name.
    pub(super) name: String,
    /// Region.
    pub(super) region: String,
    /// Dealer group.
    #[serde(default)]
    pub(super) group: String,
    /// Departments.
    #[serde(default)]
    pub(super) departments: Vec<String>,
    /// Its own numbers.
    #[serde(default)]
    pub(super) phones: Vec<String>,
}

/// A member of staff of a network.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkStaff {
    /// Code of the dealer.
    pub(super) dealer: String,
    /// Code of the person.
    pub(super) code: String,
    /// Name.
    pub(super) name: String,
    /// Department.
    #[serde(default)]
    pub(super) department: String,
    /// Business phone.
    #[serde(default)]
    pub(super) phone: String,
    /// False once the person has left.
    #[serde(default = "yes")]
    pub(super) active: bool,
}

impl From<NetworkBody> for pb::ApplyNetworkRequest {
    fn from(NetworkBody { dealers, staff }: NetworkBody) -> Self {
        Self {
            dealers: dealers.into_iter().map(pb::Dealer::from).collect(),
            staff: staff.into_iter().map(pb::Staff::from).collect(),
        }
    }
}

impl From<NetworkDealer> for pb::Dealer {
    fn from(dealer: NetworkDealer) -> Self {
        let NetworkDealer {
            code,
            name,
            region,
            group,
            departments,
            phones,
        } = dealer;
        DealerBody {
            name,
            region,
            group,
            departments,
            phones,
        }
        .into_pb(code, 0)
    }
}

impl From<NetworkStaff> for pb::Staff {
    fn from(staff: NetworkStaff) -> Self {
        let NetworkStaff {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        } = staff;
        Self {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        }
    }
}
