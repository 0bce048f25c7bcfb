//! Reports over cases, as JSON or as CSV.

use std::fmt::Write as _;

use axum::{body::Body, extract::State, response::Response};
use http::{HeaderValue, header};
use marque_api::complaint::v1 as pb;
use marque_core::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::ok,
    edge::Call,
    extract::Query,
    problem::{Answer, Failure},
    state::App,
    values::views,
};

/// Which report.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// First day, YYYY-MM-DD; all there is if not said.
    from: String,
    /// Last day, included; today if not said.
    to: String,
    /// dealer (the default), department, category, part, model, severity, channel, tier, month, satisfaction, age or all.
    by: String,
    /// json (the default) or csv.
    format: String,
}

/// What a group's clocks of one kind came to, in working seconds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintTimes)]
pub(crate) struct SpreadView {
    /// Clocks whose event came.
    met: i64,
    /// Half of them within so many working seconds.
    p50_seconds: i64,
    /// Nine of ten.
    p90_seconds: i64,
    /// Ninety-nine of a hundred.
    p99_seconds: i64,
    /// Share met in time.
    on_time_rate: f64,
}

impl From<pb::Spread> for SpreadView {
    fn from(spread: pb::Spread) -> Self {
        let pb::Spread {
            met,
            p50_seconds,
            p90_seconds,
            p99_seconds,
            on_time_rate,
        } = spread;
        Self {
            met,
            p50_seconds,
            p90_seconds,
            p99_seconds,
            on_time_rate,
        }
    }
}

/// One group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintReportLine)]
pub(crate) struct LineView {
    /// The group.
    key: String,
    /// Cases opened in the span.
    cases: i64,
    /// Of these, open now.
    open: i64,
    /// First answers.
    first_response: SpreadView,
    /// Resolutions.
    resolution: SpreadView,
    /// Share of the cases that ended and came back.
    reopen_rate: f64,
    /// Mean satisfaction with the resolution, 1 to 5; 0 if nobody was asked.
    satisfaction_resolution: f64,
    /// And with the handling.
    satisfaction_handling: f64,
    /// Customers who were asked.
    asked: i64,
    /// Open cases up to 1, 3, 7 and 30 days old, and older.
    ageing: Vec<i64>,
    /// Handling quality of the dealer assessment, 0 to 100.
    handling_score: f64,
    /// Compensations that were approved.
    compensations: i64,
    /// Their worth in yuan.
    compensated: String,
}

impl From<pb::ReportLine> for LineView {
    fn from(line: pb::ReportLine) -> Self {
        let pb::ReportLine {
            key,
            cases,
            open,
            first_response,
            resolution,
            reopen_rate,
            satisfaction_resolution,
            satisfaction_handling,
            asked,
            ageing,
            handling_score,
            compensations,
            compensated_minor,
        } = line;
        Self {
            key,
            cases,
            open,
            first_response: first_response.unwrap_or_default().into(),
            resolution: resolution.unwrap_or_default().into(),
            reopen_rate,
            satisfaction_resolution,
            satisfaction_handling,
            asked,
            ageing,
            handling_score,
            compensations,
            compensated: Money::cny(compensated_minor).amount(),
        }
    }
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintReport {
    /// A line a group, in the order of their keys.
    lines: Vec<LineView>,
}

/// How fast, how punctual and how lasting cases were handled: percentiles, rates, ageing and the handling score.
#[utoipa::path(get, path = "/v1/complaints/report", tag = "complaints", params(ReportQuery),
    responses((status = 200, description = "The report", body = ComplaintReport)))]
pub(crate) async fn get_report(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ReportQuery>,
) -> Answer {
    let ReportQuery {
        from,
        to,
        by,
        format,
    } = query;
    let is_csv = match format.as_str() {
        "" | "json" => false,
        "csv" => true,
        _ => return Err(Failure::invalid("FORMAT_UNKNOWN", "format is json or csv")),
    };
    let get = app.clients.complaint.read(
        &call,
        pb::GetReportRequest { from, to, by },
        |mut client, request| async move { client.get_report(request).await },
    );
    let lines: Vec<LineView> = views(get.await?.lines);
    if is_csv {
        return Ok(csv(&lines));
    }
    ok(&ComplaintReport { lines })
}

const HEADER: &str = "group,cases,open,first_response_met,first_response_p50_s,first_response_p90_s,first_response_p99_s,\
first_response_on_time,resolution_met,resolution_p50_s,resolution_p90_s,resolution_p99_s,resolution_on_time,reopen_rate,\
satisfaction_resolution,satisfaction_handling,asked,open_1d,open_3d,open_7d,open_30d,open_older,handling_score,compensations,compensated\n";

fn csv(lines: &[LineView]) -> Response {
    let mut text = HEADER.to_owned();
    for line in lines {
        let times = |spread: &SpreadView| {
            let SpreadView {
                met,
                p50_seconds,
                p90_seconds,
                p99_seconds,
                on_time_rate,
            } = spread;
            format!("{met},{p50_seconds},{p90_seconds},{p99_seconds},{on_time_rate:.4}")
        };
        let ageing: Vec<String> = line.ageing.iter().map(i64::to_string).collect();
        writeln!(
            text,
            "{},{},{},{},{},{:.4},{:.2},{:.2},{},{},{:.1},{},{}",
            cell(&line.key),
            line.cases,
            line.open,
            times(&line.first_response),
            times(&line.resolution),
            line.reopen_rate,
            line.satisfaction_resolution,
            line.satisfaction_handling,
            line.asked,
            ageing.join(","),
            line.handling_score,
            line.compensations,
            line.compensated
        )
        .expect("a string takes whatever is written");
    }
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A cell that no spreadsheet takes for a formula or for several.
fn cell(text: &str) -> String {
    let safe = text.replace('"', "\"\"");
    let begins_formula = text.starts_with(['=', '+', '-', '@']);
    if begins_formula {
        format!("\"'{safe}\"")
    } else if text.contains([',', '"', '\n', '\r']) {
        format!("\"{safe}\"")
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (text, expected) in [
            ("D1", "D1"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "\"'=1+1\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn a_line_has_a_cell_for_each_header() {
        let line = LineView::from(pb::ReportLine {
            key: "D1".to_owned(),
            ageing: vec![0; 5],
            ..pb::ReportLine::default()
        });
        let response = csv(&[line]);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/csv; charset=utf-8"
        );
        assert_eq!(HEADER.matches(',').count() + 1, 25);
    }
}
