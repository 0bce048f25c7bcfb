//! The profile when roles are down, late, or know the customer by another id.

use std::time::{Duration, Instant};

use serde_json::json;
use tonic::Code;

use crate::rig::{CUSTOMER, MERGED, REFUSING, Reply, Rig};

async fn profile(rig: &Rig, id: &str) -> Reply {
    rig.call("GET", &format!("/v1/customers/{id}/profile"), "")
        .await
}

fn states(reply: &Reply) -> [String; 3] {
    let profile = reply.json();
    ["customer", "vehicles", "visits"]
        .map(|part| profile[part]["state"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_role_that_is_down_leaves_its_part_out() {
    for code in [Code::Unavailable, Code::Internal, Code::ResourceExhausted] {
        let rig = Rig::new();
        rig.vehicle.fail(code);
        let reply = profile(&rig, CUSTOMER).await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(states(&reply), ["ok", "unavailable", "ok"], "{code:?}");
        assert_eq!(reply.json()["vehicles"], json!({"state": "unavailable"}));
    }
}

#[tokio::test]
async fn even_the_customer_role_may_be_down() {
    let rig = Rig::new();
    rig.customer.fail(Code::Unavailable);
    let reply = profile(&rig, CUSTOMER).await;
    assert_eq!(states(&reply), ["unavailable", "ok", "ok"]);
    // Whether he still agrees to be scored nobody knows, nor whether he does to be reminded.
    let parts = ["score", "loyalty", "due_dates"];
    let states = parts.map(|part| reply.json()[part]["state"].clone());
    assert_eq!(states, ["unavailable"; 3]);
}

#[tokio::test]
async fn scores_and_complaints_that_cannot_be_had_are_left_out_alone() {
    let rig = Rig::new();
    rig.complaint.fail(Code::Unavailable);
    rig.scoring.fail(Code::Internal);
    let reply = profile(&rig, CUSTOMER).await;
    assert_eq!(states(&reply), ["ok", "ok", "ok"]);
    for part in ["open_complaints", "score", "loyalty", "due_dates"] {
        assert_eq!(
            reply.json()[part],
            json!({"state": "unavailable"}),
            "{part}"
        );
    }
}

#[tokio::test]
async fn beside_a_case_a_role_that_is_down_leaves_its_part_of_the_car_out() {
    let rig = Rig::new();
    rig.vehicle.fail(Code::Unavailable);
    let desk = rig.call("GET", "/v1/complaints/cmp_1/desk", "").await;
    assert_eq!(desk.status.as_u16(), 200);
    let car = &desk.json()["vehicle"];
    assert_eq!(car["vehicle"], json!({"state": "unavailable"}));
    assert_eq!(car["due_dates"], json!({"state": "unavailable"}));
    assert_eq!(car["visits"]["state"], "ok");
}

#[tokio::test]
async fn a_role_that_is_late_does_not_hold_up_the_others() {
    let rig = Rig::with(|settings| settings.part_deadline = Duration::from_millis(100));
    rig.visits.be_late(Duration::from_secs(5));
    let begun = Instant::now();
    let reply = profile(&rig, CUSTOMER).await;
    assert_eq!(states(&reply), ["ok", "ok", "unavailable"]);
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn roles_are_asked_side_by_side() {
    let rig = Rig::new();
    for role in [&rig.customer, &rig.vehicle, &rig.visits] {
        role.be_late(Duration::from_millis(150));
    }
    let begun = Instant::now();
    assert_eq!(states(&profile(&rig, CUSTOMER).await), ["ok", "ok", "ok"]);
    assert!(
        begun.elapsed() < Duration::from_millis(350),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn an_id_that_was_merged_away_shows_the_current_customer_and_what_is_his() {
    let rig = Rig::new();
    let reply = profile(&rig, MERGED).await;
    assert_eq!(reply.json(), profile(&rig, CUSTOMER).await.json());
    assert_eq!(
        reply.json()["vehicles"]["vehicles"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn whether_he_agrees_to_be_scored_is_asked_only_of_who_is_seen_not_to() {
    let rig = Rig::new();
    profile(&rig, CUSTOMER).await;
    let asked = rig.scoring.last_message();
    assert!(asked.contains("looks_for_consent: true"), "{asked}");
    assert_eq!(rig.scoring.calls(), 1);
    // What came beside his refusal may be of a moment before it.
    profile(&rig, REFUSING).await;
    let asked = rig.scoring.last_message();
    assert!(asked.contains("looks_for_consent: false"), "{asked}");
    assert_eq!(rig.scoring.calls(), 3);
}

#[tokio::test]
async fn with_no_customer_or_no_role_there_is_no_profile() {
    let rig = Rig::new();
    rig.customer.fail(Code::NotFound);
    assert_eq!(profile(&rig, CUSTOMER).await.status.as_u16(), 404);
    let rig = Rig::new();
    for role in [&rig.customer, &rig.vehicle, &rig.visits] {
        role.fail(Code::Unavailable);
    }
    assert_eq!(profile(&rig, CUSTOMER).await.status.as_u16(), 503);
}

#[tokio::test]
async fn what_is_not_for_the_caller_is_absent() {
    let rig = Rig::new();
    rig.visits.fail(Code::PermissionDenied);
    assert_eq!(
        states(&profile(&rig, CUSTOMER).await),
        ["ok", "ok", "absent"]
    );
}

#[tokio::test]
async fn a_look_up_greets_who_stands_there_when_his_cars_cannot_be_had() {
    let rig = Rig::new();
    rig.vehicle.fail(Code::Unavailable);
    for key in [
        json!({"phone": "13800138000"}),
        json!({"plate": "冀A12345"}),
    ] {
        let reply = rig.call("POST", "/v1/lookup", &key.to_string()).await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
        let found = reply.json();
        assert_eq!(found["customers"].as_array().unwrap().len(), 1);
        assert_eq!(found["unavailable"], json!(["vehicles"]));
    }
    // What is wrong with the request is still told.
    let rig = Rig::new();
    rig.vehicle.fail(Code::PermissionDenied);
    let refused = rig
        .call("POST", "/v1/lookup", r#"{"plate": "冀A12345"}"#)
        .await;
    assert_eq!(refused.status.as_u16(), 403);
}

#[tokio::test]
async fn a_look_up_that_opens_a_file_waits_a_little_for_the_cars() {
    // How many calls it takes the vehicle role to hear of the reception, the cars that are found then, and the calls made.
    for (late, cars, calls) in [(0, 1, 1), (2, 1, 3), (usize::MAX, 0, 4)] {
        let rig = Rig::new();
        rig.vehicle.hear_late(late);
        let reply = rig
            .call("POST", "/v1/lookup", r#"{"phone": "13800138000"}"#)
            .await;
        let found = reply.json()["vehicles"].as_array().unwrap().len();
        assert_eq!((found, rig.vehicle.calls()), (cars, calls), "{late}");
    }
}
