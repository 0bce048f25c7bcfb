//! Rows of customer files.

use std::collections::HashMap;

use marque_core::{CustomerSerial, SourceRecordId};
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, RowView, Sink, Written};
use marque_ledger::{Entry as Audit, record};
use marque_quality::{Field, Finding, RecordKind};
use marque_tabular::{CUSTOMERS, Schema};
use uuid::Uuid;

use super::{
    CustomerApp,
    ingest::{Came, Company},
    ready::Ready,
};
use crate::{
    domain::{COLUMNS, Columns},
    error::{Error, Result},
};

/// Takes in files of kind `customers`.
#[derive(Debug, Clone)]
pub(crate) struct CustomerSink {
    app: CustomerApp,
}

impl CustomerSink {
    pub(crate) fn new(app: CustomerApp) -> Self {
        Self { app }
    }

    fn find_customers(
        &self,
        conn: &mut Conn<'_>,
        records: &[Uuid],
    ) -> Result<HashMap<Uuid, String>> {
        let ids: Vec<SourceRecordId> = records.iter().map(|id| (*id).into()).collect();
        let numbers = self.app.store.customers_of(conn, &ids)?;
        let distinct: Vec<CustomerSerial> = numbers.values().copied().collect();
        let customers = self.app.store.customer_ids(conn, &distinct)?;
        let name = |number| customers.get(number).map(ToString::to_string);
        Ok(numbers
            .iter()
            .filter_map(|(record, number)| Some((record.uuid(), name(number)?)))
            .collect())
    }
}

impl Sink for CustomerSink {
    type Payload = Ready;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == CUSTOMERS.kind).then_some(&CUSTOMERS)
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<Ready> {
        let row = rows.first().expect("a group has a row");
        let mut columns = Columns::default();
        for place in 0..COLUMNS.len() {
            if let Some(text) = row.get(place) {
                columns.push(place, text);
            }
        }
        columns.extra = row
            .extras()
            .map(|(header, text)| (header.to_owned(), text.to_owned()))
            .collect();
        match self
            .app
            .store
            .ready(&job.dealer, &job.source, columns, job.now)
        {
            Ok((ready, mut findings)) => {
                findings.extend(said_twice(row));
                Entry {
                    findings,
                    of_rows: Vec::new(),
                    refusals: Vec::new(),
                    payload: Some(ready),
                }
            }
            Err(error) => {
                tracing::error!(import.id = %job.id, %error, "a row cannot be sealed");
                Entry {
                    findings: Vec::new(),
                    of_rows: Vec::new(),
                    refusals: Vec::new(),
                    payload: None,
                }
            }
        }
    }

    fn record_id(&self, record: Uuid) -> String {
        SourceRecordId::from(record).to_string()
    }

    fn customers(
        &self,
        conn: &mut Conn<'_>,
        records: &[Uuid],
    ) -> std::result::Result<HashMap<Uuid, String>, StoreError> {
        self.find_customers(conn, records).map_err(into_store_error)
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&Ready],
    ) -> std::result::Result<Vec<Written>, StoreError> {
        let how = (Company::Alone, Came::InFile(job.received_at));
        let taken = self
            .app
            .write_rows(conn, &job.ctx, batch, how)
            .map_err(into_store_error)?;
        let import = job.id.to_string();
        let count = taken.len().to_string();
        let audit = Audit {
            act: "records_imported",
            subject: &import,
            dealer: job.dealer.as_str(),
            detail: &count,
        };
        record(conn, &job.ctx, job.now, &audit)?;
        let written = taken.into_iter().map(|taken| Written {
            outcome: taken.outcome,
            record: taken.customer.map(|_| taken.record.uuid()),
            findings: Vec::new(),
        });
        Ok(written.collect())
    }
}

/// What of a row another column says otherwise.
fn said_twice(row: &RowView<'_>) -> impl Iterator<Item = Finding> {
    let place_of = |field: Field| CUSTOMERS.column(field.column());
    Field::of(RecordKind::Customers).filter_map(move |field| {
        let rule = field.said_twice()?;
        let read = || {
            let fields = [field, Field::CustomerPhone2];
            fields.map(|field| place_of(field).and_then(|place| row.get(place)))
        };
        let mut others = row.others(place_of(field)?);
        let is_other = others.any(|other| !read().contains(&Some(other)));
        is_other.then(|| Finding::new(field, rule))
    })
}

fn into_store_error(error: Error) -> StoreError {
    match error {
        Error::Store(error) => error,
        other => StoreError::Other(other.into()),
    }
}
