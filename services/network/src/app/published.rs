//! Events of the service.

use std::collections::BTreeSet;

use marque_api::network::v1 as pb;
use marque_core::Clock;
use marque_db::Conn;
use marque_events::{NewEvent, publish, to_proto_time};
use prost::Message as _;

use crate::{domain::Dealer, error::Result};

const DEALERS_PUT: &str = "marque.network.dealers.put";
const STAFF_PUT: &str = "marque.network.staff.put";

/// Tells of dealers created or changed: one event for all of them.
pub(super) fn dealers_put(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    dealers: &[Dealer],
) -> Result<()> {
    let Some(first) = dealers.first() else {
        return Ok(());
    };
    let message = pb::DealersPut {
        dealers: dealers.iter().cloned().map(dealer_to_pb).collect(),
    };
    let event = NewEvent {
        kind: DEALERS_PUT,
        subject: first.code.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells whose staff are new or changed: one event for all of them.
pub(super) fn staff_put(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    dealers: &BTreeSet<&str>,
) -> Result<()> {
    let Some(first) = dealers.first() else {
        return Ok(());
    };
    let message = pb::StaffPut {
        dealers: dealers.iter().map(|dealer| (*dealer).to_owned()).collect(),
    };
    let event = NewEvent {
        kind: STAFF_PUT,
        subject: (*first).to_owned(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// A dealer on the wire.
pub(crate) fn dealer_to_pb(dealer: Dealer) -> pb::Dealer {
    let Dealer {
        code,
        name,
        region,
        group,
        departments,
        phones,
        updated_at,
        version,
    } = dealer;
    pb::Dealer {
        code: code.to_string(),
        name,
        region,
        group,
        departments,
        updated_at: Some(to_proto_time(updated_at)),
        version,
        phones,
    }
}
