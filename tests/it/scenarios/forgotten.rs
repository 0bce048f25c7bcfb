//! A person asks to be forgotten (PIPL Art. 47): he is gone from every service, and nothing of him is left in any file.

use marque_auth::{Role, Scope};
use marque_system_tests::{Api, Sandbox};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    an_erased_person_is_gone_from_every_service_and_every_file,
    what_is_locked_away_is_seen_by_an_audit_only,
);

const NAME: &str = "孟晓岚";
const PHONE: &str = "13912340567";
const ID_NUMBER: &str = "11010519491231002X";
const PLATE: &str = "冀A8K302";
const KEY: &str = "KEY-OF-MENG";
const VIN: &str = "LJ1EEKRN7R4000001";
const WORDS: &str = "交车后三天仪表报警，请回电";
const FILE: &str = "%PDF-1.7 a letter signed by her own hand";

/// What may be found in no file after the person is erased, sealed or not.
const CANARIES: [&str; 7] = [NAME, PHONE, ID_NUMBER, PLATE, KEY, WORDS, FILE];

/// A person with a car, a visit, a complaint with a file, a score and a row that was held back; her id.
async fn a_life(sandbox: &Sandbox) -> anyhow::Result<String> {
    two_dealers(sandbox).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    let rows = format!(
        "source_key,name,phone,id_number,plate,vin\n{KEY},{NAME},{PHONE},{ID_NUMBER},{PLATE},{VIN}\n,{NAME},{PHONE},,,\n"
    );
    let import = admin.import("customers", "D1", &rows).await?;
    anyhow::ensure!(import["quarantined"] == json!(1), "{import}");
    let cars = format!(
        "vin,plate,brand,model,owner_key,sale_date\n{VIN},{PLATE},样例,远行,{KEY},2025-03-05\n"
    );
    admin.import("vehicles", "D1", &cars).await?;
    let visits = format!(
        "order_number,vin,customer_key,kind,opened_at,closed_at,odometer_km,amount,complaint_text\n\
         RO1,{VIN},{KEY},保养,2026-03-05 09:10,2026-03-05 12:00,45210,680.00,{WORDS}\n"
    );
    admin.import("visits", "D1", &visits).await?;
    let complaint = json!({
        "dealer": "D1", "source": "dms", "customer_key": KEY, "vin": VIN,
        "channel": "phone", "category": "维修质量", "severity": "high", "text": WORDS,
    });
    let key = [("idempotency-key", "meng-1")];
    let complaint = admin
        .call(
            Method::POST,
            "/v1/complaints",
            Some(complaint.to_string()),
            &key,
        )
        .await?
        .body;
    let case = complaint["id"].as_str().unwrap_or_default();
    let files = format!("/v1/complaints/{case}/attachments");
    let sent = admin
        .call(Method::POST, &files, Some(FILE.to_owned()), &[])
        .await?;
    anyhow::ensure!(sent.status.is_success(), "{}", sent.body);
    let found = admin
        .post("/v1/lookup", json!({"phone": PHONE}))
        .await?
        .body;
    let id = found["customers"][0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let has_all = |profile: &Value| {
        ["vehicles", "visits", "complaints"].iter().all(|part| {
            profile[part]
                .as_array()
                .is_some_and(|list| !list.is_empty())
        }) && profile["score"].is_object()
    };
    let person = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    person.eventually("/v1/me/personal-data", has_all).await?;
    Ok(id)
}

/// Asks as the person and decides as headquarters; the request's id.
async fn decide(
    sandbox: &Sandbox,
    id: &str,
    decision: &str,
    duties: Value,
) -> anyhow::Result<String> {
    let person = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    let asked = person
        .post("/v1/me/erasure", json!({"ground": "service_ended"}))
        .await?
        .body;
    assert_eq!(asked["state"], json!("requested"), "{asked}");
    let request = asked["id"].as_str().unwrap_or_default().to_owned();
    let admin = sandbox.headquarters(Role::HqAdmin);
    let waiting = admin.get("/v1/erasures").await?.body;
    assert_eq!(waiting["erasures"][0]["id"], json!(request));
    let body =
        json!({"decision": decision, "reason": "she asked and the law agrees", "duties": duties});
    let path = format!("/v1/erasures/{request}/decision");
    let decided = admin.post(&path, body).await?;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.body);
    Ok(request)
}

/// Waits until no service shows the person or anything of hers.
async fn is_gone(sandbox: &Sandbox, id: &str) -> anyhow::Result<()> {
    let admin = sandbox.headquarters(Role::HqAdmin);
    let gone = admin.get(&format!("/v1/customers/{id}")).await?;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let person = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    assert_eq!(person.get("/v1/me").await?.status, StatusCode::NOT_FOUND);
    let asked = person.get("/v1/me/erasure").await?;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    until_empty(
        &admin,
        &format!("/v1/complaints?customer_id={id}"),
        "complaints",
    )
    .await?;
    until_empty(&person, "/v1/me/vehicles", "vehicles").await?;
    until_empty(&person, "/v1/me/visits", "visits").await?;
    for _ in 0..200 {
        let score = admin.get(&format!("/v1/customers/{id}/score")).await?;
        if score.status == StatusCode::NOT_FOUND {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let score = admin.get(&format!("/v1/customers/{id}/score")).await?;
    assert_eq!(score.status, StatusCode::NOT_FOUND, "{}", score.body);
    let words = admin.get("/v1/complaints").await?.body.to_string();
    assert!(!words.contains(WORDS), "{words}");
    Ok(())
}

/// Waits until a list is empty or is not there any more.
async fn until_empty(api: &Api, path: &str, list: &str) -> anyhow::Result<()> {
    for _ in 0..200 {
        let answer = api.get(path).await?;
        let is_empty = answer.body[list].as_array().is_some_and(Vec::is_empty);
        if answer.status == StatusCode::NOT_FOUND || is_empty {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("{path} still has something: {}", api.get(path).await?.body)
}

async fn an_erased_person_is_gone_from_every_service_and_every_file(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    let id = a_life(&sandbox).await?;
    decide(&sandbox, &id, "erase", json!([])).await?;
    is_gone(&sandbox, &id).await?;

    // The dealer's system sends her again: the row is left out, the car comes as nobody's.
    let admin = sandbox.headquarters(Role::HqAdmin);
    let rows = format!("source_key,name,phone\n{KEY},{NAME},{PHONE}\n");
    let import = admin.import("customers", "D1", &rows).await?;
    let import = import["id"].as_str().unwrap_or_default().to_owned();
    let rows = admin.get(&format!("/v1/imports/{import}/rows")).await?.body;
    assert_eq!(rows["rows"][0]["outcome"], json!("erased"), "{rows}");
    let found = admin
        .post("/v1/lookup", json!({"phone": PHONE}))
        .await?
        .body;
    assert_eq!(found["customers"], json!([]));
    let case = json!({
        "dealer": "D1", "source": "dms", "customer_key": "somebody", "vin": VIN,
        "channel": "phone", "category": "维修质量", "severity": "low", "text": "another's",
    });
    admin.post("/v1/complaints", case).await?;

    let texts: Vec<&[u8]> = CANARIES.iter().map(|text| text.as_bytes()).collect();
    let hits = sandbox.stop_and_search(&texts).await?;
    assert!(hits.is_empty(), "{hits:?}");
    Ok(())
}

async fn what_is_locked_away_is_seen_by_an_audit_only(sandbox: Sandbox) -> anyhow::Result<()> {
    let id = a_life(&sandbox).await?;
    let duties = json!([{"code": "first_owner", "since": "2025-03-05"}]);
    let request = decide(&sandbox, &id, "restrict", duties).await?;
    is_gone(&sandbox, &id).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    let state = admin.get(&format!("/v1/erasures/{request}")).await?.body;
    assert_eq!(state["kept_until"], json!("2035-03-05"), "{state}");
    let path = format!("/v1/erasures/{request}/restricted-records");
    let short = admin.post(&path, json!({"reason": "because"})).await?;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    let opened = admin
        .post(
            &path,
            json!({"reason": "the regulator asks for the first owner"}),
        )
        .await?
        .body;
    let columns = &opened["source_records"][0]["columns"];
    assert_eq!(
        (&columns["name"], &columns["phone"]),
        (&json!(NAME), &json!(PHONE))
    );
    for role in [Role::Agent, Role::Steward, Role::Analyst] {
        let other = sandbox.headquarters(role);
        let refused = other
            .post(&path, json!({"reason": "I would like to know"}))
            .await?;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role}");
    }
    sandbox.stop().await
}
