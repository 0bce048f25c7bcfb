//! Rows of an import of vehicles.

use marque_core::VehicleId;
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, RowView, Sink, Written};
use marque_quality::{Field, RecordKind, VehicleRow};
use marque_tabular::{Schema, VEHICLES};
use uuid::Uuid;

use super::{
    RawRow, Rows,
    rows::{RowPayload, SentFile, reads_besides},
};

/// Takes files of vehicles.
#[derive(Debug)]
pub(crate) struct VehicleSink {
    rows: Rows,
    /// Where the dictionary's fields stand in the schema.
    places: Vec<(Field, usize)>,
}

impl VehicleSink {
    pub(crate) fn new(rows: Rows) -> Self {
        let place = |field: Field| VEHICLES.column(field.column()).map(|place| (field, place));
        Self {
            rows,
            places: Field::of(RecordKind::Vehicles).filter_map(place).collect(),
        }
    }
}

impl Sink for VehicleSink {
    type Payload = RowPayload;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == VEHICLES.kind).then_some(&VEHICLES)
    }

    fn reads_besides(&self, header: &str) -> bool {
        reads_besides(header)
    }

    fn record_id(&self, record: Uuid) -> String {
        VehicleId::from(record).to_string()
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<RowPayload> {
        let view = rows[0];
        let mut columns = VehicleRow::default();
        for (field, place) in &self.places {
            columns.set(*field, view.get(*place));
        }
        let raw = RawRow {
            columns,
            extra: view.extras().collect(),
        };
        let prepared = self.rows.prepare(&job.dealer, &job.source, &raw, job.now);
        Entry {
            findings: prepared.findings,
            of_rows: Vec::new(),
            refusals: Vec::new(),
            payload: prepared.payload,
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&RowPayload],
    ) -> Result<Vec<Written>, StoreError> {
        let written = self
            .rows
            .write(conn, batch, (Some(SentFile::of(job)), job.now))?;
        Ok(written
            .into_iter()
            .map(|kept| Written {
                outcome: kept.told(),
                record: Some(kept.vehicle.uuid()),
                findings: Vec::new(),
            })
            .collect())
    }
}
