//! Events of the service.

use marque_api::customer::v1 as pb;
use marque_core::{Clock, CustomerId, DealerCode, MergeId, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_events::{NewEvent, publish, to_proto_time};
use prost::Message as _;

use crate::{domain::Kind, error::Result};

const LINKED: &str = "marque.customer.source_records.linked";
const MERGED: &str = "marque.customer.customers.merged";

/// A record's place, as the event tells it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) previous: Option<CustomerId>,
    pub(crate) dealer: DealerCode,
    pub(crate) kind: Kind,
    pub(crate) vin: Option<String>,
    pub(crate) plate: Option<String>,
    pub(crate) recorded_at: Timestamp,
}

/// Tells where records now belong: one event for all of them.
pub(crate) fn linked(conn: &mut Conn<'_>, clock: &dyn Clock, links: Vec<Link>) -> Result<()> {
    let Some(first) = links.first() else {
        return Ok(());
    };
    let (subject, dealer) = (first.customer.to_string(), first.dealer.clone());
    let is_one_dealers = links.iter().all(|link| link.dealer == dealer);
    let event = NewEvent {
        kind: LINKED,
        subject,
        dealer: is_one_dealers.then_some(&dealer),
        data: pb::SourceRecordsLinked {
            links: links.into_iter().map(link_to_pb).collect(),
        }
        .encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells that an id now answers with another, or no longer does.
pub(crate) fn merged(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    from: CustomerId,
    into: CustomerId,
    merge: MergeId,
    undone: bool,
) -> Result<()> {
    let message = pb::CustomersMerged {
        from: from.to_string(),
        into: into.to_string(),
        merge_id: merge.to_string(),
        undone,
    };
    let event = NewEvent {
        kind: MERGED,
        subject: into.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

fn link_to_pb(link: Link) -> pb::Link {
    let Link {
        record,
        customer,
        previous,
        dealer,
        kind,
        vin,
        plate,
        recorded_at,
    } = link;
    pb::Link {
        source_record_id: record.to_string(),
        customer_id: customer.to_string(),
        previous_customer_id: previous.map_or_else(String::new, |id| id.to_string()),
        dealer: dealer.to_string(),
        kind: kind.number() as i32,
        vin: vin.unwrap_or_default(),
        plate: plate.unwrap_or_default(),
        recorded_at: Some(to_proto_time(recorded_at)),
    }
}
