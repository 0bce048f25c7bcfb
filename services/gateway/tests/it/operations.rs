//! Every operation once, as it goes well. The list is checked against the OpenAPI document.
//!
//! The examples are in a file an area. Their answers are the snapshots in `../snapshots`.

mod complaints;
mod customers;
mod network;
mod quality;
mod scoring;
mod vehicles;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rig::{CUSTOMER, Rig, VEHICLE, request};

/// Operation, role, path, body.
pub(crate) type Example = (&'static str, &'static str, String, &'static str);

/// A good request for every operation.
pub(crate) fn examples() -> Vec<Example> {
    [
        network::examples(),
        customers::examples(),
        vehicles::examples(),
        quality::examples(),
        scoring::examples(),
        complaints::examples(),
    ]
    .concat()
}

/// The operations of the OpenAPI document as `METHOD /path`.
pub(crate) fn documented() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&marque_gateway::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let methods = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["get", "put", "post"].contains(&key.as_str()));
        methods
            .map(|method| format!("{} {path}", method.to_uppercase()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn every_documented_operation_has_an_example() {
    let examples: BTreeSet<String> = examples()
        .iter()
        .map(|(operation, ..)| (*operation).to_owned())
        .collect();
    assert_eq!(examples, documented());
}

#[tokio::test]
async fn every_operation_answers_as_it_should() {
    let rig = Rig::new();
    for (operation, role, path, body) in examples() {
        let (method, _) = operation.split_once(' ').unwrap();
        let reply = rig
            .send(request(method, &path, &rig.tokens.of(role), body))
            .await;
        assert!(reply.status.is_success(), "{operation}: {}", reply.text);
        for name in [
            "x-request-id",
            "ratelimit",
            "ratelimit-policy",
            "x-content-type-options",
            "cache-control",
            "content-security-policy",
        ] {
            assert!(reply.header(name).is_some(), "{operation} has no {name}");
        }
        insta::assert_json_snapshot!(
            operation.replace(['/', ' ', '{', '}'], "_"),
            reply.snapshot()
        );
    }
}

#[tokio::test]
async fn what_callers_write_reaches_the_service_as_columns() {
    let rig = Rig::new();
    for (operation, role, path, body) in examples() {
        let (method, _) = operation.split_once(' ').unwrap();
        if method == "PUT" || operation == "POST /v1/visits" {
            rig.send(request(method, &path, &rig.tokens.of(role), body))
                .await;
        }
    }
    let visit = rig.visits.last_message();
    assert!(
        visit.contains(r#"odometer_km: "20345""#)
            && visit.contains(
                r#"[{\"line_kind\":\"part\",\"quantity\":\"1.5\",\"unit_price\":\"86.00\"}]"#
            ),
        "{visit}"
    );
    assert!(rig.vehicle.last_message().contains(r#"model_year: "2024""#));
}

#[tokio::test]
async fn a_network_comes_as_json_as_toml_or_as_csv() {
    let rig = Rig::new();
    let toml = "[[dealers]]\ncode = \"D001\"\nname = \"Sample\"\nregion = \"east\"\n\n[[staff]]\ndealer = \"D001\"\ncode = \"S1\"\nname = \"One\"\n";
    let csv = "经销商代码,经销商名称,大区\nD001,Sample,east\nD002,Other,west\n";
    for (kind, body, dealers, staff) in [("application/toml", toml, 1, 1), ("text/csv", csv, 2, 0)]
    {
        let mut request = request("POST", "/v1/network", &rig.tokens.of("hq_admin"), body);
        let headers = request.headers_mut();
        headers.insert("content-type", kind.parse().unwrap());
        let reply = rig.send(request).await;
        assert_eq!(
            reply.json(),
            serde_json::json!({"dealers": dealers, "staff": staff})
        );
    }
}

#[tokio::test]
async fn a_look_up_asks_for_vehicles_by_the_key_or_of_the_customers_found() {
    let rig = Rig::new();
    for (body, asked) in [
        (r#"{"plate":"沪AD00001"}"#, "LookupVehiclesRequest"),
        (r#"{"number":"K7-0042-X"}"#, "ListCustomerVehiclesRequest"),
    ] {
        let reply = rig.call("POST", "/v1/lookup", body).await;
        assert_eq!(reply.json()["customers"][0]["id"], CUSTOMER);
        assert_eq!(reply.json()["vehicles"][0]["id"], VEHICLE);
        assert!(
            rig.vehicle.last_message().starts_with(asked),
            "{}",
            rig.vehicle.last_message()
        );
    }
}

#[tokio::test]
async fn whose_a_car_is_is_asked_for_only_if_he_does_not_carry_its_key() {
    // The owner of the plate's car carries the plate; of the VIN's car only the record is known.
    for (body, calls, last) in [
        (r#"{"plate":"沪AD00001"}"#, 1, "Plate("),
        (r#"{"vin":"LSVAA4182E2123456"}"#, 2, "Car(PartiesOfCar"),
    ] {
        let rig = Rig::new();
        let reply = rig.call("POST", "/v1/lookup", body).await;
        assert_eq!(rig.customer.calls(), calls, "{body}");
        assert!(
            rig.customer.last_message().contains(last),
            "{}",
            rig.customer.last_message()
        );
        let found = reply.json();
        assert_eq!(found["customers"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(found["reception"], true);
    }
}

#[tokio::test]
async fn who_looks_up_cars_alone_is_told_of_nobody() {
    let rig = Rig::new();
    let look = |body| {
        let token = rig.tokens.of("technician");
        rig.send(request("POST", "/v1/vehicles/lookup", &token, body))
    };
    let found = look(r#"{"plate":"沪AD00001"}"#).await;
    assert_eq!(found.json()["vehicles"][0]["id"], VEHICLE);
    assert!(rig.vehicle.last_message().contains("Plate("));
    assert!(rig.vehicle.last_message().contains("with_parties: false"));
    assert_eq!(rig.customer.calls(), 0, "no customer was asked for");
    for (body, reason) in [
        (r#"{"phone":"13800000000"}"#, "INVALID_ARGUMENT"),
        (
            r#"{"vin":"LSVAA4182E2123456","plate":"沪AD00001"}"#,
            "LOOKUP_KEY",
        ),
        ("{}", "LOOKUP_KEY"),
    ] {
        assert_eq!(look(body).await.json()["reason"], reason, "{body}");
    }
}

#[tokio::test]
async fn a_report_comes_as_csv_if_asked() {
    let rig = Rig::new();
    let reply = rig
        .call("GET", "/v1/score-reports/tiers?format=csv", "")
        .await;
    assert_eq!(
        reply.header("content-type").unwrap(),
        "text/csv; charset=utf-8"
    );
    assert_eq!(
        reply.text,
        "group,customers,lost\r\nD001,12,4\r\n\"'=D002, \"\"new\"\"\",3.5,\r\n"
    );
    let wrong = rig
        .call("GET", "/v1/score-reports/tiers?format=xlsx", "")
        .await;
    assert_eq!(wrong.status.as_u16(), 400);
}
