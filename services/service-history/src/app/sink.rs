//! Rows of an import of visits.

use marque_core::VisitId;
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, RowView, Sink, Written};
use marque_quality::{Field, RecordKind, VisitRow};
use marque_tabular::{Schema, VISITS};
use uuid::Uuid;

use super::{
    RawRow, Rows,
    rows::{VisitPayload, reads_besides},
};
use crate::domain::Implausible;

/// Takes files of visits: rows that follow each other with the same order number are one visit; an order whose rows stand
/// apart is quarantined whole.
#[derive(Debug)]
pub(crate) struct VisitSink {
    rows: Rows,
    /// Where the dictionary's fields stand in the schema.
    places: Vec<(Field, usize)>,
}

impl VisitSink {
    pub(crate) fn new(rows: Rows) -> Self {
        let place = |field: Field| VISITS.column(field.column()).map(|place| (field, place));
        Self {
            rows,
            places: Field::of(RecordKind::Visits).filter_map(place).collect(),
        }
    }

    fn read<'a>(&self, view: &RowView<'a>) -> RawRow<'a> {
        let mut columns = VisitRow::default();
        for (field, place) in &self.places {
            columns.set(*field, view.get(*place));
        }
        RawRow {
            columns,
            extra: view.extras().collect(),
        }
    }
}

impl Sink for VisitSink {
    type Payload = VisitPayload;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == VISITS.kind).then_some(&VISITS)
    }

    fn group_column(&self, schema: &Schema) -> Option<usize> {
        schema.column("order_number")
    }

    fn reads_besides(&self, header: &str) -> bool {
        reads_besides(header)
    }

    fn record_id(&self, record: Uuid) -> String {
        VisitId::from(record).to_string()
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<VisitPayload> {
        let rows: Vec<RawRow<'_>> = rows.iter().map(|view| self.read(view)).collect();
        let prepared = self.rows.prepare(&job.dealer, &job.source, &rows, job.now);
        Entry {
            findings: prepared.findings,
            of_rows: prepared.of_rows,
            refusals: Vec::new(),
            payload: prepared.payload,
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&VisitPayload],
    ) -> Result<Vec<Written>, StoreError> {
        let sent = Some(job.received_at);
        let recorded = self.rows.write(conn, batch, (sent, job.now))?;
        Ok(recorded
            .into_iter()
            .map(|recorded| Written {
                outcome: recorded.outcome,
                record: Some(recorded.id.uuid()),
                findings: recorded
                    .doubt
                    .map(Implausible::finding)
                    .into_iter()
                    .collect(),
            })
            .collect())
    }
}
