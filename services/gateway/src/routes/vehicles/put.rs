//! One vehicle row, live.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::vehicle::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::VehicleView;
use crate::{
    answer::{Preconditions, ok, tagged},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::{FindingView, Text, outcome_name, views},
};

/// A vehicle's row as the dealer's system has it: text as typed. What it does not know it leaves out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VehicleRow {
    /// Dealer whose row it is.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system.
    #[schema(example = "dms")]
    source: String,
    /// VIN.
    #[schema(example = "LSVAA4182E2123456")]
    vin: String,
    /// Plate.
    plate: String,
    /// Brand.
    brand: String,
    /// Series.
    series: String,
    /// Model.
    model: String,
    /// Model year.
    model_year: Text,
    /// Colour.
    color: String,
    /// Energy type.
    energy_type: String,
    /// Date of sale.
    sale_date: String,
    /// Dealer that sold it.
    selling_dealer: String,
    /// Source key of the owner at this dealer.
    owner_key: String,
    /// Insurance ends.
    insurance_expiry: String,
    /// Inspection is due.
    inspection_due: String,
    /// Warranty ends.
    warranty_end: String,
    /// driver_key and payer_key; vehicle_class (车辆类型), vehicle_use (使用性质) and seats (核定载人数) as the vehicle licence has them;
    /// and columns of the dealer's own, kept as they come.
    extra: BTreeMap<String, String>,
}

impl From<VehicleRow> for pb::PutVehicleRequest {
    fn from(row: VehicleRow) -> Self {
        let VehicleRow {
            dealer,
            source,
            vin,
            plate,
            brand,
            series,
            model,
            model_year: Text(model_year),
            color,
            energy_type,
            sale_date,
            selling_dealer,
            owner_key,
            insurance_expiry,
            inspection_due,
            warranty_end,
            extra,
        } = row;
        let columns = pb::VehicleColumns {
            vin,
            plate,
            brand,
            series,
            model,
            model_year,
            color,
            energy_type,
            sale_date,
            selling_dealer,
            owner_key,
            insurance_expiry,
            inspection_due,
            warranty_end,
            extra,
        };
        Self {
            dealer,
            source,
            columns: Some(columns),
            expected_version: 0,
        }
    }
}

/// What became of a vehicle's row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutVehicle {
    /// The vehicle; left out if the row was held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle: Option<VehicleView>,
    /// accepted, accepted_with_findings, quarantined, unchanged, or erased: a person it names was, and only the car was taken in.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Remarks.
    findings: Vec<FindingView>,
}

/// Create or amend a vehicle from one row.
///
/// With `If-None-Match: *` it is only put where there is none yet.
#[utoipa::path(put, path = "/v1/vehicles", tag = "vehicles", request_body = VehicleRow,
    responses((status = 200, description = "The vehicle and what became of the row", body = PutVehicle)))]
pub(crate) async fn put_vehicle(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(row): Json<VehicleRow>,
) -> Answer {
    let request = pb::PutVehicleRequest {
        expected_version: conditions.replaced_version()?,
        ..row.into()
    };
    let put = app
        .clients
        .vehicle
        .write(&call, request, |mut client, request| async move {
            client.put_vehicle(request).await
        });
    let response = put.await.map_err(|failure| conditions.told(failure))?;
    let outcome = outcome_name(response.outcome());
    let pb::PutVehicleResponse {
        vehicle,
        outcome: _,
        findings,
    } = response;
    let version = vehicle.as_ref().map(|vehicle| vehicle.version);
    let answer = ok(&PutVehicle {
        vehicle: vehicle.map(VehicleView::from),
        outcome,
        findings: views(findings),
    })?;
    Ok(match version {
        Some(version) => tagged(answer, version),
        None => answer,
    })
}
