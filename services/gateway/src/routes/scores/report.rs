//! Tables for analysts, as JSON or CSV.

use axum::{body::Body, extract::State, response::Response};
use http::{HeaderValue, header};
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::get::time;
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::{Answer, Failure},
    state::App,
};

/// Which table.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// dealer, region, model, occupation or age; all together if not said.
    #[param(required = false, example = "dealer")]
    by: String,
    /// person or organization; person if not said. For tiers.
    #[param(required = false)]
    kind: String,
    /// Beginning of the period, RFC 3339; for migrations and retention.
    #[param(required = false)]
    from: String,
    /// As of then, or the end of the period, RFC 3339; now if not said.
    #[param(required = false)]
    to: String,
    /// json or csv; json if not said.
    #[param(required = false)]
    format: String,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportTable {
    /// Names of the columns.
    columns: Vec<String>,
    /// Rows, each an object by column.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Value>>,
}

/// A table for analysts: tiers, tier-migrations, loyalty, loyalty-migrations, retention or cohorts.
///
/// Tiers and ranks are exact as of the instant asked for, and of the whole network; counted are the customers the caller has
/// to do with.
#[utoipa::path(get, path = "/v1/score-reports/{report}", tag = "scores",
    params(("report" = String, Path, description = "tiers, tier-migrations, loyalty, loyalty-migrations, retention or cohorts", example = "tiers"), ReportQuery),
    responses((status = 200, description = "The table", content((ReportTable = "application/json"), (String = "text/csv")))))]
pub(crate) async fn get_report(
    State(app): State<App>,
    call: Call,
    Path(report): Path<String>,
    Query(query): Query<ReportQuery>,
) -> Answer {
    let is_csv = match query.format.as_str() {
        "" | "json" => false,
        "csv" => true,
        _ => return Err(Failure::field("format", "UNKNOWN", "json or csv")),
    };
    let request = pb::GetReportRequest {
        report,
        by: query.by,
        kind: query.kind,
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
    };
    let get = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.get_report(request).await
        });
    let table = get.await?;
    if is_csv {
        return Ok(csv_answer(&table));
    }
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.cells.into_iter().map(value);
        table.columns.iter().cloned().zip(cells).collect()
    });
    let rows = rows.collect();
    ok(&ReportTable {
        rows,
        columns: table.columns,
    })
}

fn value(cell: pb::ReportCell) -> Value {
    match cell.value {
        Some(pb::report_cell::Value::Text(text)) => Value::from(text),
        Some(pb::report_cell::Value::Number(number)) if number.fract() == 0.0 => {
            Value::from(number as i64)
        }
        Some(pb::report_cell::Value::Number(number)) => Value::from(number),
        None => Value::Null,
    }
}

/// CSV by RFC 4180. A word that a spreadsheet would take for a formula gets an apostrophe before it.
fn csv_answer(table: &pb::GetReportResponse) -> Response {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| match &cell.value {
            Some(pb::report_cell::Value::Text(text)) => harmless(text),
            Some(pb::report_cell::Value::Number(number)) => number.to_string(),
            None => String::new(),
        });
        cells.collect()
    });
    for record in std::iter::once(table.columns.clone()).chain(rows) {
        let record: Vec<String> = record;
        writer
            .write_record(&record)
            .expect("a buffer takes every row of a table");
    }
    let bytes = writer.into_inner().expect("a buffer can be flushed");
    let mut response = Response::new(Body::from(bytes));
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, csv);
    response
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
