//! Telling the others of visits that are new or corrected: one event a batch.

use marque_api::service_history::v1 as pb;
use marque_core::Clock;
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish, to_proto_time};
use marque_intake::Outcome;
use prost::Message as _;

use super::{rows::VisitPayload, write::Recorded};
use crate::storage;

/// Event type of visits new or corrected.
pub(crate) const VISITS_RECORDED: &str = "marque.service_history.visits.recorded";

pub(super) fn recorded(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    batch: &[&VisitPayload],
    recorded: &[Recorded],
) -> Result<(), StoreError> {
    let stored = batch
        .iter()
        .zip(recorded)
        .filter(|(_, recorded)| recorded.outcome == Outcome::Stored);
    let visits: Vec<pb::RecordedVisit> = stored
        .map(|(visit, recorded)| to_pb(visit, recorded))
        .collect();
    let (Some(first), Some(visit)) = (visits.first(), batch.first()) else {
        return Ok(());
    };
    let unsaid = unsaid(conn, recorded)?;
    let event = NewEvent {
        kind: VISITS_RECORDED,
        subject: first.id.clone(),
        dealer: Some(&visit.dealer),
        data: pb::VisitsRecorded { visits, unsaid }.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// Who brought which car by what the corrected visits said before, and by no visit now.
fn unsaid(conn: &mut Conn<'_>, recorded: &[Recorded]) -> Result<Vec<pb::UnsaidSender>, StoreError> {
    let mut unsaid = Vec::new();
    for visit in recorded {
        if visit.outcome != Outcome::Stored || visit.version == 1 {
            continue;
        }
        let sender = storage::unsaid_sender(conn, visit.id, visit.version - 1)?;
        unsaid.extend(sender.map(|(vin, record)| pb::UnsaidSender {
            vin,
            source_record_id: record.to_string(),
        }));
    }
    Ok(unsaid)
}

fn to_pb(visit: &VisitPayload, recorded: &Recorded) -> pb::RecordedVisit {
    let record = visit.record.filter(|_| !recorded.is_nobodys);
    pb::RecordedVisit {
        id: recorded.id.to_string(),
        dealer: visit.dealer.to_string(),
        vin: visit.vin.clone(),
        source_record_id: record.map_or_else(String::new, |record| record.to_string()),
        kind: visit.kind.to_owned(),
        opened_at: visit.opened_at.map(to_proto_time),
        closed_at: visit.closed_at.map(to_proto_time),
        odometer_km: visit.odometer_km as i32,
        amount_minor: visit.amount_minor.unwrap_or(0),
        version: recorded.version,
        customer_minor: visit.customer_minor,
    }
}
