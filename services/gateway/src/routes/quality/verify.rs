//! Verification: work lists out, outcomes in, and the accuracy that follows.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alerts::read_instant;
use crate::{
    answer::{Preconditions, json, ok},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    routes::paging::Paging,
    state::App,
    values::{Instant, instant, views},
};

/// What came of one check.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VerificationBody {
    /// The record.
    record_id: String,
    /// Column that was checked; nothing for the record as a whole.
    #[schema(example = "phone")]
    field: String,
    /// confirmed, wrong_number, not_owner, moved, unreachable or refused; 属实, 已核实, 空号, 打错了, 非车主, 查无此人, 已搬迁, 无人接听,
    /// 联系不上, 拒访 are understood.
    #[schema(example = "wrong_number")]
    outcome: String,
    /// How it was checked: call, letter, delivery; without names or numbers of people.
    method: String,
    /// When, RFC 3339; now if not said.
    checked_at: String,
    /// How long a call took, 0 to 86,400 seconds.
    duration_s: Option<i64>,
    /// The call centre's own number of the check, by which it is known again.
    key: String,
}

/// Outcomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationsBody {
    /// At most 1000; all are taken or none.
    verifications: Vec<VerificationBody>,
}

/// How many were taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationsRecorded {
    /// New or changed.
    recorded: i64,
}

/// What to draw.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WorkListBody {
    /// How many records, 1 to 20,000: so many are drawn, if there are as many.
    #[schema(example = 200)]
    size: i32,
    /// Any number; the same number draws the same records.
    seed: i64,
    /// One dealer only.
    dealer: String,
    /// One region only.
    region: String,
    /// One month only, YYYY-MM.
    period: String,
}

/// A list of records to be verified.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkList)]
pub(crate) struct WorkListView {
    /// Id.
    id: String,
    /// What it was drawn by.
    seed: i64,
    /// Drawn from one dealer.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// Drawn from one region.
    #[serde(skip_serializing_if = "String::is_empty")]
    region: String,
    /// Drawn from one month.
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    /// When it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    /// By whom.
    created_by: String,
    /// Its records, as far as the caller sees them.
    records: i64,
    /// Of these, so many of which something was heard since it was drawn, of others than the dealer.
    heard: i64,
    /// What was last heard, by outcome.
    outcomes: Vec<OutcomeCountView>,
}

/// Records by what was last heard of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutcomeCount)]
pub(crate) struct OutcomeCountView {
    /// confirmed, wrong_number, not_owner, moved, unreachable or refused.
    outcome: String,
    /// Records.
    records: i64,
}

impl From<pb::OutcomeCount> for OutcomeCountView {
    fn from(pb::OutcomeCount { outcome, records }: pb::OutcomeCount) -> Self {
        Self { outcome, records }
    }
}

impl From<pb::WorkList> for WorkListView {
    fn from(list: pb::WorkList) -> Self {
        let pb::WorkList {
            id,
            seed,
            dealer,
            region,
            period,
            created_at,
            created_by,
            records,
            heard,
            outcomes,
        } = list;
        Self {
            id,
            seed,
            dealer,
            region,
            period,
            created_at: instant(created_at),
            created_by,
            records,
            heard,
            outcomes: views(outcomes),
        }
    }
}

/// One record of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkItem)]
pub(crate) struct WorkItemView {
    /// Place in the list, from 1.
    position: i64,
    /// The record.
    record_id: String,
    /// Its dealer.
    dealer: String,
    /// Department that entered it.
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    /// What was last heard since the list was drawn.
    #[serde(skip_serializing_if = "String::is_empty")]
    outcome: String,
}

impl From<pb::WorkItem> for WorkItemView {
    fn from(item: pb::WorkItem) -> Self {
        let pb::WorkItem {
            position,
            record_id,
            dealer,
            department,
            outcome,
        } = item;
        Self {
            position,
            record_id,
            dealer,
            department,
            outcome,
        }
    }
}

/// A page of lists.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkListsPage {
    /// Newest first.
    work_lists: Vec<WorkListView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// A list and a page of its records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkListPage {
    /// The list.
    work_list: WorkListView,
    /// Its records, in order.
    items: Vec<WorkItemView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Which checks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccuracyQuery {
    /// One dealer only.
    dealer: String,
    /// One region only.
    region: String,
    /// First day of checks that count, YYYY-MM-DD.
    from: String,
    /// Last day of checks that count, YYYY-MM-DD; not before the first.
    to: String,
}

/// How accurate a dealer's records were found to be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accuracy)]
pub(crate) struct AccuracyView {
    /// Dealer.
    dealer: String,
    /// Records of which a check said something.
    checked: i64,
    /// Of these, right.
    confirmed: i64,
    /// Records that nobody could be reached about.
    silent: i64,
    /// Share that was right, 0 to 1.
    rate: f64,
    /// Lower end of its 95 % interval (Wilson).
    low: f64,
    /// Upper end.
    high: f64,
    /// Points in the dealer assessment; absent while too few were checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<f64>,
}

impl From<pb::Accuracy> for AccuracyView {
    fn from(accuracy: pb::Accuracy) -> Self {
        let pb::Accuracy {
            dealer,
            checked,
            confirmed,
            silent,
            rate,
            low,
            high,
            points,
        } = accuracy;
        Self {
            dealer,
            checked,
            confirmed,
            silent,
            rate,
            low,
            high,
            points,
        }
    }
}

/// Points from a rate on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PointsRow)]
pub(crate) struct PointsRowView {
    /// Rate, 0 to 1.
    #[schema(example = 0.95)]
    from: f64,
    /// Points.
    #[schema(example = 8.0)]
    points: f64,
}

impl From<pb::PointsRow> for PointsRowView {
    fn from(pb::PointsRow { from, points }: pb::PointsRow) -> Self {
        Self { from, points }
    }
}

/// The table by which accuracy gives points.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointsTable {
    /// Records that must have been checked for points.
    least_checked: i64,
    /// Points by rate; below the lowest rate there are none.
    rows: Vec<PointsRowView>,
}

/// Accuracy of dealers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accuracies {
    /// Dealers by code.
    dealers: Vec<AccuracyView>,
    /// By which points are given.
    table: PointsTable,
}

/// Take in what came of calls, letters and deliveries. Many come as a file of kind `verifications`.
#[utoipa::path(post, path = "/v1/quality/verifications", tag = "quality", request_body = VerificationsBody,
    responses((status = 200, description = "How many were taken", body = VerificationsRecorded)))]
pub(crate) async fn record_verifications(
    State(app): State<App>,
    call: Call,
    Json(VerificationsBody { verifications }): Json<VerificationsBody>,
) -> Answer {
    let mut sent = Vec::with_capacity(verifications.len());
    for verification in verifications {
        let VerificationBody {
            record_id,
            field,
            outcome,
            method,
            checked_at,
            duration_s,
            key,
        } = verification;
        sent.push(pb::Verification {
            record_id,
            field,
            outcome,
            method,
            checked_at: read_instant("checked_at", &checked_at)?,
            duration_s,
            key,
        });
    }
    let request = pb::RecordVerificationsRequest {
        verifications: sent,
    };
    let record = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.record_verifications(request).await
        });
    let pb::RecordVerificationsResponse { recorded } = record.await?;
    ok(&VerificationsRecorded { recorded })
}

/// Draw a list of records to be verified: of every dealer as many, of every department its share, and the same for the same
/// seed.
#[utoipa::path(post, path = "/v1/quality/work-lists", tag = "quality", request_body = WorkListBody,
    responses((status = 201, description = "The list", body = WorkListView)))]
pub(crate) async fn create_work_list(
    State(app): State<App>,
    call: Call,
    Json(body): Json<WorkListBody>,
) -> Answer {
    let WorkListBody {
        size,
        seed,
        dealer,
        region,
        period,
    } = body;
    let request = pb::CreateWorkListRequest {
        size,
        seed,
        dealer,
        region,
        period,
    };
    let create = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.create_work_list(request).await
        });
    let pb::CreateWorkListResponse { work_list } = create.await?;
    let view = WorkListView::from(work_list.unwrap_or_default());
    Ok(json(http::StatusCode::CREATED, &view))
}

/// Work lists of which the caller sees something, newest first, and how far each has come.
#[utoipa::path(get, path = "/v1/quality/work-lists", tag = "quality", params(Paging),
    responses((status = 200, description = "A page of lists", body = WorkListsPage)))]
pub(crate) async fn list_work_lists(
    State(app): State<App>,
    call: Call,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListWorkListsRequest {
        page_size,
        page_token,
    };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_work_lists(request).await
        });
    let pb::ListWorkListsResponse {
        work_lists,
        next_page_token,
    } = list.await?;
    ok(&WorkListsPage {
        work_lists: views(work_lists),
        next_page_token,
    })
}

/// A work list, how far it has come, and what came of its records.
#[utoipa::path(get, path = "/v1/quality/work-lists/{id}", tag = "quality",
    params(("id" = String, Path, description = "The list"), Paging),
    responses((status = 200, description = "The list and a page of its records", body = WorkListPage)))]
pub(crate) async fn get_work_list(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::GetWorkListRequest {
        id,
        page_size,
        page_token,
    };
    let get = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.get_work_list(request).await
        });
    let pb::GetWorkListResponse {
        work_list,
        items,
        next_page_token,
    } = get.await?;
    ok(&WorkListPage {
        work_list: work_list.unwrap_or_default().into(),
        items: views(items),
        next_page_token,
    })
}

/// The customer information accuracy rate of dealers, with its interval and its points in the dealer assessment.
#[utoipa::path(get, path = "/v1/quality/accuracy", tag = "quality", params(AccuracyQuery),
    responses((status = 200, description = "Accuracy of dealers", body = Accuracies)))]
pub(crate) async fn list_accuracy(
    State(app): State<App>,
    call: Call,
    Query(query): Query<AccuracyQuery>,
) -> Answer {
    let AccuracyQuery {
        dealer,
        region,
        from,
        to,
    } = query;
    let request = pb::ListAccuracyRequest {
        dealer,
        region,
        from,
        to,
    };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_accuracy(request).await
        });
    let pb::ListAccuracyResponse {
        dealers,
        least_checked,
        rows,
    } = list.await?;
    ok(&Accuracies {
        dealers: views(dealers),
        table: PointsTable {
            least_checked,
            rows: views(rows),
        },
    })
}

/// Put the table by which accuracy gives points.
#[utoipa::path(put, path = "/v1/quality/accuracy/points", tag = "quality", request_body = PointsTable,
    responses((status = 200, description = "The table as put", body = PointsTable)))]
pub(crate) async fn put_points(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(PointsTable {
        least_checked,
        rows,
    }): Json<PointsTable>,
) -> Answer {
    conditions.check_standing()?;
    let row = |PointsRowView { from, points }| pb::PointsRow { from, points };
    let request = pb::PutPointsRequest {
        least_checked,
        rows: rows.into_iter().map(row).collect(),
    };
    let put = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.put_points(request).await
        });
    let pb::PutPointsResponse {
        least_checked,
        rows,
    } = put.await?;
    ok(&PointsTable {
        least_checked,
        rows: views(rows),
    })
}
