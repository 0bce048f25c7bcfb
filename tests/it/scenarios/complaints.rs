//! An angry customer's case.

use marque_auth::Role;
use marque_system_tests::Sandbox;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    a_complaint_runs_its_course_and_stands_beside_the_customer,
    a_file_of_complaints_becomes_cases,
    a_case_has_files_and_compensations,
    a_car_near_the_three_guarantees_warns_its_case,
    whoever_follows_cases_hears_of_his_own_and_goes_on_where_he_stopped,
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
    let path = format!("/v1/complaints/{id}/transitions");
    let body = json!({"to": "acknowledged"}).to_string();
    let unmet = desk
        .call(Method::POST, &path, Some(body), &[("if-match", "\"99\"")])
        .await?;
    assert_eq!(unmet.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(unmet.body["reason"], "PRECONDITION_FAILED");
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

/// Opens a case about a car at D1.
async fn open(sandbox: &Sandbox, vin: &str) -> anyhow::Result<String> {
    open_at(sandbox, "D1", vin).await
}

async fn open_at(sandbox: &Sandbox, dealer: &str, vin: &str) -> anyhow::Result<String> {
    let complaint = json!({
        "dealer": dealer, "source": "dms", "customer_key": "c1", "vin": vin, "channel": "phone",
        "category": "维修质量", "severity": "high", "text": "刹车修了三次还是响",
    });
    let desk = sandbox.dealer(Role::Service, dealer);
    let opened = desk.post("/v1/complaints", complaint).await?;
    anyhow::ensure!(opened.status == StatusCode::CREATED, "{}", opened.body);
    Ok(opened.body["id"].as_str().unwrap_or_default().to_owned())
}

async fn a_case_has_files_and_compensations(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let id = open(&sandbox, "LJ1EEKRN7R4000001").await?;
    let desk = sandbox.dealer(Role::Service, "D1");
    let files = format!("/v1/complaints/{id}/attachments");
    let text = "%PDF-1.7 a report";
    let headers = [("x-marque-name", "%E5%88%B9%E8%BD%A6.pdf")];
    let kept = desk
        .call(Method::POST, &files, Some(text.to_owned()), &headers)
        .await?;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.body);
    assert_eq!(
        (
            &kept.body["media_type"],
            &kept.body["name"],
            &kept.body["size"]
        ),
        (&json!("application/pdf"), &json!("刹车.pdf"), &json!(17))
    );
    let file = format!("{files}/{}", kept.body["id"].as_str().unwrap_or_default());
    assert_eq!(desk.get(&file).await?.body, json!(text));
    let foreign = sandbox.dealer(Role::Service, "D2").get(&file).await?;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let words = desk
        .call(Method::POST, &files, Some("words".to_owned()), &[])
        .await?;
    assert_eq!(words.body["reason"], "ATTACHMENT_TYPE");
    let path = format!("/v1/complaints/{id}/compensations");
    let wish = json!({"kind": "voucher", "amount": "3000.00", "reason": "he waited three days"});
    let asked = desk.post(&path, wish).await?;
    assert_eq!(asked.body["state"], "asked", "{}", asked.body);
    assert_eq!(asked.body["may_decide"], json!(["manager", "hq_admin"]));
    let decision = format!(
        "{path}/{}/decision",
        asked.body["id"].as_str().unwrap_or_default()
    );
    let approve = json!({"decision": "approve"});
    let refused = desk.post(&decision, approve.clone()).await?;
    assert_eq!(refused.body["reason"], "COMPENSATION_LIMIT");
    let approved = sandbox
        .dealer(Role::Manager, "D1")
        .post(&decision, approve)
        .await?;
    assert_eq!(approved.body["state"], "approved", "{}", approved.body);
    let desk_view = desk.get(&format!("/v1/complaints/{id}/desk")).await?;
    let case = &desk_view.body["complaint"];
    assert_eq!(
        (
            &case["attachments"][0]["id"],
            &case["compensations"][0]["amount"]
        ),
        (
            &kept.body["id"],
            &json!({"amount": "3000.00", "currency": "CNY"})
        )
    );
    sandbox.stop().await
}

async fn a_car_near_the_three_guarantees_warns_its_case(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let vin = "LJ1EEKRN7R4000001";
    let vehicles = format!("vin,brand,series,model,sale_date\n{vin},Nova,S5,S5 Plus,2026-01-05\n");
    let dms = sandbox.dealer(Role::Dms, "D1");
    dms.import("vehicles", "D1", &vehicles).await?;
    let id = open(&sandbox, vin).await?;
    for month in 2..5 {
        let visit = json!({
            "dealer": "D1", "source": "dms", "order_number": format!("R{month}"), "vin": vin,
            "kind": "warranty", "opened_at": format!("2026-0{month}-10 09:00"),
            "closed_at": format!("2026-0{month}-11 17:00"), "odometer_km": month * 1_000,
            "lines": [{"line_kind": "labour", "name": "诊断", "payer": "warranty", "fault_code": "P0300"}],
        });
        let put = dms.post("/v1/visits", visit).await?;
        assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    }
    let warned = sandbox
        .dealer(Role::Service, "D1")
        .eventually(&format!("/v1/complaints/{id}"), |case| {
            case["warnings"][0]["level"] == "warning"
        })
        .await?;
    assert_eq!(
        (
            &warned["warnings"][0]["rule"],
            &warned["warnings"][0]["count"]
        ),
        (&json!("same_defect"), &json!(3))
    );
    let entries = warned["entries"].to_string();
    assert!(entries.contains("warned"), "{entries}");
    // Whose case it is nobody knows yet: the desk has the car and its history all the same.
    let shown = sandbox
        .dealer(Role::Service, "D1")
        .eventually(&format!("/v1/complaints/{id}/desk"), |desk| {
            desk["vehicle"]["due_dates"]["state"] == "ok"
        })
        .await?;
    assert_eq!(shown["customer"], json!(null));
    let car = &shown["vehicle"];
    assert_eq!(car["vehicle"]["definition"]["model"], "S5 Plus", "{car}");
    assert_eq!(car["visits"]["visits"].as_array().map(Vec::len), Some(3));
    assert_eq!(car["due_dates"]["cars"][0]["vin"], vin);
    sandbox.stop().await
}

async fn whoever_follows_cases_hears_of_his_own_and_goes_on_where_he_stopped(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    const FEED: &str = "/v1/complaints/feed";
    two_dealers(&sandbox).await?;
    let desk = sandbox.dealer(Role::Service, "D1");
    let mut feed = desk.follow(FEED, None).await?;
    // A sign of life: what happens from now on is told.
    assert_eq!(feed.read().await?.name, "");
    open_at(&sandbox, "D2", "LJ1EEKRN1R4000009").await?;
    let id = open(&sandbox, "LJ1EEKRN7R4000001").await?;
    let opened = feed.told().await?;
    assert_eq!(
        (opened.name.as_str(), &opened.data[0]["id"]),
        ("opened", &json!(id)),
        "the other dealer's is not his to hear"
    );
    drop(feed);
    let moved = desk
        .post(
            &format!("/v1/complaints/{id}/transitions"),
            json!({"to": "acknowledged"}),
        )
        .await?;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
    let mut again = desk.follow(FEED, Some(&opened.id)).await?;
    let moved = again.told().await?;
    assert_eq!(
        (moved.name.as_str(), &moved.data[0]["state"]),
        ("moved", &json!("acknowledged"))
    );
    // His place is of no use to others.
    let other = sandbox.dealer(Role::Service, "D2");
    let mut others = other.follow(FEED, Some(&opened.id)).await?;
    assert_eq!(others.told().await?.name, "lost");
    drop((again, others));
    sandbox.stop().await
}
