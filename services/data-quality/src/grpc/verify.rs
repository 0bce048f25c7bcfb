//! Verification on gRPC.

use chrono::NaiveDate;
use marque_api::quality::v1 as pb;
use marque_auth::CallContext;
use marque_core::{PageRequest, Timestamp};
use marque_events::{from_proto_time, to_proto_time};
use marque_ledger::Keyed;
use marque_quality::{RecordKind, date::BUSINESS_OFFSET_SECONDS};
use tonic::Request;

use super::{QualityGrpc, convert, next};
use crate::{
    app::{Drawing, NewCheck},
    domain::{Accuracy, CheckOutcome, PointsTable, rounded},
    error::{Error, Result},
    events::id_text,
    storage::{Progress, WorkItem, WorkList},
};

impl QualityGrpc {
    pub(super) async fn take_checks(
        &self,
        request: Request<pb::RecordVerificationsRequest>,
    ) -> Result<pb::RecordVerificationsResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let checks = keyed.request().verifications.iter().cloned();
        let checks = checks.map(check_from_pb).collect();
        self.app
            .take_checks(ctx, keyed, checks, |recorded| {
                pb::RecordVerificationsResponse { recorded }
            })
            .await
    }

    pub(super) async fn draw_list(
        &self,
        request: Request<pb::CreateWorkListRequest>,
    ) -> Result<pb::CreateWorkListResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::CreateWorkListRequest {
            size,
            seed,
            dealer,
            region,
            period,
        } = keyed.request().clone();
        let drawing = Drawing {
            size: usize::try_from(size).unwrap_or(0),
            seed,
            kind: RecordKind::Customers,
            dealer,
            region,
            period,
        };
        self.app
            .create_work_list(ctx, keyed, drawing, |list, progress| {
                pb::CreateWorkListResponse {
                    work_list: Some(list_to_pb(list, progress)),
                }
            })
            .await
    }

    pub(super) async fn list_lists(
        &self,
        request: Request<pb::ListWorkListsRequest>,
    ) -> Result<pb::ListWorkListsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let page = PageRequest::read(request.page_size, &request.page_token, "work_lists")?;
        let size = page.size as usize;
        let lists = self.app.list_work_lists(ctx, page).await?;
        let last = lists.last().filter(|_| lists.len() == size);
        let next_page_token = next(last.map(|(list, _)| list.position()), "work_lists");
        let lists = lists.into_iter();
        Ok(pb::ListWorkListsResponse {
            work_lists: lists
                .map(|(list, progress)| list_to_pb(list, progress))
                .collect(),
            next_page_token,
        })
    }

    pub(super) async fn list_items(
        &self,
        request: Request<pb::GetWorkListRequest>,
    ) -> Result<pb::GetWorkListResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("work_list?{}", request.id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let size = page.size as usize;
        let id = request.id.parse().map_err(|_| Error::WorkListUnknown)?;
        let (work_list, progress, items) = self.app.get_work_list(ctx, id, page).await?;
        let last = items.last().filter(|_| items.len() == size);
        let next_page_token = next(last.map(|item| item.position.to_string()), &list);
        Ok(pb::GetWorkListResponse {
            work_list: Some(list_to_pb(work_list, progress)),
            items: items.into_iter().map(item_to_pb).collect(),
            next_page_token,
        })
    }

    pub(super) async fn accuracies(
        &self,
        request: Request<pb::ListAccuracyRequest>,
    ) -> Result<pb::ListAccuracyResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::ListAccuracyRequest {
            dealer,
            region,
            from,
            to,
        } = request.into_inner();
        let from = day("from", &from)?.map_or(Timestamp::from_micros(i64::MIN), begin);
        let after = day("to", &to)?.and_then(|to| to.succ_opt());
        let to = after.map_or(Timestamp::from_micros(i64::MAX), begin);
        let (dealers, table) = self
            .app
            .list_accuracy(ctx, (from, to), dealer, region)
            .await?;
        let (least_checked, rows) = table_to_pb(table);
        Ok(pb::ListAccuracyResponse {
            dealers: dealers.into_iter().map(accuracy_to_pb).collect(),
            least_checked,
            rows,
        })
    }

    pub(super) async fn put_table(
        &self,
        request: Request<pb::PutPointsRequest>,
    ) -> Result<pb::PutPointsResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::PutPointsRequest {
            least_checked,
            rows,
        } = request.into_inner();
        let table = PointsTable {
            least_checked,
            rows: rows.iter().map(|row| (row.from, row.points)).collect(),
        };
        let (least_checked, rows) = table_to_pb(self.app.put_points(ctx, table).await?);
        Ok(pb::PutPointsResponse {
            least_checked,
            rows,
        })
    }
}

/// A day of a request; nothing if it is empty.
fn day(field: &str, text: &str) -> Result<Option<NaiveDate>> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    day.map(Some)
        .map_err(|_| convert::choice(field, "a day as YYYY-MM-DD"))
}

/// The instant a business day begins.
fn begin(day: NaiveDate) -> Timestamp {
    let local = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    Timestamp::from_micros((local - i64::from(BUSINESS_OFFSET_SECONDS)) * 1_000_000)
}

fn check_from_pb(check: pb::Verification) -> NewCheck {
    let pb::Verification {
        record_id,
        field,
        outcome,
        method,
        checked_at,
        duration_s,
        key,
    } = check;
    NewCheck {
        record: convert::record(&record_id).unwrap_or(None),
        field,
        outcome,
        method,
        checked_at: checked_at.as_ref().map(from_proto_time),
        duration_s,
        key,
    }
}

fn list_to_pb(list: WorkList, progress: Progress) -> pb::WorkList {
    let WorkList {
        id,
        seed,
        dealer,
        region,
        period,
        created_at,
        created_by,
    } = list;
    let heard = progress.heard();
    let Progress { records, outcomes } = progress;
    let count = |(outcome, records): (CheckOutcome, i64)| pb::OutcomeCount {
        outcome: outcome.code().to_owned(),
        records,
    };
    pb::WorkList {
        id: id.to_string(),
        seed,
        dealer,
        region,
        period,
        created_at: Some(to_proto_time(created_at)),
        created_by,
        records,
        heard,
        outcomes: outcomes.into_iter().map(count).collect(),
    }
}

fn item_to_pb(item: WorkItem) -> pb::WorkItem {
    let WorkItem {
        position,
        record,
        dealer,
        department,
        outcome,
    } = item;
    pb::WorkItem {
        position,
        record_id: id_text(RecordKind::Customers, record),
        dealer,
        department,
        outcome: outcome.map_or_else(String::new, |outcome| outcome.code().to_owned()),
    }
}

fn accuracy_to_pb(accuracy: Accuracy) -> pb::Accuracy {
    let Accuracy {
        dealer,
        checked,
        confirmed,
        silent,
        rate,
        low,
        high,
        points,
    } = accuracy;
    pb::Accuracy {
        dealer,
        checked,
        confirmed,
        silent,
        rate: rounded(rate),
        low: rounded(low),
        high: rounded(high),
        points,
    }
}

fn table_to_pb(table: PointsTable) -> (i64, Vec<pb::PointsRow>) {
    let row = |(from, points)| pb::PointsRow { from, points };
    let rows = table.rows.into_iter().map(row).collect();
    (table.least_checked, rows)
}
