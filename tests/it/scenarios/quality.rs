//! Data quality: what is found, who invents, what mending changes.

use std::fmt::Write as _;

use marque_auth::Role;
use marque_core::Clock as _;
use marque_system_tests::{Api, Sandbox};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    invented_phones_are_found_and_mending_them_moves_the_score,
    a_finding_is_waived_with_a_reason_and_closes_when_the_row_is_mended,
    a_standard_is_tried_before_it_is_in_force,
    visits_and_vehicles_are_looked_at_too,
);

const SURNAMES: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];
const OFFICES: [&str; 5] = ["冀A", "京B", "沪C", "粤D", "川E"];

/// Rows of people who have nothing to do with each other; the first `invented` have the showroom's number.
fn people(dealer: u32, invented: u32) -> String {
    let mut file =
        "source_key,name,phone,plate,address,clerk,recorded_at,acquisition_channel\n".to_owned();
    for i in 0..60 {
        let noise = dealer * 7919 + i * 104_729;
        let phone = if i < invented {
            "13912340567".to_owned()
        } else {
            format!("13{}", 100_000_000 + (noise * 613) % 800_000_000)
        };
        let name = format!(
            "{}{}",
            SURNAMES[(i % 10) as usize],
            char::from_u32(0x5B50 + noise % 700).unwrap_or('明')
        );
        writeln!(
            file,
            "c{i},{name},{phone},{}{:05},河北省石家庄市裕华区样例路{}号{}室,S{},2026-1{}-{:02} 1{}:{:02},展厅",
            OFFICES[(i % 5) as usize],
            10_000 + noise % 89_000,
            noise % 900 + 1,
            noise % 1900 + 100,
            i % 3,
            i % 2,
            i % 27 + 1,
            i % 8,
            noise % 60,
        )
        .expect("writes to memory");
    }
    file
}

fn total(card: &Value) -> f64 {
    card["scorecard"]["total"].as_f64().unwrap_or(-1.0)
}

/// The card of a dealer once all its records are counted.
async fn card(caller: &Api, dealer: &str, records: u64) -> anyhow::Result<Value> {
    let path = format!("/v1/quality/scorecards/{dealer}");
    caller
        .eventually(&path, |card| card["scorecard"]["records"] == records)
        .await
}

async fn invented_phones_are_found_and_mending_them_moves_the_score(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    for (code, dealer, invented) in [("D1", 1, 20), ("D2", 2, 0)] {
        let dms = sandbox.dealer(Role::Dms, code);
        let import = dms
            .import("customers", code, &people(dealer, invented))
            .await?;
        assert_eq!(import["state"], "succeeded");
    }
    let manager = sandbox.dealer(Role::Manager, "D1");
    let suspects = manager
        .eventually("/v1/quality/suspects?level=dealer", |found| {
            found["suspects"][0]["kind"] == "showroom_phone"
        })
        .await?;
    assert_eq!(suspects["suspects"][0]["dealer"], "D1");
    let findings = "/v1/quality/findings?rule=showroom_phone&page_size=100";
    let found = manager
        .eventually(findings, |found| {
            found["findings"]
                .as_array()
                .is_some_and(|all| all.len() == 20)
        })
        .await?;
    assert!(
        !found.to_string().contains("1391234"),
        "a value of the record is shown"
    );
    let alerts = manager
        .eventually("/v1/quality/alerts", |found| {
            found["alerts"][0]["kind"] == "entries_look_invented"
        })
        .await?;
    let before = card(&manager, "D1", 60).await?;
    assert_eq!(before["scorecard"]["suspicious"], 20);
    assert!(
        before["worst"]
            .as_array()
            .is_some_and(|worst| worst.len() >= 20)
    );
    let honest = card(&admin, "D2", 60).await?;
    assert_eq!(honest["scorecard"]["suspicious"], 0);
    assert!(total(&before) + 10.0 < total(&honest), "{before} {honest}");

    // The dealer asks his customers and sends the file again.
    let dms = sandbox.dealer(Role::Dms, "D1");
    dms.import("customers", "D1", &people(1, 0)).await?;
    let after = manager
        .eventually("/v1/quality/scorecards/D1", |card| {
            card["scorecard"]["suspicious"] == 0
        })
        .await?;
    assert!(total(&after) > total(&before) + 10.0, "{after}");
    let mended = manager.get(&format!("{findings}&state=mended")).await?;
    assert_eq!(mended.body["findings"].as_array().map(Vec::len), Some(20));

    // The alert is closed with what came of it.
    let id = alerts["alerts"][0]["id"].as_str().unwrap_or_default();
    let close = json!({"decision": "close", "outcome": "mended", "remark": "asked all of them"});
    let closed = manager
        .post(&format!("/v1/quality/alerts/{id}/decision"), close)
        .await?;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.body);
    assert_eq!(closed.body["outcome"], "mended");
    let open = manager.get("/v1/quality/alerts").await?;
    assert!(!open.body.to_string().contains(id));

    // Another dealer's manager sees nothing of it, and counting anew changes nothing.
    let other = sandbox.dealer(Role::Manager, "D2");
    let hidden = other.get("/v1/quality/scorecards/D1").await?;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let none = other.get("/v1/quality/findings?dealer=D1").await?;
    assert_eq!(none.body["findings"], json!([]));
    let recount = admin.post("/v1/quality/recount", json!({})).await?;
    assert_eq!(
        (&recount.body["records"], &recount.body["differing"]),
        (&json!(120), &json!(0)),
        "{}",
        recount.body
    );
    sandbox.stop().await
}

async fn a_finding_is_waived_with_a_reason_and_closes_when_the_row_is_mended(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    let record = "/v1/source-records/D1/dms/k1";
    let bad = json!({"name": "王小明", "phone": "13800000000"});
    assert!(dms.put(record, bad.clone()).await?.status.is_success());
    let sales = sandbox.dealer(Role::Sales, "D1");
    let path = "/v1/quality/findings?rule=phone_placeholder";
    let found = sales
        .eventually(path, |found| found["findings"][0]["field"] == "phone")
        .await?;
    let id = found["findings"][0]["id"].as_str().unwrap_or_default();
    let decide = format!("/v1/quality/findings/{id}/decision");
    let manager = sandbox.dealer(Role::Manager, "D1");
    let short = manager
        .post(&decide, json!({"decision": "waive", "reason": "ok"}))
        .await?;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    let waive = json!({"decision": "waive", "reason": "he really has no phone"});
    let waived = manager.post(&decide, waive.clone()).await?;
    assert_eq!(waived.body["state"], "waived", "{}", waived.body);
    let stranger = sandbox.dealer(Role::Manager, "D2");
    assert_eq!(
        stranger.post(&decide, waive).await?.status,
        StatusCode::NOT_FOUND
    );

    let good = json!({"name": "王小明", "phone": "13912340567"});
    let put = dms.put(record, good).await?;
    assert!(put.status.is_success());
    let mended = |found: &Value| found["findings"][0]["id"] == id;
    sales
        .eventually(&format!("{path}&state=mended"), mended)
        .await?;
    assert!(dms.put(record, bad).await?.status.is_success());
    let again = sales.eventually(path, mended).await?;
    assert_eq!(again["findings"][0]["reopened"], 1);

    // By then the customer service has heard how far the dealer's records are trusted.
    let customer = put.body["customer_id"].as_str().unwrap_or_default();
    sales
        .eventually(&format!("/v1/customers/{customer}?lineage=true"), |shown| {
            shown["lineage"][0]["trust_from"] == "data_quality"
        })
        .await?;
    sandbox.stop().await
}

async fn a_standard_is_tried_before_it_is_in_force(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    dms.import("customers", "D1", &people(1, 0)).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    let before = card(&admin, "D1", 60).await?;
    let known = admin.get("/v1/quality/standard?kind=customers").await?;
    // The newest comes first; one that comes with the release may be in force only from a later day on.
    let next = known.body["standards"][0]["version"].as_i64().unwrap_or(0) + 1;
    let mut versions = known.body["standards"].as_array().into_iter().flatten();
    let in_force = versions.find(|version| version["in_force"] == true);
    let in_force = in_force.cloned().unwrap_or_default();
    let word = |name: &str| in_force[name].as_str().unwrap_or_default().to_owned();
    let (text, effective_from) = (word("text"), word("effective_from"));
    // Nobody of these people has given an e-mail.
    let stricter = format!(
        "{}\n[[purpose]]\nid = \"letters\"\npass = 50.0\ndimensions = {{ completeness = 1.0 }}\n\n[[purpose.check]]\nid = \"email\"\n\
         dimension = \"completeness\"\ntest = \"any_filled\"\nweight = 1.0\nfields = [\"email\"]\n",
        text.replace(
            &format!("version = {}", in_force["version"]),
            &format!("version = {next}")
        )
        .replace(&effective_from, "2026-01-02")
    );
    let draft = stricter.replace("\"effective\"", "\"draft\"");
    let body = json!({"text": draft});
    let replay = admin
        .post("/v1/quality/standard/replay", body.clone())
        .await?;
    let change = &replay.body["changes"][0];
    assert_eq!(change["purpose"], "overall", "{}", replay.body);
    assert!(change["after"]["total"].as_f64() < change["before"]["total"].as_f64());
    assert!((total(&before) - change["before"]["total"].as_f64().unwrap_or(-1.0)).abs() < 1e-6);
    let put = admin.put("/v1/quality/standard", body).await?;
    assert_eq!(put.body["state"], "draft", "{}", put.body);
    let past = admin
        .put("/v1/quality/standard", json!({"text": stricter}))
        .await?;
    assert_eq!(past.status, StatusCode::BAD_REQUEST, "{}", past.body);
    let today = marque_core::business_date(marque_core::SystemClock.now());
    let from_today = stricter.replace("2026-01-02", &today.to_string());
    let put = admin
        .put("/v1/quality/standard", json!({"text": from_today}))
        .await?;
    assert_eq!(put.body["in_force"], true, "{}", put.body);
    let told = change["after"]["total"].clone();
    admin
        .eventually("/v1/quality/scorecards/D1", |card| {
            card["scorecard"]["total"] == told
        })
        .await?;
    let wrong = admin
        .put("/v1/quality/standard", json!({"text": "kind = \"cars\""}))
        .await?;
    assert_eq!(wrong.body["reason"], "STANDARD_INVALID", "{}", wrong.body);
    sandbox.stop().await
}

async fn visits_and_vehicles_are_looked_at_too(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    let visits = "\
order_number,vin,kind,opened_at,closed_at,odometer_km,adviser
R1,LJ1EEKRN7R4000001,maintenance,2026-03-01 09:00,2026-03-01 11:00,19800,T7
R2,LJ1EEKRN7R4000001,maintenance,2026-05-01 09:00,2026-05-01 11:00,9800,T7
";
    dms.import("visits", "D1", visits).await?;
    let vehicles = "vin,brand,series,sale_date\nLJ1EEKRN7R4000001,Nova,S5,2024-02-01\n";
    dms.import("vehicles", "D1", vehicles).await?;
    let manager = sandbox.dealer(Role::Manager, "D1");
    let path = "/v1/quality/findings?kind=visits&rule=odometer_backwards";
    let both = |found: &Value| {
        found["findings"]
            .as_array()
            .is_some_and(|all| all.len() == 2)
    };
    manager.eventually(path, both).await?;
    for (kind, records) in [("visits", 2), ("vehicles", 1)] {
        let path = format!("/v1/quality/scorecards?kind={kind}");
        let counted = |page: &Value| page["scorecards"][0]["records"] == records;
        manager.eventually(&path, counted).await?;
    }
    let clerks = manager
        .get("/v1/quality/scorecards?kind=visits&level=clerk")
        .await?;
    assert_eq!(clerks.body["scorecards"][0]["clerk"], "T7");
    sandbox.stop().await
}
