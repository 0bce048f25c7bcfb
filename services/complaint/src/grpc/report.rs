//! Reports on gRPC.

use chrono::NaiveDate;
use marque_api::complaint::v1 as pb;
use marque_core::Timestamp;
use marque_quality::date::BUSINESS_OFFSET_SECONDS;
use tonic::Request;

use super::{ComplaintGrpc, read};
use crate::{
    domain::{Line, Spread},
    error::{Error, Result},
};

impl ComplaintGrpc {
    pub(super) async fn get_report_of(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<pb::GetReportResponse> {
        let (ctx, _, _, request) = read(request)?;
        let (first, last) = (day("from", &request.from)?, day("to", &request.to)?);
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            let message = "the last day is before the first: change them round";
            return Err(Error::field("to", "RANGE", message));
        }
        let by = if request.by.is_empty() {
            "dealer".to_owned()
        } else {
            request.by
        };
        let lines = self.app.report(ctx, (first, last), by).await?;
        Ok(pb::GetReportResponse {
            lines: lines.into_iter().map(line_to_pb).collect(),
        })
    }
}

pub(super) fn day(field: &str, text: &str) -> Result<Option<NaiveDate>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| Error::field(field, "FORMAT", "write a day as YYYY-MM-DD"))
}

/// The instant a business day begins.
pub(super) fn start_of(day: NaiveDate) -> Timestamp {
    let local = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    Timestamp::from_micros((local - i64::from(BUSINESS_OFFSET_SECONDS)) * 1_000_000)
}

fn line_to_pb(line: Line) -> pb::ReportLine {
    let Line {
        key,
        cases,
        open,
        first_response,
        resolution,
        ended,
        reopen_rate,
        asked,
        satisfaction,
        ageing,
        score,
        compensated,
    } = line;
    let [satisfaction_resolution, satisfaction_handling] =
        satisfaction.map(Option::unwrap_or_default);
    pb::ReportLine {
        key,
        cases,
        open,
        first_response: Some(spread_to_pb(first_response)),
        resolution: Some(spread_to_pb(resolution)),
        reopen_rate: reopen_rate.unwrap_or_default(),
        satisfaction_resolution,
        satisfaction_handling,
        asked: asked[1],
        ageing: ageing.to_vec(),
        handling_score: score.unwrap_or_default(),
        compensations: compensated[0],
        compensated_minor: compensated[1],
        ended,
        asked_resolution: asked[0],
        scored: score.is_some(),
    }
}

fn spread_to_pb(spread: Spread) -> pb::Spread {
    let Spread {
        met,
        p50,
        p90,
        p99,
        decided,
        on_time,
    } = spread;
    pb::Spread {
        met,
        p50_seconds: p50.unwrap_or_default(),
        p90_seconds: p90.unwrap_or_default(),
        p99_seconds: p99.unwrap_or_default(),
        on_time_rate: on_time.unwrap_or_default(),
        decided,
    }
}
