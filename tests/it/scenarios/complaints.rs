//! An angry customer's case.

use marque_auth::Role;
use marque_system_tests::Sandbox;
use reqwest::StatusCode;
use serde_json::json;

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    a_complaint_runs_its_course_and_stands_beside_the_customer,
    a_file_of_complaints_becomes_cases,
);

async fn a_complaint_runs_its_course_and_stands_beside_the_customer(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    let row = json!({"name": "王小明", "phone": "13800138001"});
    let put = dms.put("/v1/source-records/D1/dms/c1", row).await?;
    let customer = put.body["customer_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let desk = sandbox.dealer(Role::Service, "D1");
    let complaint = json!({
        "dealer": "D1", "source": "dms", "customer_key": "c1", "vin": "LJ1EEKRN7R4000001",
        "channel": "phone", "category": "维修质量", "severity": "high", "text": "刹车修了三次还是响",
    });
    let opened = desk.post("/v1/complaints", complaint.clone()).await?;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    assert_eq!(opened.body["state"], "received");
    let again = desk.post("/v1/complaints", complaint).await?;
    assert_eq!(again.body["reason"], "COMPLAINT_MAY_REPEAT");
    let id = opened.body["id"].as_str().unwrap_or_default().to_owned();
    // It stands in the profile as soon as the link of his record has arrived.
    let agent = sandbox.headquarters(Role::Agent);
    let profile = agent
        .eventually(&format!("/v1/customers/{customer}/profile"), |profile| {
            profile["open_complaints"]["complaints"][0]["id"] == id.as_str()
        })
        .await?;
    assert_eq!(profile["open_complaints"]["state"], "ok");
    let refused = desk
        .post(
            &format!("/v1/complaints/{id}/transitions"),
            json!({"to": "closed"}),
        )
        .await?;
    assert_eq!(refused.body["reason"], "COMPLAINT_MOVE_REFUSED");
    assert!(
        refused.body["detail"]
            .to_string()
            .contains("acknowledged, withdrawn")
    );
    for (to, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("resolved", "换了原厂片"),
        ("followed_up", "满意"),
        ("closed", ""),
    ] {
        let moved = desk
            .post(
                &format!("/v1/complaints/{id}/transitions"),
                json!({"to": to, "note": note}),
            )
            .await?;
        assert_eq!(moved.body["state"], to, "{}", moved.body);
    }
    let foreign = sandbox
        .dealer(Role::Service, "D2")
        .get(&format!("/v1/complaints/{id}"))
        .await?;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let open = agent.get("/v1/complaints?state=open").await?;
    assert_eq!(open.body["complaints"], json!([]));
    sandbox.stop().await
}

async fn a_file_of_complaints_becomes_cases(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    let file = "complaint_key,customer_key,vin,opened_at,channel,category,severity,text,department\n\
                TS1,c1,LJ1EEKRN7R4000001,2025-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n";
    let import = dms.import("complaints", "D1", file).await?;
    assert_eq!(
        (&import["state"], &import["received"]),
        (&json!("succeeded"), &json!(1))
    );
    let again = dms.import("complaints", "D1", file).await?;
    assert_eq!(again["unchanged"], 1);
    let listed = sandbox
        .headquarters(Role::Agent)
        .get("/v1/complaints?dealer=D1")
        .await?;
    assert_eq!(listed.body["complaints"][0]["category"], "service.repair");
    sandbox.stop().await
}
