//! What the data-quality service may know of a dealer's row of a vehicle: which columns are filled, what is wrong, and the days
//! and years that a standard may bound. Nothing that tells which car it is.

use std::borrow::Cow;

use marque_auth::{CallContext, Role};
use marque_core::{DealerCode, Timestamp, VehicleId, business_date, source_record_id};
use marque_intake::{RecordEvidence, Witness};
use marque_quality::{
    Field, RecordKind, clean_vehicle,
    standard::{Measure, Measured, release},
    text::present,
};
use uuid::Uuid;

use super::VehicleApp;
use crate::{
    error::{Error, Result},
    storage::{self, KeptRow},
};

impl Witness for VehicleApp {
    type Error = Error;

    /// Evidence of all rows about the vehicles asked for: a car has rows of several dealers.
    async fn list_evidence(
        &self,
        ctx: CallContext,
        ids: Vec<String>,
    ) -> Result<Vec<RecordEvidence>> {
        ctx.require(Role::Peer)?;
        // An id that cannot be is as unknown as one that is not.
        let ids: Vec<Uuid> = ids
            .iter()
            .filter_map(|id| id.parse().ok())
            .map(VehicleId::uuid)
            .collect();
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let rows = storage::rows_of(conn, &ids)?;
                let visited = storage::first_visits(conn, &ids)?;
                let evidence = rows
                    .iter()
                    .map(|row| app.evidence_of(row, visited.get(&row.vin).copied()));
                Ok(evidence
                    .collect::<Result<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                    .collect())
            })
            .await
    }

    async fn list_ids(&self, ctx: CallContext, after: String, limit: u32) -> Result<Vec<String>> {
        ctx.require(Role::Peer)?;
        let after = after.parse().map_or(Uuid::nil(), |id: VehicleId| id.uuid());
        let ids: Vec<VehicleId> = self
            .db
            .scan(move |conn| Ok::<_, Error>(storage::vehicle_ids(conn, after, limit)?))
            .await?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }
}

impl VehicleApp {
    /// Nothing of a row whose dealer has no code: there is nobody to mend it. `visited`: when the car was first at a
    /// workshop with kilometres on its meter.
    fn evidence_of(
        &self,
        row: &KeptRow,
        visited: Option<Timestamp>,
    ) -> Result<Option<RecordEvidence>> {
        let Ok(dealer) = row.dealer.parse::<DealerCode>() else {
            return Ok(None);
        };
        let stored = self.rows.open(row)?;
        let columns = stored.row();
        let today = business_date(self.clock.now());
        let mut cleaned = clean_vehicle(&columns, today);
        let mut measures: Vec<Measured> = cleaned.measures.all().collect();
        if let Some((sold, visited)) = cleaned.record.sale_date.zip(visited.map(business_date)) {
            let late = Measured {
                field: Field::VehicleSaleDate,
                measure: Measure::DaysAfterFirstVisit,
                value: (sold - visited).num_days(),
            };
            let standard = release(RecordKind::Vehicles, today);
            cleaned.findings.extend(standard.judge(late, today));
            measures.push(late);
        }
        let filled =
            Field::of(RecordKind::Vehicles).filter(|field| present(columns.get(*field)).is_some());
        let evidence = RecordEvidence {
            id: source_record_id(&dealer, &row.source, &row.vin).to_string(),
            kind: RecordKind::Vehicles,
            dealer: row.dealer.clone(),
            source: row.source.clone(),
            clerk: String::new(),
            // Rows are replaced, not counted: the later one is the newer version.
            version: row.received_at.as_micros(),
            entered_at: row.received_at,
            event_date: cleaned.record.sale_date,
            party: None,
            is_repeated: None,
            filled: filled.collect(),
            findings: cleaned.findings,
            entry: Vec::new(),
            measures,
            values: Vec::new(),
            repeats: None,
        };
        Ok(Some(evidence.with_values(
            |bytes| self.rows.evidence_key(bytes),
            |field| present(columns.get(field)).map(Cow::Borrowed),
        )))
    }
}
