//! Imports and their rows as JSON.

use marque_api::intake::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::{FindingView, Instant, instant, outcome_name, views};

/// One import and how far it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportView {
    /// Id.
    #[schema(example = "imp_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// customers, vehicles or visits.
    #[schema(example = "customers")]
    kind: String,
    /// Dealer.
    dealer: String,
    /// Source system.
    source: String,
    /// True: reports only, writes nothing.
    dry_run: bool,
    /// queued, running, succeeded or failed.
    #[schema(example = "queued")]
    state: &'static str,
    /// Rows read so far.
    received: i64,
    /// Rows taken in without findings.
    accepted: i64,
    /// Rows taken in with findings.
    with_findings: i64,
    /// Rows held back.
    quarantined: i64,
    /// Rows that changed nothing.
    unchanged: i64,
    /// Bytes of the file.
    size_bytes: i64,
    /// Bytes worked off.
    done_bytes: i64,
    /// Reason of a failure.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem_reason: String,
    /// The failure in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem_detail: String,
    /// When it was taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    /// When the last row had its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Instant>,
    /// Sheets of the workbook that have rows and were not read, since their headers are others; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_sheets: Option<i64>,
    /// Headers of columns that mean nothing known and that nothing was read from; map them, or rename them. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread_columns: Vec<String>,
}

impl From<pb::Import> for ImportView {
    fn from(import: pb::Import) -> Self {
        let state = match import.state() {
            pb::ImportState::Unspecified => "unknown",
            pb::ImportState::Queued => "queued",
            pb::ImportState::Running => "running",
            pb::ImportState::Succeeded => "succeeded",
            pb::ImportState::Failed => "failed",
        };
        let pb::Import {
            id,
            kind,
            dealer,
            source,
            dry_run,
            state: _,
            received,
            accepted,
            with_findings,
            quarantined,
            unchanged,
            size_bytes,
            done_bytes,
            problem_reason,
            problem_detail,
            created_at,
            finished_at,
            unread_sheets,
            unread_columns,
        } = import;
        Self {
            id,
            kind,
            dealer,
            source,
            dry_run,
            state,
            received,
            accepted,
            with_findings,
            quarantined,
            unchanged,
            size_bytes,
            done_bytes,
            problem_reason,
            problem_detail,
            created_at: instant(created_at),
            finished_at: instant(finished_at),
            unread_sheets: Some(unread_sheets).filter(|sheets| *sheets > 0),
            unread_columns,
        }
    }
}

/// What became of one row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub(crate) struct RowView {
    /// Line in the file, the header being line 1.
    line: i64,
    /// accepted, accepted_with_findings, quarantined, unchanged or erased.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// The source record it is, for rows of customers.
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
    /// The vehicle or visit it is, for rows of those.
    #[serde(skip_serializing_if = "String::is_empty")]
    record_id: String,
    /// The customer it belongs to now, for rows of customers.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// Remarks.
    findings: Vec<FindingView>,
}

impl From<pb::ImportRow> for RowView {
    fn from(row: pb::ImportRow) -> Self {
        let outcome = outcome_name(row.outcome());
        let pb::ImportRow {
            line,
            outcome: _,
            record_id,
            customer_id,
            findings,
        } = row;
        let is_source_record = record_id.starts_with("src_");
        let (source_record_id, record_id) = if is_source_record {
            (record_id, String::new())
        } else {
            (String::new(), record_id)
        };
        Self {
            line,
            outcome,
            source_record_id,
            record_id,
            customer_id,
            findings: views(findings),
        }
    }
}
