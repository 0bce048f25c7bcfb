//! Tables for analysts, as JSON, CSV or Parquet.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use marque_export::{Cell, Column, Kind, Misshapen, Table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::get::time;
use crate::{
    answer::ok,
    edge::Call,
    export,
    extract::{Path, Query},
    problem::Answer,
    state::App,
    values::Binary,
};

/// Which table.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// dealer, region, model, occupation or age, and for retention cohort; all together if not said.
    #[param(required = false, example = "dealer")]
    by: String,
    /// person or organization; if not said, person for scores and tiers, which are by rank, and both for the others.
    #[param(required = false)]
    kind: String,
    /// Beginning of the period, RFC 3339; for migrations and retention.
    #[param(required = false)]
    from: String,
    /// As of then, or the end of the period, RFC 3339; now if not said.
    #[param(required = false)]
    to: String,
    /// json, csv or parquet; json if not said.
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

/// A table for analysts: scores, tiers, tier-migrations, loyalty, ladder, trust, loyalty-migrations, degrees, retention or cohorts.
///
/// Tiers and ranks are exact as of the instant asked for, and of the whole network; counted are the customers the caller has
/// to do with.
#[utoipa::path(get, path = "/v1/score-reports/{report}", tag = "scores",
    params(("report" = String, Path, description = "scores, tiers, tier-migrations, loyalty, ladder, trust, loyalty-migrations, degrees, retention or cohorts", example = "tiers"), ReportQuery),
    responses((status = 200, description = "The table", content((ReportTable = "application/json"), (String = "text/csv"), (Binary = "application/vnd.apache.parquet")))))]
pub(crate) async fn get_score_report(
    State(app): State<App>,
    call: Call,
    Path(report): Path<String>,
    Query(query): Query<ReportQuery>,
) -> Answer {
    let format = export::format(&query.format)?;
    let name = report.clone();
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
    if let Some(format) = format {
        return export::file(&name, format, exported(table));
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

/// The table with the types its role gives the columns.
fn exported(table: pb::GetReportResponse) -> Result<Table, Misshapen> {
    let columns = table.columns.into_iter().zip(table.kinds);
    let columns = columns
        .map(|(name, kind)| Column::new(name, Kind::parse(&kind).unwrap_or(Kind::Text)))
        .collect();
    let cell = |cell: pb::ReportCell| match cell.value {
        Some(pb::report_cell::Value::Text(text)) => Cell::from(text),
        Some(pb::report_cell::Value::Number(number)) => Cell::from(number),
        None => Cell::Empty,
    };
    let rows = table.rows.into_iter();
    let rows = rows.map(|row| row.cells.into_iter().map(cell).collect());
    Table::new(columns, rows.collect())
}
