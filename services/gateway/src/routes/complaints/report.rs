//! Reports over cases, as JSON, CSV or Parquet.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use marque_export::{Cell, Column, Kind, Misshapen, Table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::ok,
    edge::Call,
    export,
    extract::Query,
    problem::Answer,
    state::App,
    values::{Binary, MoneyView},
};

/// Which report.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// First day, YYYY-MM-DD; all there is if not said. Days and months are those of the dealer's zone for a caller of one dealer, and
    /// China's for whoever sees several.
    from: String,
    /// Last day, included; today if not said.
    to: String,
    /// dealer (the default), department, category, part, model, severity, channel, tier, month, satisfaction, age or all.
    by: String,
    /// json (the default), csv or parquet.
    format: String,
}

/// What a group's clocks of one kind came to, in working seconds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintTimes)]
pub(crate) struct SpreadView {
    /// Clocks whose event came.
    met: i64,
    /// Half of them within so many working seconds; null if there is none.
    p50_seconds: Option<i64>,
    /// Nine of ten.
    p90_seconds: Option<i64>,
    /// Ninety-nine of a hundred.
    p99_seconds: Option<i64>,
    /// Share met in time, of all that were met or ran out; null if there is none.
    on_time_rate: Option<f64>,
}

impl From<pb::Spread> for SpreadView {
    fn from(spread: pb::Spread) -> Self {
        let pb::Spread {
            met,
            p50_seconds,
            p90_seconds,
            p99_seconds,
            on_time_rate,
            decided,
        } = spread;
        Self {
            met,
            p50_seconds: of(met, p50_seconds),
            p90_seconds: of(met, p90_seconds),
            p99_seconds: of(met, p99_seconds),
            on_time_rate: of(decided, on_time_rate),
        }
    }
}

/// What was measured of so many; nothing where there is none of them.
fn of<T>(count: i64, measured: T) -> Option<T> {
    (count > 0).then_some(measured)
}

/// One group. What was not measured is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintReportLine)]
pub(crate) struct LineView {
    /// The group. By satisfaction the grade of the handling, 1 to 5; null for those whom nobody asked.
    key: Option<String>,
    /// Cases opened in the span.
    cases: i64,
    /// Of these, open now.
    open: i64,
    /// First answers.
    first_response: SpreadView,
    /// Resolutions.
    resolution: SpreadView,
    /// Share of the cases that were resolved here and came back; null if none was. History and withdrawn cases that are re-opened do not
    /// count.
    reopen_rate: Option<f64>,
    /// Mean satisfaction with the resolution, 1 to 5; null if nobody was asked.
    satisfaction_resolution: Option<f64>,
    /// And with the handling.
    satisfaction_handling: Option<f64>,
    /// Customers who were asked how satisfied they are with the handling.
    asked: i64,
    /// Open cases up to 1, 3, 7 and 30 days old, and older.
    ageing: Vec<i64>,
    /// Handling quality of the dealer assessment, 0 to 100; null if nothing that it is made of was measured.
    handling_score: Option<f64>,
    /// Compensations that were approved.
    compensations: i64,
    /// Their worth.
    compensated: MoneyView,
}

impl LineView {
    fn of(line: pb::ReportLine, by: &str) -> Self {
        let group = group(&line, by).map(str::to_owned);
        let pb::ReportLine {
            key: _,
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
            ended,
            asked_resolution,
            scored,
        } = line;
        Self {
            key: group,
            cases,
            open,
            first_response: first_response.unwrap_or_default().into(),
            resolution: resolution.unwrap_or_default().into(),
            reopen_rate: of(ended, reopen_rate),
            satisfaction_resolution: of(asked_resolution, satisfaction_resolution),
            satisfaction_handling: of(asked, satisfaction_handling),
            asked,
            ageing,
            handling_score: scored.then_some(handling_score),
            compensations,
            compensated: MoneyView::cny(compensated_minor),
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
    responses((status = 200, description = "The report", content((ComplaintReport = "application/json"), (String = "text/csv"), (Binary = "application/vnd.apache.parquet")))))]
pub(crate) async fn get_complaint_report(
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
    let format = export::format(&format)?;
    let request = pb::GetReportRequest {
        from,
        to,
        by: by.clone(),
    };
    let get = app
        .clients
        .complaint
        .read(&call, request, |mut client, request| async move {
            client.get_report(request).await
        });
    let lines = get.await?.lines;
    match format {
        Some(format) => export::file("complaints", format, table(&lines, &by)),
        None => ok(&ComplaintReport {
            lines: lines
                .into_iter()
                .map(|line| LineView::of(line, &by))
                .collect(),
        }),
    }
}

/// The group of a line; none of those who were not asked for the grade by which it is grouped. The role of the release before calls
/// these 0.
fn group<'a>(line: &'a pb::ReportLine, by: &str) -> Option<&'a str> {
    let is_graded = by != "satisfaction" || !matches!(line.key.as_str(), "" | "0");
    is_graded.then_some(line.key.as_str())
}

/// The columns of a report that is taken away, and what each holds.
const COLUMNS: [(&str, Kind); 25] = [
    ("group", Kind::Text),
    ("cases", Kind::Integer),
    ("open", Kind::Integer),
    ("first_response_met", Kind::Integer),
    ("first_response_p50_s", Kind::Integer),
    ("first_response_p90_s", Kind::Integer),
    ("first_response_p99_s", Kind::Integer),
    ("first_response_on_time", Kind::Number),
    ("resolution_met", Kind::Integer),
    ("resolution_p50_s", Kind::Integer),
    ("resolution_p90_s", Kind::Integer),
    ("resolution_p99_s", Kind::Integer),
    ("resolution_on_time", Kind::Number),
    ("reopen_rate", Kind::Number),
    ("satisfaction_resolution", Kind::Number),
    ("satisfaction_handling", Kind::Number),
    ("asked", Kind::Integer),
    ("open_1d", Kind::Integer),
    ("open_3d", Kind::Integer),
    ("open_7d", Kind::Integer),
    ("open_30d", Kind::Integer),
    ("open_older", Kind::Integer),
    ("handling_score", Kind::Number),
    ("compensations", Kind::Integer),
    ("compensated_yuan", Kind::Number),
];

fn table(lines: &[pb::ReportLine], by: &str) -> Result<Table, Misshapen> {
    let columns = COLUMNS.map(|(name, kind)| Column::new(name, kind));
    let rows = lines.iter().map(|line| row(line, by));
    Table::new(columns.into(), rows.collect())
}

fn row(line: &pb::ReportLine, by: &str) -> Vec<Cell> {
    let mut row = vec![
        Cell::from(group(line, by)),
        Cell::from(line.cases),
        Cell::from(line.open),
    ];
    for spread in [&line.first_response, &line.resolution] {
        let spread = SpreadView::from(spread.unwrap_or_default());
        row.push(Cell::from(spread.met));
        let times = [spread.p50_seconds, spread.p90_seconds, spread.p99_seconds];
        row.extend(times.map(Cell::from));
        row.push(Cell::from(spread.on_time_rate));
    }
    row.push(Cell::from(of(line.ended, line.reopen_rate)));
    row.push(Cell::from(of(
        line.asked_resolution,
        line.satisfaction_resolution,
    )));
    row.push(Cell::from(of(line.asked, line.satisfaction_handling)));
    row.push(Cell::from(line.asked));
    let ages = (0..5).map(|age| line.ageing.get(age).copied().unwrap_or(0));
    row.extend(ages.map(Cell::from));
    row.push(Cell::from(line.scored.then_some(line.handling_score)));
    row.push(Cell::from(line.compensations));
    row.push(Cell::from(line.compensated_minor as f64 / 100.0));
    row
}

#[cfg(test)]
mod tests {
    use marque_export::Format;

    use super::*;

    #[test]
    fn a_line_has_a_cell_for_each_column() {
        let line = pb::ReportLine {
            key: "D1".to_owned(),
            cases: 3,
            compensated_minor: 30_050,
            ..pb::ReportLine::default()
        };
        let csv = Format::Csv
            .write(&table(&[line], "dealer").unwrap())
            .unwrap();
        let text = String::from_utf8(csv).unwrap();
        let (head, cells) = text.split_once("\r\n").unwrap();
        assert_eq!(head.matches(',').count(), cells.matches(',').count());
        assert!(cells.starts_with("D1,3,0,") && cells.trim_end().ends_with(",300.5"));
        // Nobody was answered or asked: that is neither a time nor a grade of nought.
        assert!(cells.starts_with("D1,3,0,0,,,,,0,,,,,,,,0,"), "{cells}");
        let columns: Vec<&str> = head.split(',').collect();
        let score = columns.iter().position(|name| *name == "handling_score");
        assert_eq!(cells.split(',').nth(score.unwrap()), Some(""), "{cells}");
    }

    #[test]
    fn whom_nobody_asked_has_no_grade_of_nought() {
        let line = |key: &str| pb::ReportLine {
            key: key.to_owned(),
            ..pb::ReportLine::default()
        };
        for (key, by, shown) in [
            ("", "satisfaction", None),
            ("0", "satisfaction", None),
            ("3", "satisfaction", Some("3")),
            ("0", "part", Some("0")),
            ("", "all", Some("")),
        ] {
            assert_eq!(LineView::of(line(key), by).key.as_deref(), shown);
            let cell = row(&line(key), by).remove(0);
            assert_eq!(cell, Cell::from(shown));
        }
    }

    #[test]
    fn what_was_not_measured_is_null_and_what_was_is_not_though_it_is_nought() {
        let nothing = LineView::of(pb::ReportLine::default(), "all");
        let nothing = serde_json::to_value(nothing).unwrap();
        for path in [
            "/first_response/p50_seconds",
            "/resolution/on_time_rate",
            "/reopen_rate",
            "/satisfaction_resolution",
            "/satisfaction_handling",
            "/handling_score",
        ] {
            assert!(nothing.pointer(path).unwrap().is_null(), "{path}");
        }
        let all_late = pb::ReportLine {
            first_response: Some(pb::Spread {
                decided: 2,
                ..pb::Spread::default()
            }),
            scored: true,
            ..pb::ReportLine::default()
        };
        let late = serde_json::to_value(LineView::of(all_late, "dealer")).unwrap();
        for path in ["/first_response/on_time_rate", "/handling_score"] {
            assert_eq!(late.pointer(path).unwrap(), 0.0, "{path}");
        }
    }
}
