//! Who sees whom.

use marque_auth::{Role, Scope};
use marque_system_tests::Sandbox;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    a_dealer_sees_a_stranger_only_after_receiving_him,
    who_is_received_brings_his_cars_visits_and_complaints,
    whose_a_car_is_is_found_by_its_plate_and_vin,
    bad_tokens_are_refused_alike,
    headers_do_not_change_who_asks,
);

async fn a_dealer_sees_a_stranger_only_after_receiving_him(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let own = sandbox.dealer(Role::Sales, "D1");
    let put = own
        .put(
            "/v1/source-records/D1/dms/a",
            json!({"name": "王小明", "phone": "13800138001"}),
        )
        .await?;
    let id = put.body["customer_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let stranger = sandbox.dealer(Role::Service, "D2");
    let path = format!("/v1/customers/{id}");
    let hidden = stranger.get(&path).await?;
    let absent = stranger
        .get("/v1/customers/cus_00000000000070008000000000000000")
        .await?;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    assert_eq!(
        hidden.body["reason"], absent.body["reason"],
        "hidden and absent are the same"
    );
    let east = sandbox.caller(Role::Manager, Scope::Region("east".into()));
    let west = sandbox.caller(Role::Manager, Scope::Region("west".into()));
    east.eventually(&path, |customer| customer["id"] == json!(id))
        .await?;
    assert_eq!(west.get(&path).await?.status, StatusCode::NOT_FOUND);
    let received = stranger
        .post("/v1/lookup", json!({"phone": "13800138001"}))
        .await?;
    assert_eq!(received.body["customers"][0]["id"], json!(id));
    assert_eq!(stranger.get(&path).await?.status, StatusCode::OK);
    let history = sandbox
        .headquarters(Role::Steward)
        .get(&format!("{path}/history"))
        .await?
        .body;
    assert!(
        history.to_string().contains("received"),
        "the reception is on record"
    );
    sandbox.stop().await
}

/// Somebody stands at the counter of a dealer he never was at: the desk learns at once that he is a regular elsewhere.
async fn who_is_received_brings_his_cars_visits_and_complaints(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let own = sandbox.dealer(Role::Service, "D1");
    let vin = "LJ1EEKRN7R4000001";
    let row = json!({"name": "王小明", "phone": "13800138001", "vin": vin});
    let put = own.put("/v1/source-records/D1/dms/a", row).await?;
    let id = put.body["customer_id"].as_str().unwrap_or_default();
    let visit = json!({"dealer": "D1", "source": "dms", "order_number": "R1", "vin": vin, "customer_key": "a",
        "kind": "repair", "opened_at": "2026-03-05 09:00", "odometer_km": "5000", "diagnosis": "更换刹车片"});
    let visit = own.post("/v1/visits", visit).await?;
    anyhow::ensure!(visit.status.is_success(), "{}", visit.body);
    let case = json!({"dealer": "D1", "source": "dms", "customer_key": "a", "vin": vin, "channel": "phone",
        "category": "维修质量", "severity": "high", "text": "刹车还是有异响"});
    let case = own.post("/v1/complaints", case).await?;
    anyhow::ensure!(case.status.is_success(), "{}", case.body);
    let profile = format!("/v1/customers/{id}/profile");
    let is_whole = |profile: &Value| {
        let parts = [
            "vehicles/vehicles",
            "visits/visits",
            "open_complaints/complaints",
        ];
        let lists = parts.map(|part| {
            profile
                .pointer(&format!("/{part}"))
                .and_then(Value::as_array)
        });
        (lists.iter()).all(|list| list.is_some_and(|list| !list.is_empty()))
    };
    own.eventually(&profile, is_whole).await?;

    let stranger = sandbox.dealer(Role::Service, "D2");
    let phone = json!({"phone": "13800138001"});
    stranger.post("/v1/lookup", phone).await?;
    stranger.eventually(&profile, is_whole).await?;
    sandbox.stop().await
}

/// Nobody's record carries the car: a dealer's row of it alone says whose it is.
async fn whose_a_car_is_is_found_by_its_plate_and_vin(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let own = sandbox.dealer(Role::Dms, "D1");
    let (vin, plate) = ("LJ1EEKRN7R4000001", "京A12345");
    let row = json!({"name": "王小明", "phone": "13800138001"});
    let put = own.put("/v1/source-records/D1/dms/a", row).await?;
    let id = put.body["customer_id"].clone();
    let car =
        json!({"dealer": "D1", "source": "dms", "vin": vin, "plate": plate, "owner_key": "a"});
    let car = own.put("/v1/vehicles", car).await?;
    anyhow::ensure!(car.status.is_success(), "{}", car.body);

    let stranger = sandbox.dealer(Role::Service, "D2");
    let path = format!("/v1/customers/{}", id.as_str().unwrap_or_default());
    assert_eq!(stranger.get(&path).await?.status, StatusCode::NOT_FOUND);
    let agent = sandbox.headquarters(Role::Agent);
    for (asker, key, is_reception) in [
        (&agent, json!({"plate": plate}), false),
        (&stranger, json!({"plate": plate}), true),
        (&stranger, json!({"vin": vin}), false),
    ] {
        let found = asker.post("/v1/lookup", key).await?.body;
        let shown = [&found["customers"][0]["id"], &found["vehicles"][0]["vin"]];
        assert_eq!(shown, [&id, &json!(vin)], "{found}");
        assert_eq!(found["reception"], json!(is_reception));
    }
    assert_eq!(stranger.get(&path).await?.status, StatusCode::OK);
    let steward = sandbox.headquarters(Role::Steward);
    let history = steward.get(&format!("{path}/history")).await?.body;
    assert!(history.to_string().contains("by car"), "it is on record");
    sandbox.stop().await
}

async fn bad_tokens_are_refused_alike(sandbox: Sandbox) -> anyhow::Result<()> {
    let good = sandbox.token(Role::Agent, Scope::Headquarters);
    let mut swapped = good.clone();
    swapped.replace_range(good.len() - 4.., "AAAA");
    let mut bodies = Vec::new();
    for token in [
        "",
        "x",
        "a.b.c",
        "peer1.x.y",
        &swapped,
        &good[..good.len() / 2],
    ] {
        let answer = sandbox
            .with_token(token.to_owned())
            .get("/v1/dealers")
            .await?;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let mut body = answer.body;
        body["request_id"] = json!("");
        bodies.push(body);
    }
    bodies.dedup();
    assert!(
        bodies.len() <= 2,
        "a missing token and a bad one, no more: {bodies:?}"
    );
    sandbox.stop().await
}

/// reliability.md A10: who asks is what his token says, at every hop, whatever else he sends.
async fn headers_do_not_change_who_asks(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let put = sandbox
        .dealer(Role::Sales, "D1")
        .put(
            "/v1/source-records/D1/dms/a",
            json!({"name": "王小明", "phone": "13800138001"}),
        )
        .await?;
    let id = put.body["customer_id"].as_str().unwrap_or_default();
    let stranger = sandbox.dealer(Role::Sales, "D2");
    let admin = sandbox.token(Role::HqAdmin, Scope::Headquarters);
    let spoofed = [
        ("x-user-id", "admin"),
        ("x-tenant", "D1"),
        ("x-dealer", "D1"),
        ("x-role", "hq_admin"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-user", "admin"),
        ("x-forwarded-client-cert", "By=marque;Subject=gateway"),
        ("x-original-url", "/v1/dealers"),
        ("marque-role", "network"),
        ("grpc-metadata-authorization", &admin),
        ("grpc-timeout", "1n"),
        ("proxy-authorization", &admin),
        ("x-http-method-override", "DELETE"),
    ];
    for (path, expected) in [
        (format!("/v1/customers/{id}"), StatusCode::NOT_FOUND),
        (format!("/v1/customers/{id}/profile"), StatusCode::NOT_FOUND),
        (
            "/v1/dealers/D1".to_owned(),
            stranger.get("/v1/dealers/D1").await?.status,
        ),
    ] {
        for header in spoofed {
            let answer = stranger
                .call(reqwest::Method::GET, &path, None, &[header])
                .await?;
            assert_eq!(answer.status, expected, "{path} with {}", header.0);
        }
        let answer = stranger
            .call(reqwest::Method::GET, &path, None, &spoofed)
            .await?;
        assert_eq!(answer.status, expected, "{path} with all of them");
    }
    sandbox.stop().await
}
