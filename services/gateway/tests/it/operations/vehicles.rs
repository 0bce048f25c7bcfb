//! Vehicles and visits.

use super::Example;
use crate::rig::VEHICLE;

/// A good request for every operation on vehicles and visits.
pub(super) fn examples() -> Vec<Example> {
    let vehicle = |rest: &str| format!("/v1/vehicles/{VEHICLE}{rest}");
    vec![
        (
            "PUT /v1/vehicles",
            "dms",
            "/v1/vehicles".into(),
            r#"{"dealer":"D001","source":"dms","vin":"LSVAA4182E2123456","model_year":2024}"#,
        ),
        ("GET /v1/vehicles/{id}", "technician", vehicle(""), ""),
        (
            "POST /v1/vehicles/lookup",
            "technician",
            "/v1/vehicles/lookup".into(),
            r#"{"vin":"LSVAA4182E2123456"}"#,
        ),
        (
            "GET /v1/vehicles/{id}/visits",
            "service",
            vehicle("/visits"),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/parties",
            "service",
            vehicle("/parties"),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/readings",
            "technician",
            vehicle("/readings"),
            "",
        ),
        (
            "POST /v1/visits",
            "service",
            "/v1/visits".into(),
            r#"{"dealer":"D001","source":"dms","order_number":"RO-1","odometer_km":20345,"amount":{"amount":"129.00","currency":"CNY"},"lines":[{"line_kind":"part","quantity":1.5,"unit_price":{"amount":"86.00","currency":"CNY"}}]}"#,
        ),
        (
            "GET /v1/visits/{id}",
            "service",
            "/v1/visits/vis_1".into(),
            "",
        ),
        (
            "GET /v1/visits/{id}/versions",
            "service",
            "/v1/visits/vis_1/versions".into(),
            "",
        ),
    ]
}
