//! Who is it? Customers and vehicles by one exact key, in the body, since nothing personal goes into a URL.

use std::time::Duration;

use axum::extract::State;
use futures::future::try_join_all;
use marque_api::{
    customer::v1::{self as pb, lookup_request::Key},
    vehicle::v1::{self as vehicle, lookup_vehicles_request::Key as VehicleKey},
};
use marque_errors::ErrorCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::ok,
    edge::Call,
    extract::Json,
    problem::{Answer, Failure},
    routes::{
        customers::CustomerView,
        profile::is_outage,
        vehicles::{VehicleView, find_vehicles},
    },
    state::App,
    values::views,
};

/// Customers whose vehicles are fetched too; an exact key rarely finds more than one.
const MOST_CUSTOMERS: usize = 5;

/// How long the vehicle role is given to hear of a reception before its customer is taken to have no cars. One process needs the
/// first of these.
const UNTIL_HEARD: [Duration; 3] = [
    Duration::from_millis(15),
    Duration::from_millis(30),
    Duration::from_millis(60),
];

/// Exactly one of these, as typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupBody {
    /// Phone.
    #[schema(example = "138 0000 0000")]
    phone: Option<String>,
    /// Plate.
    plate: Option<String>,
    /// VIN.
    vin: Option<String>,
    /// ID number.
    id_number: Option<String>,
    /// Unified social credit code.
    credit_code: Option<String>,
    /// Customer number.
    number: Option<String>,
}

impl LookupBody {
    fn key(self) -> Answer<Key> {
        let Self {
            phone,
            plate,
            vin,
            id_number,
            credit_code,
            number,
        } = self;
        let given = [
            phone.map(Key::Phone),
            plate.map(Key::Plate),
            vin.map(Key::Vin),
            id_number.map(Key::IdNumber),
            credit_code.map(Key::CreditCode),
            number.map(Key::Number),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(Failure::invalid(
                "LOOKUP_KEY",
                "give exactly one of phone, plate, vin, id_number, credit_code, number",
            )),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    /// Likeliest first. By plate or VIN who has a part in the car now, its owner before the others, and whose own record carries the
    /// key.
    customers: Vec<CustomerView>,
    /// By plate or VIN, or those of the customers.
    vehicles: Vec<VehicleView>,
    /// True if this opened a file that the dealer could not see before.
    reception: bool,
    /// What could not be had since the role that knows it is down or late: `vehicles`, or nothing.
    unavailable: Vec<&'static str>,
}

/// Look up customers and vehicles by one exact key.
///
/// For a dealer an exact hit opens the file for 90 days and is on record. Who withdrew consent to `sharing` is not found by a dealer who has
/// no record of him.
#[utoipa::path(post, path = "/v1/lookup", tag = "customers", request_body = LookupBody,
    responses((status = 200, description = "What was found; both lists may be empty", body = Found)))]
pub(crate) async fn look_up(
    State(app): State<App>,
    call: Call,
    Json(body): Json<LookupBody>,
) -> Answer {
    let key = body.key()?;
    let (found, vehicles) = if let Some(by) = vehicle_key(&key) {
        of_car(&app, &call, key, by).await?
    } else {
        let found = customers(&app, &call, key).await?;
        let vehicles = if found.reception {
            vehicles_once_heard(&app, &call, &found.customers).await
        } else {
            vehicles_of(&app, &call, &found.customers).await
        };
        (found, vehicles)
    };
    // Whoever stands at the counter is known by now, and on record: without his cars he is still greeted by name.
    let (vehicles, unavailable) = match vehicles {
        Err(failure) if is_outage(&failure) => (Vec::new(), vec!["vehicles"]),
        answered => (answered?, Vec::new()),
    };
    let pb::LookupResponse {
        customers,
        reception,
    } = found;
    ok(&Found {
        customers: views(customers),
        vehicles: views(vehicles),
        reception,
        unavailable,
    })
}

fn vehicle_key(key: &Key) -> Option<VehicleKey> {
    match key {
        Key::Plate(plate) => Some(VehicleKey::Plate(plate.clone())),
        Key::Vin(vin) => Some(VehicleKey::Vin(vin.clone())),
        Key::Phone(_) | Key::IdNumber(_) | Key::CreditCode(_) | Key::Number(_) | Key::Car(_) => {
            None
        }
    }
}

/// The car of a plate or VIN, and whose it is; without the car, those whose own records carry the key.
async fn of_car(
    app: &App,
    call: &Call,
    key: Key,
    by: VehicleKey,
) -> Answer<(pb::LookupResponse, Answer<Vec<vehicle::Vehicle>>)> {
    let request = vehicle::LookupVehiclesRequest {
        key: Some(by),
        with_parties: true,
    };
    let (carriers, car) =
        tokio::join!(customers(app, call, key), find_vehicles(app, call, request));
    let carriers = carriers?;
    match car {
        Ok(car) => {
            let found = with_parties(app, call, carriers, car.parties).await?;
            Ok((found, Ok(car.vehicles)))
        }
        Err(failure) => Ok((carriers, Err(failure))),
    }
}

/// Those who carry the key with those who have a part in its car, of whom a dealer's row of the car alone may know. The customer
/// role is asked once more only if one of them carries no key.
async fn with_parties(
    app: &App,
    call: &Call,
    mut carriers: pb::LookupResponse,
    parties: Vec<vehicle::Party>,
) -> Answer<pb::LookupResponse> {
    let carries = |party: &vehicle::Party| {
        let mut found = carriers.customers.iter();
        found.any(|customer| customer.id == party.customer_id)
    };
    if parties.iter().all(carries) {
        let place = |customer: &pb::Customer| {
            let is_his = |party: &vehicle::Party| party.customer_id == customer.id;
            parties.iter().position(is_his).unwrap_or(parties.len())
        };
        carriers.customers.sort_by_key(place);
        return Ok(carriers);
    }
    let records = parties.into_iter().map(|party| party.source_record_id);
    let car = pb::PartiesOfCar {
        source_record_ids: records.collect(),
    };
    let mut found = match customers(app, call, Key::Car(car)).await {
        // One of the release before knows no parties. Whom the first answer found is known, and on record.
        Err(failure) if is_outage(&failure) || failure.code() == ErrorCode::InvalidArgument => {
            return Ok(carriers);
        }
        answered => answered?,
    };
    found.reception |= carriers.reception;
    for carrier in carriers.customers {
        if found.customers.iter().all(|known| known.id != carrier.id) {
            found.customers.push(carrier);
        }
    }
    Ok(found)
}

/// Once only: a look-up is on record, and a second try would be there twice.
async fn customers(app: &App, call: &Call, key: Key) -> Answer<pb::LookupResponse> {
    let request = pb::LookupRequest { key: Some(key) };
    app.clients
        .customer
        .write(call, request, |mut client, request| async move {
            client.lookup(request).await
        })
        .await
}

/// The vehicles of customers whose file was opened a moment ago: the vehicle role hears of it by an event.
async fn vehicles_once_heard(
    app: &App,
    call: &Call,
    customers: &[pb::Customer],
) -> Answer<Vec<vehicle::Vehicle>> {
    for pause in UNTIL_HEARD {
        let vehicles = vehicles_of(app, call, customers).await?;
        if !vehicles.is_empty() {
            return Ok(vehicles);
        }
        tokio::time::sleep(pause).await;
    }
    vehicles_of(app, call, customers).await
}

async fn vehicles_of(
    app: &App,
    call: &Call,
    customers: &[pb::Customer],
) -> Answer<Vec<vehicle::Vehicle>> {
    let lists = customers.iter().take(MOST_CUSTOMERS).map(|customer| {
        let request = vehicle::ListCustomerVehiclesRequest {
            customer_id: customer.id.clone(),
            limit: 0,
            page_token: String::new(),
        };
        app.clients
            .vehicle
            .read(call, request, |mut client, request| async move {
                client.list_customer_vehicles(request).await
            })
    });
    let mut vehicles: Vec<vehicle::Vehicle> = Vec::new();
    for owned in try_join_all(lists)
        .await?
        .into_iter()
        .flat_map(|list| list.vehicles)
    {
        let vehicle = owned.vehicle.unwrap_or_default();
        if vehicles.iter().all(|known| known.id != vehicle.id) {
            vehicles.push(vehicle);
        }
    }
    Ok(vehicles)
}
