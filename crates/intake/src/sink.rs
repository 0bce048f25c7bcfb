//! What a service says of its rows.

use std::collections::HashMap;

use marque_auth::CallContext;
use marque_core::{DealerCode, ImportId, Timestamp};
use marque_db::{Conn, StoreError};
use marque_quality::{Finding, Severity};
use marque_tabular::{HeaderMap, Row, Schema};
use uuid::Uuid;

use crate::Outcome;

/// One import, as the sink needs to know it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The import.
    pub id: ImportId,
    /// Kind of rows.
    pub kind: String,
    /// Dealer whose data it is.
    pub dealer: DealerCode,
    /// Source system at the dealer.
    pub source: String,
    /// Who sent it.
    pub ctx: CallContext,
    /// The dealer himself did.
    pub by_dealer: bool,
    /// When the file was taken in: what came live since is newer than its rows, however late they are worked off.
    pub received_at: Timestamp,
    /// When this batch is worked off.
    pub now: Timestamp,
}

/// One row of the file, read through the recognised headers.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    row: &'a Row,
    headers: &'a HeaderMap,
    /// What its column of dealers says in words, under its header.
    dealer: Option<(&'a str, &'a str)>,
}

impl<'a> RowView<'a> {
    pub(crate) fn new(
        row: &'a Row,
        headers: &'a HeaderMap,
        dealer: Option<(&'a str, &'a str)>,
    ) -> Self {
        Self {
            row,
            headers,
            dealer,
        }
    }

    /// The value of a canonical column, by its place in the schema; `None` if it is empty or not there.
    pub fn get(&self, column: usize) -> Option<&'a str> {
        Some(self.headers.get(self.row, column)).filter(|value| !value.is_empty())
    }

    /// Columns that the schema does not know or that nothing was read from, in the order of their headers: where they stand in the file
    /// says nothing.
    pub fn extras(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut extras: Vec<(&str, &str)> = self
            .headers
            .extras_in(self.row)
            .chain(self.dealer)
            .collect();
        extras.sort_by_key(|(header, _)| *header);
        extras.into_iter()
    }

    /// What stands under other headers that mean a canonical column, by its place in the schema; empty cells are left out.
    pub fn others(&self, column: usize) -> impl Iterator<Item = &'a str> {
        self.headers.others(self.row, column)
    }

    /// Line in the file.
    pub fn line(&self) -> u64 {
        self.row.line()
    }
}

/// Something wrong with a column that the standard's dictionary does not know; it quarantines the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Canonical column.
    pub field: &'static str,
    /// Stable name of what is wrong, such as `missing`.
    pub rule: &'static str,
    /// What is wrong and how to mend it, in Chinese; no value of the row.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// What preparing made of one row, or of the rows that belong together.
#[derive(Debug)]
pub struct Entry<P> {
    /// What was found in it; a finding of severity Reject quarantines all its rows.
    pub findings: Vec<Finding>,
    /// What was found in one of its rows alone, in the order of the rows; empty where that is not told apart.
    pub of_rows: Vec<Vec<Finding>>,
    /// What is wrong with columns that the dictionary does not know; each quarantines all its rows.
    pub refusals: Vec<Refusal>,
    /// What `write` will need; `None` only where the entry is rejected.
    pub payload: Option<P>,
}

impl<P> Entry<P> {
    /// Whether the rows are to be quarantined.
    pub fn is_rejected(&self) -> bool {
        self.payload.is_none()
            || !self.refusals.is_empty()
            || self
                .all_findings()
                .any(|finding| finding.severity == Severity::Reject)
    }

    /// What was found in the whole and in each of its rows.
    pub(crate) fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.of_rows.iter().flatten())
    }
}

/// What became of an entry in the store.
#[derive(Debug, Clone)]
pub struct Written {
    /// Whether anything changed.
    pub outcome: Outcome,
    /// The record it is.
    pub record: Option<Uuid>,
    /// What only the store could find.
    pub findings: Vec<Finding>,
}

/// What one row means to a service.
pub trait Sink: Send + Sync + 'static {
    /// A row made ready for the store.
    type Payload: Send + Sync + 'static;

    /// The columns of a kind of file; `None` if this service does not take it.
    fn schema(&self, kind: &str) -> Option<&'static Schema>;

    /// Whether a column that the schema does not know is read all the same, by its header.
    fn reads_besides(&self, _header: &str) -> bool {
        false
    }

    /// The column whose equal values, in rows that follow each other, make one record of them. Rows of one value that
    /// stand apart, or one of which is faulty, are quarantined, all of them.
    fn group_column(&self, _schema: &Schema) -> Option<usize> {
        None
    }

    /// Cleans, hashes and seals: everything that needs no store. Runs beside the writing of the previous batch.
    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<Self::Payload>;

    /// A record's id as people see it.
    fn record_id(&self, record: Uuid) -> String;

    /// The customers that records belong to now, as people see them; only where records are of customers.
    fn customers(
        &self,
        _conn: &mut Conn<'_>,
        _records: &[Uuid],
    ) -> Result<HashMap<Uuid, String>, StoreError> {
        Ok(HashMap::new())
    }

    /// Writes a batch in the caller's transaction; one answer for each payload, in order. May be called again after a
    /// conflict.
    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&Self::Payload],
    ) -> Result<Vec<Written>, StoreError>;
}
