//! Opening hours of a dealer, by which his clocks run.

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
};

/// China.
const CHINA_MINUTES: i32 = 480;

/// Opening hours and days of a dealer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DealerCalendar)]
pub(crate) struct CalendarView {
    /// HH:MM.
    #[schema(example = "09:00")]
    opens: String,
    /// HH:MM.
    #[schema(example = "18:00")]
    closes: String,
    /// Zone in minutes east of UTC; 480 is China's.
    offset_minutes: i32,
    /// Open on every day of the week; otherwise on working days by the State Council's calendar.
    every_day: bool,
    /// Days closed besides.
    closed_days: Vec<String>,
    /// Days open besides.
    open_days: Vec<String>,
}

impl Default for CalendarView {
    fn default() -> Self {
        Self {
            opens: "09:00".to_owned(),
            closes: "18:00".to_owned(),
            offset_minutes: CHINA_MINUTES,
            every_day: false,
            closed_days: Vec::new(),
            open_days: Vec::new(),
        }
    }
}

impl From<pb::Calendar> for CalendarView {
    fn from(calendar: pb::Calendar) -> Self {
        let pb::Calendar {
            dealer: _,
            opens,
            closes,
            offset_minutes,
            every_day,
            closed_days,
            open_days,
        } = calendar;
        Self {
            opens,
            closes,
            offset_minutes,
            every_day,
            closed_days,
            open_days,
        }
    }
}

/// A dealer's opening hours, by which the clocks of his cases run.
#[utoipa::path(get, path = "/v1/dealers/{dealer}/calendar", tag = "complaints",
    params(("dealer" = String, Path, description = "Dealer")),
    responses((status = 200, description = "The calendar", body = CalendarView)))]
pub(crate) async fn get_calendar(
    State(app): State<App>,
    call: Call,
    Path(dealer): Path<String>,
) -> Answer {
    let get = app.clients.complaint.read(
        &call,
        pb::GetCalendarRequest { dealer },
        |mut client, request| async move { client.get_calendar(request).await },
    );
    ok(&CalendarView::from(get.await?.calendar.unwrap_or_default()))
}

/// A calendar that was put.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutCalendar {
    /// As stored.
    calendar: CalendarView,
    /// Cases whose clocks were computed anew.
    recomputed: i32,
}

/// Set a dealer's opening hours. The clocks of his open cases are computed anew.
#[utoipa::path(put, path = "/v1/dealers/{dealer}/calendar", tag = "complaints",
    params(("dealer" = String, Path, description = "Dealer")),
    request_body = CalendarView,
    responses((status = 200, description = "As stored", body = PutCalendar)))]
pub(crate) async fn put_calendar(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(dealer): Path<String>,
    Json(calendar): Json<CalendarView>,
) -> Answer {
    conditions.check_standing()?;
    let CalendarView {
        opens,
        closes,
        offset_minutes,
        every_day,
        closed_days,
        open_days,
    } = calendar;
    let calendar = pb::Calendar {
        dealer,
        opens,
        closes,
        offset_minutes,
        every_day,
        closed_days,
        open_days,
    };
    let request = pb::PutCalendarRequest {
        calendar: Some(calendar),
    };
    let put = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.put_calendar(request).await
        });
    let pb::PutCalendarResponse {
        calendar,
        recomputed,
    } = put.await?;
    ok(&PutCalendar {
        calendar: calendar.unwrap_or_default().into(),
        recomputed,
    })
}
