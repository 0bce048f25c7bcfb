//! Events of the service-history service: visits new or corrected.

use marque_api::{
    events::v1::Event,
    service_history::v1::{RecordedVisit, VisitsRecorded},
};
use marque_core::{Timestamp, VisitId};
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use marque_vault::Vault;
use prost::Message as _;

use super::{id, newest, note_happenings, optional_id, time};
use crate::{
    app::Assessor,
    domain::{Happening, happening::Kind},
    storage,
};

/// Keeps visits as facts, and scores the customers who made them.
#[derive(Debug)]
pub(crate) struct Visits(pub(crate) Assessor, pub(crate) Vault);

impl Handler for Visits {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        self.apply_all(conn, &[event])
    }

    fn apply_all(&self, conn: &mut Conn<'_>, events: &[&Event]) -> Result<(), ApplyError> {
        let mut visits = Vec::new();
        for event in events {
            if event.r#type == "marque.service_history.visits.recorded" {
                let came_at = time(event.time.as_ref()).unwrap_or_default();
                for visit in VisitsRecorded::decode(event.data.as_slice())?.visits {
                    visits.push(read_visit(visit, came_at)?);
                }
            }
        }
        let visits = newest(visits, |visit| (visit.id, visit.version));
        let cars = visits.iter().map(|visit| visit.vin.as_str());
        storage::ask_checks(conn, cars, Timestamp::default())?;
        note_happenings(conn, (&self.0, &self.1), visits)
    }
}

fn read_visit(
    visit: RecordedVisit,
    came_at: marque_core::Timestamp,
) -> Result<Happening, ApplyError> {
    let (opened, closed) = (
        time(visit.opened_at.as_ref()),
        time(visit.closed_at.as_ref()),
    );
    Ok(Happening {
        id: id::<VisitId>(&visit.id, "id")?.uuid(),
        kind: Kind::Visit,
        record: optional_id(&visit.source_record_id, "source_record_id")?,
        dealer: visit.dealer,
        vin: visit.vin,
        happened_at: opened.or(closed).unwrap_or(came_at),
        ended_at: closed,
        // What others pay is no spend of his, and less than nothing is paid back to him. The event knows no difference between nothing paid
        // and no amount given.
        amount_minor: Some(visit.customer_minor.unwrap_or(visit.amount_minor))
            .filter(|amount| *amount != 0),
        level: None,
        odometer_km: i64::from(visit.odometer_km),
        code: visit.kind,
        version: visit.version,
        withdrawn_at: None,
    })
}
