//! Events of those who own records, and of the network: notes which records or whose staff changed. What they now are is asked for
//! afterwards.

use std::collections::BTreeSet;

use marque_api::{
    complaint::v1::CasesChanged,
    customer::v1::SourceRecordsLinked,
    events::v1::Event,
    network::v1::{DealersPut, StaffPut},
    service_history::v1::VisitsRecorded,
    vehicle::v1::VehiclesChanged,
};
use marque_core::{ComplaintId, SourceRecordId, VehicleId, VisitId};
use marque_db::Conn;
use marque_events::{ApplyError, CUSTOMERS_ERASED, Erased, Handler, Regions, from_proto_time};
use marque_quality::RecordKind;
use marque_vault::Vault;
use prost::Message as _;
use uuid::Uuid;

use crate::storage;

/// Regions of dealers, and who of them changed or whose staff did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network;

/// Source records of customers; those of people who were erased are forgotten.
#[derive(Debug, Clone)]
pub(crate) struct Customers(pub(crate) Vault);

/// Cars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vehicles;

/// Visits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visits;

/// Cases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Complaints;

/// Events after which the columns of a case may say something else; a move to another state changes none of them.
const CASES: [&str; 2] = [
    "marque.complaint.cases.opened",
    "marque.complaint.cases.amended",
];

impl Handler for Network {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let dealers: BTreeSet<String> = match event.r#type.as_str() {
            "marque.network.dealers.put" => {
                Regions.apply(conn, event)?;
                let put = DealersPut::decode(event.data.as_slice())?.dealers;
                put.into_iter().map(|dealer| dealer.code).collect()
            }
            "marque.network.staff.put" => {
                let put = StaffPut::decode(event.data.as_slice())?.dealers;
                put.into_iter().collect()
            }
            _ => return Ok(()),
        };
        Ok(storage::note_staff(conn, &dealers, event.position)?)
    }
}

impl Handler for Customers {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => linked(conn, event),
            CUSTOMERS_ERASED => self.erased(conn, event),
            _ => Ok(()),
        }
    }
}

impl Customers {
    fn erased(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let erased = Erased::of(event)?;
        let at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let records: Vec<Uuid> = erased.records.iter().map(|record| record.uuid()).collect();
        storage::lock(conn)?;
        storage::forget_records(conn, &records)?;
        marque_intake::entomb(conn, &self.0, &erased.records, at)?;
        erased.forget_dead_letters(conn)?;
        marque_intake::forget_rows_of(conn, &self.0, &erased.records)?;
        Ok(())
    }
}

fn linked(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let links = SourceRecordsLinked::decode(event.data.as_slice())?.links;
    let ids = links.iter().map(|link| {
        let id = link.source_record_id.parse::<SourceRecordId>();
        id.map(SourceRecordId::uuid)
            .map_err(|_| malformed("source_record_id"))
    });
    note(conn, RecordKind::Customers, ids, event.position)
}

impl Handler for Vehicles {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.vehicle.vehicles.changed" {
            return Ok(());
        }
        let vehicles = VehiclesChanged::decode(event.data.as_slice())?.vehicles;
        let ids = vehicles.iter().map(|vehicle| {
            let id = vehicle.id.parse::<VehicleId>();
            id.map(VehicleId::uuid).map_err(|_| malformed("id"))
        });
        note(conn, RecordKind::Vehicles, ids, event.position)
    }
}

impl Handler for Visits {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.service_history.visits.recorded" {
            return Ok(());
        }
        let visits = VisitsRecorded::decode(event.data.as_slice())?.visits;
        let ids = visits.iter().map(|visit| {
            let id = visit.id.parse::<VisitId>();
            id.map(VisitId::uuid).map_err(|_| malformed("id"))
        });
        note(conn, RecordKind::Visits, ids, event.position)
    }
}

impl Handler for Complaints {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if !CASES.contains(&event.r#type.as_str()) {
            return Ok(());
        }
        let cases = CasesChanged::decode(event.data.as_slice())?.changes;
        let ids = cases.iter().map(|case| {
            let id = case.id.parse::<ComplaintId>();
            id.map(ComplaintId::uuid).map_err(|_| malformed("id"))
        });
        note(conn, RecordKind::Complaints, ids, event.position)
    }
}

fn note(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    ids: impl Iterator<Item = Result<Uuid, ApplyError>>,
    position: i64,
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
    Ok(storage::enqueue(conn, kind, &ids, position)?)
}

fn malformed(field: &str) -> ApplyError {
    ApplyError::Malformed(format!("{field} is no id"))
}
