//! What a customer is worth: events of all services become a score, and what he sees of it himself.

use marque_auth::{Role, Scope};
use marque_system_tests::Sandbox;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    a_visit_moves_score_loyalty_and_due_dates,
    a_merge_adds_up_and_who_refuses_has_no_score,
);

const VIN: &str = "LJ1EEKRN7R4000001";
const CUSTOMERS: &str = "\
客户编号,姓名,身份证号,手机号,车架号
c1,王小明,11010519491231002X,13800138001,LJ1EEKRN7R4000001
c2,李女士,,13900139002,
";
const VEHICLES: &str = "\
vin,brand,series,model,model_year,owner_key,sale_date,insurance_expiry
LJ1EEKRN7R4000001,Nova,S5,S5 Plus,2024,c1,2025-03-01,2027-03-01
";

fn visit(order: &str, date: &str, km: u32) -> Value {
    json!({
        "dealer": "D1", "source": "dms", "order_number": order, "vin": VIN, "customer_key": "c1",
        "kind": "maintenance", "opened_at": format!("{date} 09:00"), "closed_at": format!("{date} 11:00"),
        "odometer_km": km, "amount": "860.00",
    })
}

async fn customer_of(sandbox: &Sandbox, phone: &str) -> anyhow::Result<String> {
    let agent = sandbox.headquarters(Role::Agent);
    let found = agent.post("/v1/lookup", json!({"phone": phone})).await?;
    let id = found.body["customers"][0]["id"].as_str();
    Ok(id.unwrap_or_default().to_owned())
}

async fn a_visit_moves_score_loyalty_and_due_dates(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    dms.import("customers", "D1", CUSTOMERS).await?;
    dms.import("vehicles", "D1", VEHICLES).await?;
    let id = customer_of(&sandbox, "13800138001").await?;
    let agent = sandbox.headquarters(Role::Agent);
    let path = format!("/v1/customers/{id}/score");
    // The sale is a purchase: he has a basis before he ever came.
    let before = agent
        .eventually(&path, |score| score["status"] == "scored")
        .await?;
    let service = sandbox.dealer(Role::Service, "D1");
    for (order, date, km) in [("R1", "2025-09-01", 6_100), ("R2", "2026-03-01", 12_050)] {
        let put = service.post("/v1/visits", visit(order, date, km)).await?;
        assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    }
    let after = agent
        .eventually(&format!("{path}?explain=true"), |score| {
            score
                .to_string()
                .contains("\"fact\":\"visit_count\",\"value\":2.0")
        })
        .await?;
    assert!(after["confidence"].as_i64() >= before["confidence"].as_i64());
    assert_eq!(
        (&after["rank"], &after["tier"]),
        (&json!(1), &json!("small"))
    );
    let profile = agent
        .eventually(&format!("/v1/customers/{id}/profile"), |profile| {
            profile["due_dates"].to_string().contains("maintenance")
        })
        .await?;
    assert_eq!(profile["score"]["state"], "ok");
    assert_eq!(profile["score"]["score"], after["score"]);
    assert_eq!(
        profile["loyalty"]["rhythm"]["visits"], 2,
        "{}",
        profile["loyalty"]
    );
    let due = profile["due_dates"]["cars"][0]["dates"].to_string();
    assert!(
        due.contains("2027-03-01") && due.contains("predicted mileage"),
        "{due}"
    );
    // What the customer himself sees.
    let me = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    let own = me.get("/v1/me/score").await?.body;
    assert_eq!(own["score"], after["score"]);
    assert!(
        own["words"]["zh"][0]
            .as_str()
            .unwrap_or_default()
            .contains("您的评分"),
        "{own}"
    );
    // A technician may know when the car is due, not what its owner is worth.
    let technician = sandbox.dealer(Role::Technician, "D1");
    assert_eq!(technician.get(&path).await?.status, StatusCode::FORBIDDEN);
    let stranger = sandbox.dealer(Role::Sales, "D2");
    assert_eq!(stranger.get(&path).await?.status, StatusCode::NOT_FOUND);
    sandbox.stop().await
}

async fn a_merge_adds_up_and_who_refuses_has_no_score(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    dms.import("customers", "D1", CUSTOMERS).await?;
    let (one, two) = (
        customer_of(&sandbox, "13800138001").await?,
        customer_of(&sandbox, "13900139002").await?,
    );
    let sales = sandbox.dealer(Role::Sales, "D1");
    for (key, customer_key) in [("P1", "c1"), ("P2", "c2")] {
        let purchase = json!({
            "dealer": "D1", "source": "dms", "key": key, "customer_key": customer_key,
            "amount": "180000", "date": "2025-05-01",
        });
        let put = sales.post("/v1/purchases", purchase).await?;
        assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    }
    let analyst = sandbox.headquarters(Role::Analyst);
    let pyramid = |size: i64| move |pyramid: &Value| pyramid["size"] == size;
    analyst.eventually("/v1/scores/pyramid", pyramid(2)).await?;
    let path = |id: &str| format!("/v1/customers/{id}/score?explain=true");
    let alone = analyst.get(&path(&one)).await?.body["score"].as_f64();
    let steward = sandbox.headquarters(Role::Steward);
    let merge = json!({"into": one, "reason": "the same person, she said"});
    let merged = steward
        .post(&format!("/v1/customers/{two}/merge"), merge)
        .await?;
    assert!(merged.status.is_success(), "{}", merged.body);
    analyst.eventually("/v1/scores/pyramid", pyramid(1)).await?;
    let both = analyst.get(&path(&two)).await?.body;
    assert_eq!(both["customer_id"], json!(one));
    assert!(both["score"].as_f64() > alone, "{both}");
    let me = sandbox.caller(Role::Customer, Scope::Customer(one.parse()?));
    let refused = me
        .put("/v1/me/consents/scoring", json!({"given": false}))
        .await?;
    assert_eq!(refused.status, StatusCode::OK, "{}", refused.body);
    // Counts from the next call on, whether the event has arrived or not.
    let listed = analyst.get("/v1/scores").await?.body;
    assert_eq!(listed["scores"], json!([]));
    let own = me.get("/v1/me/score").await?.body;
    let told = analyst.get(&path(&two)).await?.body;
    for score in [own, told] {
        assert_eq!(
            (&score["status"], &score["score"]),
            (&json!("opted_out"), &Value::Null)
        );
    }
    analyst.eventually("/v1/scores/pyramid", pyramid(0)).await?;
    sandbox.stop().await
}
