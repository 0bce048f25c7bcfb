//! The State Council's working days, by which clocks run: years that came with Marque, and those that headquarters gives.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
    values::{Instant, instant, views},
};

/// Days from one to another, both included.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DaySpan {
    /// First, YYYY-MM-DD.
    #[schema(example = "2027-10-01")]
    from: String,
    /// Last.
    #[schema(example = "2027-10-07")]
    to: String,
}

/// The working days of a year.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkYear {
    /// The year.
    #[schema(example = 2027)]
    year: i32,
    /// Which announcement says so.
    #[schema(example = "国办发明电〔2025〕7号")]
    source: String,
    /// Days off, weekends among them.
    off: Vec<DaySpan>,
    /// Weekend days that are worked, YYYY-MM-DD.
    on: Vec<String>,
    /// When headquarters gave it; left out of a year that came with Marque.
    #[serde(skip_serializing_if = "Option::is_none")]
    put_at: Option<Instant>,
}

impl From<pb::WorkYear> for WorkYear {
    fn from(year: pb::WorkYear) -> Self {
        let pb::WorkYear {
            year,
            source,
            off,
            on,
            put_at,
        } = year;
        let span = |pb::DaySpan { from, to }| DaySpan { from, to };
        Self {
            year,
            source,
            off: off.into_iter().map(span).collect(),
            on,
            put_at: instant(put_at),
        }
    }
}

/// The years that are known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkYears {
    /// In their order.
    years: Vec<WorkYear>,
    /// Years that are needed and not known: this one, and from the middle of November the next. Their due times count weekends alone.
    missing: Vec<i32>,
    /// Whether the clocks of open cases run by these years already; false for moments after one was put.
    settled: bool,
}

/// The years whose working days are known, and those that are missing.
#[utoipa::path(get, path = "/v1/workdays", tag = "complaints",
    responses((status = 200, description = "The years", body = WorkYears)))]
pub(crate) async fn list_workdays(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.complaint.read(
        &call,
        pb::ListWorkYearsRequest {},
        |mut client, request| async move { client.list_work_years(request).await },
    );
    let pb::ListWorkYearsResponse {
        years,
        missing,
        settled,
    } = list.await?;
    ok(&WorkYears {
        years: views(years),
        missing,
        settled,
    })
}

/// The working days of a year as the State Council announced them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WorkYearBody {
    /// Which announcement says so.
    #[schema(example = "国办发明电〔2025〕7号")]
    source: String,
    /// Days off, weekends among them.
    off: Vec<DaySpan>,
    /// Weekend days that are worked, YYYY-MM-DD.
    on: Vec<String>,
}

/// Give the working days of a year, in the place of what was known of it. For headquarters.
///
/// The clocks of all open cases are computed anew, in the background; `GET /v1/workdays` says `settled` when it is done.
#[utoipa::path(put, path = "/v1/workdays/{year}", tag = "complaints",
    params(("year" = i32, Path, description = "The year", example = 2027)),
    request_body = WorkYearBody,
    responses((status = 200, description = "As stored", body = WorkYear)))]
pub(crate) async fn put_workdays(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(year): Path<i32>,
    Json(body): Json<WorkYearBody>,
) -> Answer {
    let WorkYearBody { source, off, on } = body;
    let span = |DaySpan { from, to }| pb::DaySpan { from, to };
    let year = pb::WorkYear {
        year,
        source,
        off: off.into_iter().map(span).collect(),
        on,
        put_at: None,
    };
    let request = pb::PutWorkYearRequest {
        year: Some(year),
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.put_work_year(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&WorkYear::from(put.year.unwrap_or_default()))
}
