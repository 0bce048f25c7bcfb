//! Between the wire and the domain: every field by name.

use marque_api::network::v1 as pb;
use marque_core::{DealerCode, Timestamp};
use marque_errors::Violation;

use crate::{
    domain::{Dealer, Staff},
    error::{Error, Result},
};

pub(crate) fn code(text: &str) -> Result<DealerCode> {
    text.parse()
        .map_err(|error: marque_core::InvalidDealerCode| {
            Error::Invalid(vec![Violation::new("dealer", "FORMAT", error.to_string())])
        })
}

pub(crate) fn dealer_from_pb(dealer: pb::Dealer) -> Result<Dealer> {
    let pb::Dealer {
        code: text,
        name,
        region,
        group,
        departments,
        updated_at: _,
        version,
        phones,
    } = dealer;
    Ok(Dealer {
        code: code(&text)?,
        name,
        region,
        group,
        departments,
        phones,
        updated_at: Timestamp::default(),
        version,
    })
}

pub(crate) fn staff_from_pb(staff: pb::Staff) -> Result<Staff> {
    let pb::Staff {
        dealer,
        code: own,
        name,
        department,
        phone,
        active,
    } = staff;
    Ok(Staff {
        dealer: code(&dealer)?,
        code: own,
        name,
        department,
        phone,
        active,
    })
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
