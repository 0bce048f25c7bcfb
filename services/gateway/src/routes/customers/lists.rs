//! What lies behind a customer: his source records and his history.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    routes::{paging::Paging, source_records::CustomerRow},
    state::App,
    values::{FindingView, Instant, instant, views},
};

/// What one dealer's system says about a customer.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceRecord)]
pub(crate) struct SourceRecordView {
    /// Id.
    id: String,
    /// Dealer.
    dealer: String,
    /// Source system.
    source: String,
    /// Key in it.
    key: String,
    /// Customer it belongs to.
    customer_id: String,
    /// The row as it came; personal identifiers masked.
    columns: CustomerRow,
    /// Remarks on it.
    findings: Vec<FindingView>,
    /// When it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Instant>,
    /// When it first came.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Instant>,
    /// Grows with each change.
    version: i64,
}

impl From<pb::SourceRecord> for SourceRecordView {
    fn from(record: pb::SourceRecord) -> Self {
        let pb::SourceRecord {
            id,
            dealer,
            source,
            key,
            customer_id,
            columns,
            findings,
            recorded_at,
            received_at,
            version,
        } = record;
        Self {
            id,
            dealer,
            source,
            key,
            customer_id,
            columns: columns.unwrap_or_default().into(),
            findings: views(findings),
            recorded_at: instant(recorded_at),
            received_at: instant(received_at),
            version,
        }
    }
}

/// One source record, as findings, work lists and rows of imports name it.
#[utoipa::path(get, path = "/v1/source-records/{id}", tag = "customers",
    params(("id" = String, Path, description = "Source record id", example = "src_5f0c6b0e7a8b5c1d9e2f3a4b5c6d7e8f")),
    responses((status = 200, description = "The record, with the customer it belongs to", body = SourceRecordView)))]
pub(crate) async fn get_source_record(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
) -> Answer {
    let request = pb::GetSourceRecordRequest { id };
    let get = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.get_source_record(request).await
        });
    let record = get.await?.source_record.unwrap_or_default();
    // The version is the record's own, for a write over it: whose it is may change without one.
    let (version, owner) = (record.version, record.customer_id.clone());
    conditions.read_owned(version, &owner, &SourceRecordView::from(record))
}

/// A page of source records.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceRecordPage {
    /// The records.
    source_records: Vec<SourceRecordView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Source records of a customer, as far as the caller may see them.
#[utoipa::path(get, path = "/v1/customers/{id}/source-records", tag = "customers",
    params(("id" = String, Path, description = "Customer id"), Paging),
    responses((status = 200, description = "A page of source records", body = SourceRecordPage)))]
pub(crate) async fn list_source_records(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListSourceRecordsRequest {
        customer_id,
        page_size,
        page_token,
    };
    let list = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.list_source_records(request).await
        });
    let pb::ListSourceRecordsResponse {
        source_records,
        next_page_token,
    } = list.await?;
    ok(&SourceRecordPage {
        source_records: views(source_records),
        next_page_token,
    })
}

/// Something that happened to a customer's record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(crate) struct HistoryEntryView {
    /// linked, moved, merged, split, undone, received (`reason` says by which kind of key), consent_given, consent_withdrawn, unmasked
    /// or explained.
    act: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    /// Who did it.
    actor: String,
    /// Dealer concerned.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// The other id concerned: source record, customer or merge.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    /// Why. Of `linked` the source record; for headquarters also how probable the link was and the strongest reasons.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

impl From<pb::HistoryEntry> for HistoryEntryView {
    fn from(entry: pb::HistoryEntry) -> Self {
        let pb::HistoryEntry {
            act,
            at,
            actor,
            dealer,
            subject,
            reason,
        } = entry;
        Self {
            act,
            at: instant(at),
            actor,
            dealer,
            subject,
            reason,
        }
    }
}

/// A page of history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryPage {
    /// Newest first.
    history: Vec<HistoryEntryView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// What happened to a customer's record: joins, merges, splits, receptions, consents.
#[utoipa::path(get, path = "/v1/customers/{id}/history", tag = "customers",
    params(("id" = String, Path, description = "Customer id"), Paging),
    responses((status = 200, description = "A page of history, newest first", body = HistoryPage)))]
pub(crate) async fn list_history(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListHistoryRequest {
        customer_id,
        page_size,
        page_token,
    };
    let list = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.list_history(request).await
        });
    let pb::ListHistoryResponse {
        entries,
        next_page_token,
    } = list.await?;
    ok(&HistoryPage {
        history: views(entries),
        next_page_token,
    })
}
