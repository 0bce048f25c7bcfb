//! Between the wire and the domain: every field by name.

use marque_api::network::v1 as pb;
use marque_core::{DealerCode, Timestamp};

use crate::{
    domain::{Dealer, Staff, read_code},
    error::{Error, Result},
};

pub(crate) fn code(text: &str) -> Result<DealerCode> {
    read_code(text, "dealer").map_err(|violation| Error::Invalid(vec![violation]))
}

pub(crate) fn dealer_from_pb(dealer: pb::Dealer) -> Dealer<String> {
    let pb::Dealer {
        code,
        name,
        region,
        group,
        departments,
        updated_at: _,
        version,
        phones,
    } = dealer;
    Dealer {
        code,
        name,
        region,
        group,
        departments,
        phones,
        updated_at: Timestamp::default(),
        version,
    }
}

pub(crate) fn staff_from_pb(staff: pb::Staff) -> Staff<String> {
    let pb::Staff {
        dealer,
        code,
        name,
        department,
        phone,
        active,
    } = staff;
    Staff {
        dealer,
        code,
        name,
        department,
        phone,
        active,
    }
}

pub(crate) fn staff_to_pb(staff: Staff) -> pb::Staff {
    let Staff {
        dealer,
        code,
        name,
        department,
        phone,
        active,
    } = staff;
    pb::Staff {
        dealer: dealer.to_string(),
        code,
        name,
        department,
        phone,
        active,
    }
}
