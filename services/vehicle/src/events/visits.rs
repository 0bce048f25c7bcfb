//! Events of the service-history service: readings, and who brought the car.

use marque_api::{
    events::v1::Event,
    service_history::v1::{RecordedVisit, VisitsRecorded},
};
use marque_core::{DealerCode, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use marque_quality::vin::Vin;
use prost::Message as _;

use super::{id, time_of};
use crate::{
    app::Recorder,
    domain::{Facts, Giver, PartyClaim, ReadingFact, Role},
    storage,
};

/// Records the cars that visits name.
#[derive(Debug)]
pub(crate) struct Visits {
    recorder: Recorder,
}

impl Visits {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder }
    }
}

impl Handler for Visits {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.service_history.visits.recorded" {
            return Ok(());
        }
        let recorded = VisitsRecorded::decode(event.data.as_slice())?;
        let (mut facts, mut unsaid) = (Vec::new(), Vec::new());
        for visit in &recorded.visits {
            facts.extend(facts_of(visit, time_of(event))?);
        }
        for sender in &recorded.unsaid {
            if let Ok(vin) = Vin::parse(&sender.vin) {
                facts.push(Facts::of(vin.as_str()));
                unsaid.push((vin, id(&sender.source_record_id, "source_record_id")?));
            }
        }
        let records: Vec<SourceRecordId> = unsaid.iter().map(|(_, record)| *record).collect();
        Recorder::lock(conn, &facts, &records)?;
        let cars = self.recorder.record(conn, &facts, time_of(event))?;
        let unsaid = unsaid
            .into_iter()
            .map(|(vin, record)| (cars[vin.as_str()], record));
        storage::unsay_senders(conn, unsaid)?;
        Ok(())
    }
}

/// What a visit says of its car; nothing if it names no VIN that can be one.
fn facts_of(visit: &RecordedVisit, event_at: Timestamp) -> Result<Option<Facts>, ApplyError> {
    let Ok(vin) = Vin::parse(&visit.vin) else {
        return Ok(None);
    };
    let dealer = id::<DealerCode>(&visit.dealer, "dealer")?;
    let at = visit
        .opened_at
        .as_ref()
        .or(visit.closed_at.as_ref())
        .map_or(event_at, from_proto_time);
    let mut facts = Facts::of(vin.as_str());
    if !visit.source_record_id.is_empty() {
        let record = id(&visit.source_record_id, "source_record_id")?;
        facts.parties = vec![PartyClaim {
            giver: Giver::Visit,
            role: Role::Sender,
            record,
            dealer: dealer.clone(),
            at,
        }];
    }
    // A correction that has no reading takes back the one of the version before.
    if visit.odometer_km > 0 || visit.version > 1 {
        facts.reading = Some(ReadingFact {
            visit: id(&visit.id, "id")?,
            visit_version: visit.version,
            km: i64::from(visit.odometer_km),
            read_at: at,
            dealer: dealer.clone(),
        });
    }
    facts.seen_by = vec![dealer];
    Ok(Some(facts))
}
