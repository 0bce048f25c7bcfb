//! What is due: of a customer's cars, of one car, of my own.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::ok, edge::Call, extract::Path, problem::Answer, routes::customers::check_shown,
    state::App, values::views,
};

/// Cars and what is due for them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DueDates {
    /// Cars.
    cars: Vec<CarDueView>,
}

/// A car and what is due for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarDue)]
pub(crate) struct CarDueView {
    /// The car.
    vehicle_id: String,
    /// Its VIN.
    vin: String,
    /// Its mileage; absent without a single reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    mileage: Option<MileageView>,
    /// The earliest first.
    dates: Vec<DueDateView>,
}

/// A prediction of mileage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mileage)]
pub(crate) struct MileageView {
    /// Today's odometer over all meters, in km.
    driven_km: f64,
    /// Below it one time in ten.
    low_km: f64,
    /// Above it one time in ten.
    high_km: f64,
    /// Km a day in the mean of the year.
    daily_km: f64,
    /// How much of the rate is the car's own record, 0 to 1; the rest is borrowed from others like it.
    own_share: f64,
    /// Readings there are.
    readings: i32,
    /// Of those, how many are not believed.
    doubted: i32,
}

/// Something that falls due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DueDate)]
pub(crate) struct DueDateView {
    /// maintenance, inspection, insurance or warranty.
    #[schema(example = "maintenance")]
    kind: String,
    /// The best guess.
    #[schema(example = "2026-12-05")]
    date: String,
    /// Before it one time in ten.
    earliest: String,
    /// After it one time in ten.
    latest: String,
    /// Odometer over all meters at which it does; absent where distance does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_km: Option<f64>,
    /// Why then, in Chinese.
    reason_zh: String,
    /// Why then, in English.
    reason_en: String,
    /// Days since it fell due; absent while it is still ahead, and once it has lapsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    overdue_days: Option<i32>,
    /// It is past for so long, without any later word, that what holds now is not known: nobody is to be called because of it. An
    /// insurance after 90 days; an inspection after 180 days of a car that no workshop told of for a year.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lapsed: bool,
}

impl From<pb::CarDue> for CarDueView {
    fn from(car: pb::CarDue) -> Self {
        Self {
            vehicle_id: car.vehicle_id,
            vin: car.vin,
            mileage: car.mileage.map(MileageView::from),
            dates: views(car.dates),
        }
    }
}

impl From<pb::Mileage> for MileageView {
    fn from(mileage: pb::Mileage) -> Self {
        Self {
            driven_km: mileage.driven_km,
            low_km: mileage.low_km,
            high_km: mileage.high_km,
            daily_km: mileage.daily_km,
            own_share: mileage.own_share,
            readings: mileage.readings,
            doubted: mileage.doubted,
        }
    }
}

impl From<pb::DueDate> for DueDateView {
    fn from(due: pb::DueDate) -> Self {
        Self {
            kind: due.kind,
            date: due.date,
            earliest: due.earliest,
            latest: due.latest,
            at_km: due.at_km,
            reason_zh: due.reason_zh,
            reason_en: due.reason_en,
            overdue_days: due.overdue_days,
            lapsed: due.lapsed,
        }
    }
}

impl From<pb::GetDueDatesResponse> for DueDates {
    fn from(answer: pb::GetDueDatesResponse) -> Self {
        Self {
            cars: views(answer.cars),
        }
    }
}

/// What is due for the current cars of a customer: maintenance by predicted mileage, inspection, insurance, warranty.
///
/// Nothing of one who withdrew consent to `care`.
#[utoipa::path(get, path = "/v1/customers/{id}/due-dates", tag = "scores",
    params(("id" = String, Path, description = "Customer id")),
    responses((status = 200, description = "Cars and what is due for them", body = DueDates)))]
pub(crate) async fn get_customer_due_dates(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
) -> Answer {
    check_shown(&app, &call, &customer_id).await?;
    find(&app, &call, of_customer(customer_id)).await
}

/// What is due for one car, with today's mileage.
#[utoipa::path(get, path = "/v1/vehicles/{id}/due-dates", tag = "scores",
    params(("id" = String, Path, description = "Vehicle id")),
    responses((status = 200, description = "The car and what is due for it", body = DueDates)))]
pub(crate) async fn get_vehicle_due_dates(
    State(app): State<App>,
    call: Call,
    Path(vehicle_id): Path<String>,
) -> Answer {
    let request = pb::GetDueDatesRequest {
        vehicle_id,
        ..pb::GetDueDatesRequest::default()
    };
    find(&app, &call, request).await
}

/// What is due for my cars.
#[utoipa::path(get, path = "/v1/me/due-dates", tag = "me",
    responses((status = 200, description = "Cars and what is due for them", body = DueDates)))]
pub(crate) async fn get_my_due_dates(State(app): State<App>, call: Call) -> Answer {
    let request = of_customer(call.own_customer()?);
    find(&app, &call, request).await
}

/// The request for a customer's cars.
pub(crate) fn of_customer(customer_id: String) -> pb::GetDueDatesRequest {
    pb::GetDueDatesRequest {
        customer_id,
        ..pb::GetDueDatesRequest::default()
    }
}

async fn find(app: &App, call: &Call, request: pb::GetDueDatesRequest) -> Answer {
    let get = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.get_due_dates(request).await
        });
    ok(&DueDates::from(get.await?))
}
