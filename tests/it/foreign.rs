//! The authorization matrix by record: every operation on one record, by every role below headquarters (of a dealer, of a region,
//! of the customer himself), with a record of his own, another's, and none. Over REST it is generated from the OpenAPI document,
//! over gRPC from the descriptors, on both stores; another's and none must look the same.

use std::collections::BTreeMap;

use anyhow::Context as _;
use marque_api::{ACCESS, DESCRIPTORS};
use marque_auth::{Role, Scope, ScopeKind};
use marque_system_tests::{Answer, Api, Sandbox, Topology};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    authorization::{Raw, ask as call, service_of},
    scenarios::two_dealers,
};

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    roles: Vec<String>,
}

/// Ids of one dealer's records, by the first part of the path they stand in.
type Records = BTreeMap<&'static str, String>;

/// A dealer, his customer, the customer's phone and car: two people whom nothing makes one.
const WORLDS: [[&str; 4]; 2] = [
    ["D1", "王小明", "13800138001", "LJ1EEKRN7R4000001"],
    ["D2", "欧阳建国", "13911225566", "LSVAA4182E2184847"],
];

/// A dealer's customer with a car, a visit, a complaint and an import.
async fn records_of(sandbox: &Sandbox, world: [&str; 4]) -> anyhow::Result<Records> {
    let [dealer, name, phone, vin] = world;
    let hq = sandbox.headquarters(Role::HqAdmin);
    let file = format!("source_key,name,phone,vin\nc1,{name},{phone},{vin}\n");
    let import = hq.import("customers", dealer, &file).await?;
    anyhow::ensure!(import["quarantined"] == 0, "{import}");
    let visits = format!(
        "order_number,vin,customer_key,kind,opened_at,odometer_km\nRO-{dealer},{vin},c1,maintenance,2026-03-01,12000\n"
    );
    hq.import("visits", dealer, &visits).await?;
    let complaint = json!({
        "dealer": dealer, "source": "dms", "customer_key": "c1", "vin": vin,
        "channel": "phone", "category": "维修质量", "severity": "high", "text": "刹车响",
    });
    let complaint = hq.post("/v1/complaints", complaint).await?.body;
    let files = format!(
        "/v1/complaints/{}/attachments",
        complaint["id"].as_str().unwrap_or_default()
    );
    let report = Some("%PDF-1.7 a report".to_owned());
    let file = hq.call(Method::POST, &files, report, &[]).await?.body;
    let mut found = Value::Null;
    for _ in 0..200 {
        found = hq.post("/v1/lookup", json!({ "vin": vin })).await?.body;
        if found["vehicles"][0]["id"].is_string() && found["customers"][0]["id"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned).context("an id");
    let vehicle = text(&found["vehicles"][0]["id"])?;
    let visits = hq
        .eventually(&format!("/v1/vehicles/{vehicle}/visits"), |visits| {
            visits["visits"][0]["id"].is_string()
        })
        .await?;
    Ok(BTreeMap::from([
        ("customers", text(&found["customers"][0]["id"])?),
        ("visits", text(&visits["visits"][0]["id"])?),
        ("complaints", text(&complaint["id"])?),
        ("attachments", text(&file["id"])?),
        ("imports", text(&import["id"])?),
        ("vehicles", vehicle),
    ]))
}

/// Operations of the document whose path names one record by its id.
async fn operations(api: &Api) -> anyhow::Result<Vec<Operation>> {
    let document = api.get("/openapi.json").await?.body;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().context("paths")? {
        let first = path.split('/').nth(2).unwrap_or_default();
        let is_record =
            ["customers", "vehicles", "visits", "complaints", "imports"].contains(&first);
        if !is_record || !path.contains("/{id}") {
            continue;
        }
        for (method, operation) in methods.as_object().context("methods")? {
            let Some(roles) = operation["x-roles"].as_array() else {
                continue;
            };
            operations.push(Operation {
                method: method.to_uppercase().parse()?,
                path: path.clone(),
                roles: roles
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            });
        }
    }
    Ok(operations)
}

/// A body that would be good for a record of one's own, so that what refuses is the record.
fn body_for(path: &str) -> Value {
    match path.rsplit('/').next().unwrap_or_default() {
        "notes" => json!({"text": "called back"}),
        "transitions" => json!({"to": "acknowledged", "note": ""}),
        "amendments" if path.contains("/tasks/") => json!({"note": "the part comes tomorrow"}),
        "amendments" => json!({"severity": "low", "note": "less than thought"}),
        "erasure" => json!({"ground": "service_ended"}),
        "unmask" => json!({"reason": "the customer asks which number we have"}),
        _ => json!({}),
    }
}

/// Asks for a record; what lies beside it is taken from `beside`.
async fn ask(
    api: &Api,
    operation: &Operation,
    id: &str,
    beside: &Records,
) -> anyhow::Result<Answer> {
    let path = operation
        .path
        .replace("{id}", id)
        .replace("{purpose}", "marketing")
        .replace("{attachment}", &beside["attachments"])
        .replace("{compensation}", "com_00000000000070008000000000000000")
        .replace("{task}", "tsk_00000000000070008000000000000000")
        .replace("{solution}", "sol_00000000000070008000000000000000");
    let body = (operation.method != Method::GET).then(|| body_for(&operation.path).to_string());
    api.call(operation.method.clone(), &path, body, &[]).await
}

/// The same id, one digit off: nobody's.
fn absent(id: &str) -> String {
    let (front, last) = id.split_at(id.len() - 1);
    format!("{front}{}", if last == "0" { "1" } else { "0" })
}

/// What of an answer may be compared: everything but the request's own number and path.
fn said(answer: Answer) -> (StatusCode, Value) {
    let mut body = answer.body;
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
        body.remove("instance");
    }
    (answer.status, body)
}

/// Every role in every scope below headquarters: dealer D1, the region it is in, and its customer.
fn callers(own: &Records) -> anyhow::Result<Vec<(Role, Scope)>> {
    let mut callers = Vec::new();
    for role in Role::ALL {
        for kind in role.scopes() {
            callers.push(match kind {
                ScopeKind::Headquarters => continue,
                ScopeKind::Region => (role, Scope::Region("east".into())),
                ScopeKind::Dealer => (role, Scope::Dealer("D1".parse()?)),
                ScopeKind::Customer => (role, Scope::Customer(own["customers"].parse()?)),
            });
        }
    }
    Ok(callers)
}

/// Records of two dealers.
async fn records(sandbox: &Sandbox) -> anyhow::Result<[Records; 2]> {
    two_dealers(sandbox).await?;
    Ok([
        records_of(sandbox, WORLDS[0]).await?,
        records_of(sandbox, WORLDS[1]).await?,
    ])
}

/// The matrix over REST.
async fn rest(sandbox: &Sandbox, [own, foreign]: &[Records; 2]) -> anyhow::Result<()> {
    let operations = operations(&sandbox.headquarters(Role::HqAdmin)).await?;
    assert!(operations.len() > 20, "the document lists them");
    for (role, scope) in callers(own)? {
        let api = sandbox.caller(role, scope.clone());
        for operation in &operations {
            let kind = operation.path.split('/').nth(2).unwrap_or_default();
            let what = format!(
                "{} {} by {role} of {:?}",
                operation.method,
                operation.path,
                scope.kind()
            );
            let theirs = said(ask(&api, operation, &foreign[kind], foreign).await?);
            let nobodys = said(ask(&api, operation, &absent(&foreign[kind]), foreign).await?);
            assert_eq!(theirs, nobodys, "{what}");
            if !operation.roles.contains(&role.to_string()) {
                assert_eq!(theirs.0, StatusCode::FORBIDDEN, "{what}");
                continue;
            }
            let is_refused = theirs.0 == StatusCode::NOT_FOUND;
            let is_incomplete = body_for(&operation.path) == json!({})
                && operation.method != Method::GET
                && theirs.0 == StatusCode::BAD_REQUEST;
            assert!(is_refused || is_incomplete, "{what}: {theirs:?}");
            if operation.method == Method::GET {
                let mine = ask(&api, operation, &own[kind], own).await?;
                // What the desk put beside a case is not the customer's to read.
                let is_the_desks =
                    role == Role::Customer && operation.path.ends_with("{attachment}");
                assert!(
                    mine.status.is_success()
                        || is_the_desks && mine.status == StatusCode::NOT_FOUND,
                    "{what}: {} {}",
                    mine.status,
                    mine.body
                );
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_record_and_none_look_the_same_to_every_role() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Topology::AllInOne).await?;
    let records = records(&sandbox).await?;
    rest(&sandbox, &records).await?;
    sandbox.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_too_anothers_record_and_none_look_the_same() -> anyhow::Result<()> {
    let Some(url) = marque_testkit::postgres_database() else {
        return Ok(());
    };
    let sandbox = Sandbox::start_on_postgres(Topology::AllInOne, &url).await?;
    let records = records(&sandbox).await?;
    rest(&sandbox, &records).await?;
    grpc(&sandbox, &records).await?;
    sandbox.stop().await
}

/// Each method with the field of its request that names one record, and what kind of record that is.
fn fields_of_methods() -> anyhow::Result<Vec<(String, i32, &'static str)>> {
    let files = FileDescriptorSet::decode(DESCRIPTORS)?.file;
    let mut found = Vec::new();
    for file in &files {
        for service in &file.service {
            for method in &service.method {
                let input = method.input_type().rsplit('.').next().unwrap_or_default();
                let Some(message) = file.message_type.iter().find(|one| one.name() == input) else {
                    continue;
                };
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                for field in &message.field {
                    if let Some(kind) = kind_of(file.package(), method.name(), field.name()) {
                        found.push((path.clone(), field.number(), kind));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The kind of record that a field names, if it is one of those that belong to dealers.
fn kind_of(package: &str, method: &str, field: &str) -> Option<&'static str> {
    match (package, field) {
        (_, "customer_id") => Some("customers"),
        (_, "vehicle_id") => Some("vehicles"),
        (_, "visit_id") => Some("visits"),
        (_, "import_id") | ("marque.intake.v1", "id") => Some("imports"),
        ("marque.customer.v1", "id") if !method.contains("Duplicate") => Some("customers"),
        ("marque.vehicle.v1", "id") => Some("vehicles"),
        ("marque.service_history.v1", "id") => Some("visits"),
        ("marque.complaint.v1", "id") if !method.contains("Solution") => Some("complaints"),
        _ => None,
    }
}

/// The same over gRPC.
async fn grpc(sandbox: &Sandbox, [own, foreign]: &[Records; 2]) -> anyhow::Result<()> {
    let methods = fields_of_methods()?;
    assert!(methods.len() > 20, "the descriptors name them");
    for (role, scope) in callers(own)? {
        let what = format!("{role} of {:?}", scope.kind());
        let token = sandbox.token(role, scope);
        for (path, field, kind) in &methods {
            let access = ACCESS
                .iter()
                .find(|access| access.path == path)
                .context("access")?;
            if !access.roles.contains(&role.number()) {
                continue;
            }
            let transport = sandbox.transport(service_of(path))?;
            let answer = async |id: &str| {
                let message = Raw::with_text(*field, id);
                let answer = call(transport.clone(), path, Some(&token), message).await;
                answer.map_err(|status| (status.code(), status.message().to_owned()))
            };
            let theirs = answer(&foreign[kind]).await;
            assert_eq!(
                theirs,
                answer(&absent(&foreign[kind])).await,
                "{path} by {what}"
            );
            if path.contains("/Get") {
                let (code, _) = theirs.expect_err("another's record");
                assert_eq!(code, tonic::Code::NotFound, "{path} by {what}");
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_grpc_too_anothers_record_and_none_look_the_same() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Topology::AllInOne).await?;
    let records = records(&sandbox).await?;
    grpc(&sandbox, &records).await?;
    sandbox.stop().await
}
