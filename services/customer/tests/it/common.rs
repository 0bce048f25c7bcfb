//! Short ways of asking.

use std::time::Duration;

use marque_api::customer::v1::{
    Customer, Duplicate, GetCustomerRequest, HistoryEntry, ListDuplicatesRequest,
    ListHistoryRequest, LookupRequest, LookupResponse, MergeRequest, MergeResponse,
    PutSourceRecordRequest, PutSourceRecordResponse, SourceRecord, UndoRequest, UndoResponse,
    lookup_request::Key,
};
use marque_auth::{Role, Scope};
use marque_errors::Problem;
use marque_testkit::Rig;
use tonic::Status;

pub(crate) use marque_auth::Scope::Headquarters as HQ;

pub(crate) fn dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

pub(crate) fn reason(status: Status) -> String {
    Problem::from(status).reason
}

/// Writes a record as the DMS of its dealer.
pub(crate) async fn put(rig: &Rig, request: PutSourceRecordRequest) -> PutSourceRecordResponse {
    let scope = dealer(&request.dealer);
    rig.customer()
        .put_source_record(rig.ask(Role::Dms, scope, request))
        .await
        .unwrap()
        .into_inner()
}

pub(crate) async fn get_as(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
) -> Result<Customer, Status> {
    let message = GetCustomerRequest {
        id: id.to_owned(),
        with_lineage: true,
    };
    let answer = rig
        .customer()
        .get_customer(rig.ask(role, scope, message))
        .await?;
    Ok(answer.into_inner().customer.unwrap())
}

/// As an agent at headquarters.
pub(crate) async fn get(rig: &Rig, id: &str) -> Customer {
    get_as(rig, Role::Agent, HQ, id).await.unwrap()
}

pub(crate) async fn lookup_as(
    rig: &Rig,
    role: Role,
    scope: Scope,
    key: Key,
) -> Result<LookupResponse, Status> {
    let answer = rig
        .customer()
        .lookup(rig.ask(role, scope, LookupRequest { key: Some(key) }))
        .await?;
    Ok(answer.into_inner())
}

pub(crate) async fn merge(rig: &Rig, from: &str, into: &str) -> Result<MergeResponse, Status> {
    let message = MergeRequest {
        customer_id: from.to_owned(),
        into: into.to_owned(),
        reason: "the same person".to_owned(),
        preview: false,
        expected_version: 0,
    };
    Ok(rig
        .customer()
        .merge(rig.ask(Role::Steward, HQ, message))
        .await?
        .into_inner())
}

/// Takes a merge or split back, a second later.
pub(crate) async fn undo(rig: &Rig, id: &str) -> Result<UndoResponse, Status> {
    rig.clock().advance(Duration::from_secs(1));
    let message = UndoRequest {
        merge_id: id.to_owned(),
        preview: false,
    };
    let request = rig.ask(Role::Steward, HQ, message);
    Ok(rig.customer().undo(request).await?.into_inner())
}

/// The single number that a query of the customer service's store answers with.
pub(crate) async fn count(rig: &Rig, sql: &'static str) -> i64 {
    let read = rig
        .customer_db()
        .read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)));
    read.await.unwrap().unwrap()
}

/// How many records stayed behind with a customer who is merged away: never any.
pub(crate) async fn left_behind(rig: &Rig) -> i64 {
    let sql = "SELECT count(*) FROM source_records
               JOIN customers ON customers.number = source_records.customer
               WHERE customers.merged_into IS NOT NULL";
    count(rig, sql).await
}

pub(crate) async fn duplicates(rig: &Rig, state: &str) -> Vec<Duplicate> {
    let message = ListDuplicatesRequest {
        state: state.to_owned(),
        ..ListDuplicatesRequest::default()
    };
    rig.customer()
        .list_duplicates(rig.ask(Role::Steward, HQ, message))
        .await
        .unwrap()
        .into_inner()
        .duplicates
}

pub(crate) async fn history_as(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
) -> Result<Vec<HistoryEntry>, Status> {
    let message = ListHistoryRequest {
        customer_id: id.to_owned(),
        ..ListHistoryRequest::default()
    };
    Ok(rig
        .customer()
        .list_history(rig.ask(role, scope, message))
        .await?
        .into_inner()
        .entries)
}

/// The acts of a customer's history as headquarters sees it, newest first.
pub(crate) async fn acts(rig: &Rig, id: &str) -> Vec<String> {
    history_as(rig, Role::Agent, HQ, id)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.act)
        .collect()
}

pub(crate) async fn records_as(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
) -> Result<Vec<SourceRecord>, Status> {
    let message = marque_api::customer::v1::ListSourceRecordsRequest {
        customer_id: id.to_owned(),
        ..Default::default()
    };
    Ok(rig
        .customer()
        .list_source_records(rig.ask(role, scope, message))
        .await?
        .into_inner()
        .source_records)
}
