//! What falls due soon, for the cars of a dealer or of many.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::due::DueDateView;
use crate::{
    answer::ok,
    edge::Call,
    extract::Query,
    problem::{Answer, Failure},
    routes::paging,
    state::App,
    values::views,
};

/// What is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DueListQuery {
    /// So many days from today on, 1d to 90d; 30d if not said.
    #[param(required = false, example = "30d")]
    within: String,
    /// Also what fell due earlier and was not done, until it lapses.
    #[param(required = false)]
    overdue: bool,
    /// maintenance, inspection, insurance or warranty; all if not said.
    #[param(required = false, example = "maintenance")]
    kind: String,
    /// Only cars of this dealer; all of the caller's scope if not said.
    #[param(required = false, example = "D001")]
    dealer: String,
    /// Entries a page, 1 to 1000; 50 if not said.
    #[param(required = false)]
    page_size: i64,
    /// `next_page_token` of the page before.
    #[param(required = false)]
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// Something that falls due for a car.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarDueDate)]
pub(crate) struct CarDueDateView {
    /// The car.
    vehicle_id: String,
    /// Its VIN.
    vin: String,
    /// Whose it is now; absent if nobody is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// Dealer it last came to, or who sold it.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// What falls due, and why then.
    due: DueDateView,
}

impl From<pb::CarDueDate> for CarDueDateView {
    fn from(date: pb::CarDueDate) -> Self {
        Self {
            vehicle_id: date.vehicle_id,
            vin: date.vin,
            customer_id: date.customer_id,
            dealer: date.dealer,
            due: date.due.unwrap_or_default().into(),
        }
    }
}

/// A page of what falls due.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DueDatePage {
    /// The earliest first.
    dates: Vec<CarDueDateView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// What falls due soon, the earliest first, with reasons: a dealer's list of whom to call.
///
/// A car is its last dealer's, or if it never came the one's who sold it. Cars of customers who withdrew their consent to
/// `scoring` are left out. What is told of a car is in the list within seconds.
#[utoipa::path(get, path = "/v1/due-dates", tag = "scores", params(DueListQuery),
    responses((status = 200, description = "A page of due dates", body = DueDatePage)))]
pub(crate) async fn list_due_dates(
    State(app): State<App>,
    call: Call,
    Query(query): Query<DueListQuery>,
) -> Answer {
    let request = pb::ListDueDatesRequest {
        within_days: days(&query.within)?,
        overdue: query.overdue,
        kind: query.kind,
        dealer: query.dealer,
        page_size: paging::size(query.page_size),
        page_token: query.page_token,
    };
    let list = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.list_due_dates(request).await
        });
    let pb::ListDueDatesResponse {
        dates,
        next_page_token,
    } = list.await?;
    ok(&DueDatePage {
        dates: views(dates),
        next_page_token,
    })
}

/// Days of a span such as `30d`; 0 if not said.
fn days(within: &str) -> Result<i32, Failure> {
    if within.is_empty() {
        return Ok(0);
    }
    let number = within.strip_suffix('d').unwrap_or(within);
    let days = number.parse::<i32>().ok().filter(|days| *days > 0);
    days.ok_or_else(|| Failure::field("within", "INVALID", "a number of days such as 30d"))
}
