//! Years of working days on gRPC.

use chrono::NaiveDate;
use marque_api::complaint::v1 as pb;
use marque_core::Timestamp;
use marque_events::to_proto_time;
use marque_insight::law::WorkYear;
use tonic::Request;

use super::{ComplaintGrpc, read};
use crate::{
    app::Years,
    error::{Error, Result},
};

impl ComplaintGrpc {
    pub(super) async fn list_work_years_of(
        &self,
        request: Request<pb::ListWorkYearsRequest>,
    ) -> Result<pb::ListWorkYearsResponse> {
        read(request)?;
        let Years {
            known,
            missing,
            is_settled,
        } = self.app.list_years().await?;
        Ok(pb::ListWorkYearsResponse {
            years: known
                .into_iter()
                .map(|(year, at)| year_to_pb(year, at))
                .collect(),
            missing,
            settled: is_settled,
        })
    }

    pub(super) async fn put_work_year_of(
        &self,
        request: Request<pb::PutWorkYearRequest>,
    ) -> Result<pb::PutWorkYearResponse> {
        let (ctx, _, _, request) = read(request)?;
        let year = year_of(request.year.unwrap_or_default())?;
        let put = self.app.put_year(ctx, year.clone(), request.only_new);
        let put_at = put.await?;
        Ok(pb::PutWorkYearResponse {
            year: Some(year_to_pb(year, Some(put_at))),
        })
    }
}

fn year_of(year: pb::WorkYear) -> Result<WorkYear> {
    let off = year.off.iter();
    Ok(WorkYear {
        year: year.year,
        source: year.source.trim().to_owned(),
        off: off
            .map(|span| Ok((day("off", &span.from)?, day("off", &span.to)?)))
            .collect::<Result<_>>()?,
        on: year
            .on
            .iter()
            .map(|text| day("on", text))
            .collect::<Result<_>>()?,
    })
}

fn day(field: &str, text: &str) -> Result<NaiveDate> {
    text.parse()
        .map_err(|_| Error::field(field, "FORMAT", "write days as YYYY-MM-DD"))
}

fn year_to_pb(year: WorkYear, put_at: Option<Timestamp>) -> pb::WorkYear {
    let WorkYear {
        year,
        source,
        off,
        on,
    } = year;
    let span = |(from, to): (NaiveDate, NaiveDate)| pb::DaySpan {
        from: from.to_string(),
        to: to.to_string(),
    };
    pb::WorkYear {
        year,
        source,
        off: off.into_iter().map(span).collect(),
        on: on.iter().map(NaiveDate::to_string).collect(),
        put_at: put_at.map(to_proto_time),
    }
}
