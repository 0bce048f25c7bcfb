//! Every operation once, as it goes well. The list is checked against the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rig::{CUSTOMER, Rig, VEHICLE, request};

/// Operation, role, path, body.
pub(crate) type Example = (&'static str, &'static str, String, &'static str);

/// A good request for every operation.
pub(crate) fn examples() -> Vec<Example> {
    let mut all: Vec<Example> = vec![
        (
            "PUT /v1/dealers/{dealer}",
            "hq_admin",
            "/v1/dealers/D001".into(),
            r#"{"name":"Sample 4S","region":"east","departments":["sales"]}"#,
        ),
        (
            "GET /v1/dealers/{dealer}",
            "sales",
            "/v1/dealers/D001".into(),
            "",
        ),
        (
            "GET /v1/dealers",
            "sales",
            "/v1/dealers?page_size=99999999999&region=east".into(),
            "",
        ),
        (
            "PUT /v1/dealers/{dealer}/staff/{code}",
            "manager",
            "/v1/dealers/D001/staff/S17".into(),
            r#"{"name":"Staff One"}"#,
        ),
        (
            "GET /v1/dealers/{dealer}/staff",
            "manager",
            "/v1/dealers/D001/staff".into(),
            "",
        ),
        (
            "POST /v1/network",
            "hq_admin",
            "/v1/network".into(),
            r#"{"dealers":[{"code":"D001","name":"Sample","region":"east"}],"staff":[]}"#,
        ),
        (
            "POST /v1/imports",
            "dms",
            "/v1/imports?kind=customers&dealer=D001&source=dms&map=phone:%E7%94%B5%E8%AF%9D".into(),
            "{}",
        ),
        (
            "GET /v1/imports",
            "dms",
            "/v1/imports?page_size=2".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}",
            "dms",
            "/v1/imports/imp_vehicles".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}/rows",
            "dms",
            "/v1/imports/imp_customers/rows?outcome=quarantined".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}/quarantine",
            "dms",
            "/v1/imports/imp_visits/quarantine".into(),
            "",
        ),
    ];
    all.extend(customer_examples());
    all.extend(vehicle_examples());
    all.extend(quality_examples());
    all.extend(score_examples());
    all.extend(complaint_examples());
    all
}

fn customer_examples() -> Vec<Example> {
    let customer = |rest: &str| format!("/v1/customers/{CUSTOMER}{rest}");
    vec![
        (
            "PUT /v1/source-records/{dealer}/{source}/{key}",
            "dms",
            "/v1/source-records/D001/dms/C-1024".into(),
            r#"{"name":"Wang Sample","phone":"13800000000","extra":{"vip":"yes"}}"#,
        ),
        (
            "POST /v1/lookup",
            "sales",
            "/v1/lookup".into(),
            r#"{"phone":"13800000000"}"#,
        ),
        (
            "GET /v1/customers/{id}",
            "sales",
            customer("?lineage=true"),
            "",
        ),
        (
            "GET /v1/customers/{id}/profile",
            "sales",
            customer("/profile"),
            "",
        ),
        (
            "GET /v1/customers/{id}/source-records",
            "sales",
            customer("/source-records"),
            "",
        ),
        (
            "GET /v1/customers/{id}/history",
            "steward",
            customer("/history"),
            "",
        ),
        (
            "POST /v1/customers/{id}/unmask",
            "manager",
            customer("/unmask"),
            r#"{"reason":"customer asks by phone"}"#,
        ),
        (
            "PUT /v1/customers/{id}/consents/{purpose}",
            "sales",
            customer("/consents/marketing"),
            r#"{"given":true,"notice_version":"2026-03"}"#,
        ),
        (
            "POST /v1/customers/{id}/merge",
            "steward",
            customer("/merge"),
            r#"{"into":"cus_x","reason":"same person"}"#,
        ),
        (
            "POST /v1/customers/{id}/split",
            "steward",
            customer("/split"),
            r#"{"source_record_ids":["src_1"],"reason":"two persons"}"#,
        ),
        (
            "POST /v1/merges/{id}/undo",
            "steward",
            "/v1/merges/mrg_1/undo".into(),
            "",
        ),
        (
            "GET /v1/duplicates",
            "steward",
            "/v1/duplicates?state=open".into(),
            "",
        ),
        (
            "POST /v1/duplicates/{id}/decision",
            "steward",
            "/v1/duplicates/dup_1/decision".into(),
            r#"{"decision":"same","reason":"same ID"}"#,
        ),
        (
            "POST /v1/duplicates/check",
            "sales",
            "/v1/duplicates/check".into(),
            r#"{"dealer":"D001","record":{"name":"王小明","phone":"13800138000"}}"#,
        ),
        (
            "GET /v1/customers/count",
            "analyst",
            "/v1/customers/count".into(),
            "",
        ),
        ("GET /v1/me", "customer", "/v1/me".into(), ""),
        (
            "GET /v1/me/profile",
            "customer",
            "/v1/me/profile".into(),
            "",
        ),
        (
            "GET /v1/me/vehicles",
            "customer",
            "/v1/me/vehicles".into(),
            "",
        ),
        ("GET /v1/me/visits", "customer", "/v1/me/visits".into(), ""),
    ]
}

fn vehicle_examples() -> Vec<Example> {
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
            r#"{"dealer":"D001","source":"dms","order_number":"RO-1","odometer_km":20345,"amount":"129.00","lines":[{"line_kind":"part","quantity":1.5}]}"#,
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

fn score_examples() -> Vec<Example> {
    let customer = |rest: &str| format!("/v1/customers/{CUSTOMER}{rest}");
    vec![
        (
            "GET /v1/customers/{id}/score",
            "sales",
            customer("/score?explain=true&at=2026-01-01T00:00:00Z"),
            "",
        ),
        (
            "GET /v1/customers/{id}/score-history",
            "analyst",
            customer("/score-history?page_size=5"),
            "",
        ),
        (
            "GET /v1/scores",
            "analyst",
            "/v1/scores?kind=person&tier=vip".into(),
            "",
        ),
        (
            "GET /v1/scores/pyramid",
            "analyst",
            "/v1/scores/pyramid?kind=person&brand=Nova".into(),
            "",
        ),
        (
            "POST /v1/scores/what-if",
            "analyst",
            "/v1/scores/what-if".into(),
            r#"{"weights":{"credit":25},"limit":5}"#,
        ),
        (
            "GET /v1/score-models",
            "analyst",
            "/v1/score-models".into(),
            "",
        ),
        (
            "PUT /v1/score-models",
            "hq_admin",
            "/v1/score-models".into(),
            r#"{"version":"2026-12","weights":{"credit":15},"activate":true}"#,
        ),
        (
            "POST /v1/score-models/calibrations",
            "analyst",
            "/v1/score-models/calibrations".into(),
            r#"{"version":"calibrated-1"}"#,
        ),
        (
            "POST /v1/purchases",
            "sales",
            "/v1/purchases".into(),
            r#"{"dealer":"D001","source":"dms","key":"SO-1","customer_key":"C-1","amount":128000,"date":"2026-03-01"}"#,
        ),
        (
            "POST /v1/payments",
            "dms",
            "/v1/payments".into(),
            r#"{"dealer":"D001","source":"dms","key":"P-1","customer_key":"C-1","amount":"3000.00","due_date":"2026-03-01"}"#,
        ),
        (
            "POST /v1/assessments",
            "sales",
            "/v1/assessments".into(),
            r#"{"dealer":"D001","source":"crm","key":"A-1","customer_key":"C-1","subject":"intention","value":4,"date":"2026-03-01"}"#,
        ),
        (
            "GET /v1/customers/{id}/loyalty",
            "service",
            customer("/loyalty"),
            "",
        ),
        (
            "GET /v1/loyalty",
            "manager",
            "/v1/loyalty?trust=lost&churn_at_least=0.5".into(),
            "",
        ),
        (
            "GET /v1/customers/{id}/due-dates",
            "service",
            customer("/due-dates"),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/due-dates",
            "technician",
            format!("/v1/vehicles/{VEHICLE}/due-dates"),
            "",
        ),
        (
            "GET /v1/me/due-dates",
            "customer",
            "/v1/me/due-dates".into(),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/guarantees",
            "service",
            format!("/v1/vehicles/{VEHICLE}/guarantees"),
            "",
        ),
        (
            "GET /v1/maintenance-plans",
            "service",
            "/v1/maintenance-plans".into(),
            "",
        ),
        (
            "PUT /v1/maintenance-plans",
            "hq_admin",
            "/v1/maintenance-plans".into(),
            r#"{"model":"S5 Plus","first_km":5000,"first_months":6,"every_km":10000,"every_months":12}"#,
        ),
        (
            "GET /v1/score-reports/{report}",
            "analyst",
            "/v1/score-reports/tiers?by=dealer&to=2026-01-01T00:00:00Z".into(),
            "",
        ),
        ("GET /v1/me/score", "customer", "/v1/me/score".into(), ""),
        (
            "PUT /v1/me/consents/{purpose}",
            "customer",
            "/v1/me/consents/scoring".into(),
            r#"{"given":false}"#,
        ),
    ]
}

fn quality_examples() -> Vec<Example> {
    vec![
        (
            "GET /v1/quality/dictionary",
            "dms",
            "/v1/quality/dictionary?kind=customers".into(),
            "",
        ),
        (
            "GET /v1/quality/standard",
            "analyst",
            "/v1/quality/standard?kind=customers".into(),
            "",
        ),
        (
            "PUT /v1/quality/standard",
            "hq_admin",
            "/v1/quality/standard".into(),
            r#"{"text":"kind = \"customers\""}"#,
        ),
        (
            "POST /v1/quality/standard/replay",
            "analyst",
            "/v1/quality/standard/replay".into(),
            r#"{"text":"kind = \"customers\""}"#,
        ),
        (
            "POST /v1/quality/recount",
            "hq_admin",
            "/v1/quality/recount".into(),
            "{}",
        ),
        (
            "GET /v1/quality/scorecards",
            "manager",
            "/v1/quality/scorecards?level=clerk&dealer=D001&period=2026-11".into(),
            "",
        ),
        (
            "GET /v1/quality/scorecards/{dealer}",
            "manager",
            "/v1/quality/scorecards/D001?kind=customers".into(),
            "",
        ),
        (
            "GET /v1/quality/findings",
            "sales",
            "/v1/quality/findings?dealer=D001&rule=phone_placeholder".into(),
            "",
        ),
        (
            "POST /v1/quality/findings/{id}/decision",
            "manager",
            "/v1/quality/findings/fnd_1/decision".into(),
            r#"{"decision":"waive","reason":"a family shares this phone"}"#,
        ),
        (
            "GET /v1/quality/suspects",
            "steward",
            "/v1/quality/suspects?level=dealer".into(),
            "",
        ),
        (
            "POST /v1/quality/verifications",
            "agent",
            "/v1/quality/verifications".into(),
            r#"{"verifications":[{"record_id":"src_1","field":"phone","outcome":"confirmed","duration_s":40}]}"#,
        ),
        (
            "POST /v1/quality/work-lists",
            "agent",
            "/v1/quality/work-lists".into(),
            r#"{"size":200,"seed":7,"region":"east"}"#,
        ),
        (
            "GET /v1/quality/work-lists/{id}",
            "agent",
            "/v1/quality/work-lists/wkl_1?page_size=10".into(),
            "",
        ),
        (
            "GET /v1/quality/accuracy",
            "manager",
            "/v1/quality/accuracy?from=2026-11-01&to=2026-11-30".into(),
            "",
        ),
        (
            "PUT /v1/quality/accuracy/points",
            "hq_admin",
            "/v1/quality/accuracy/points".into(),
            r#"{"least_checked":30,"rows":[{"from":0.9,"points":6.0}]}"#,
        ),
        (
            "GET /v1/quality/alerts",
            "manager",
            "/v1/quality/alerts?state=all".into(),
            "",
        ),
        (
            "POST /v1/quality/alerts/{id}/decision",
            "manager",
            "/v1/quality/alerts/alt_1/decision".into(),
            r#"{"decision":"snooze","until":"2026-12-01T00:00:00Z"}"#,
        ),
    ]
}

fn complaint_examples() -> Vec<Example> {
    let complaint = |rest: &str| format!("/v1/complaints/cmp_1{rest}");
    vec![
        (
            "POST /v1/complaints",
            "service",
            "/v1/complaints".into(),
            r#"{"dealer":"D001","source":"dms","customer_key":"C-1024","channel":"phone","category":"service.repair","severity":"high","text":"it squeaks again"}"#,
        ),
        (
            "POST /v1/complaints/repeats",
            "agent",
            "/v1/complaints/repeats".into(),
            r#"{"dealer":"D001","customer_id":"cus_x"}"#,
        ),
        (
            "GET /v1/complaints",
            "manager",
            "/v1/complaints?state=open&overdue=true&page_size=2".into(),
            "",
        ),
        (
            "GET /v1/complaints/{id}",
            "agent",
            "/v1/complaints/T00000427".into(),
            "",
        ),
        (
            "POST /v1/complaints/{id}/transitions",
            "service",
            complaint("/transitions"),
            r#"{"to":"acknowledged","note":"called back"}"#,
        ),
        (
            "POST /v1/complaints/{id}/amendments",
            "manager",
            complaint("/amendments"),
            r#"{"severity":"critical","note":"he may not brake"}"#,
        ),
        (
            "POST /v1/complaints/{id}/notes",
            "technician",
            complaint("/notes"),
            r#"{"note":"the pad is glazed"}"#,
        ),
        (
            "POST /v1/complaints/{id}/tasks",
            "agent",
            complaint("/tasks"),
            r#"{"department":"parts","text":"find the part","due_at":"2026-11-23"}"#,
        ),
        (
            "POST /v1/complaints/{id}/tasks/{task}/outcome",
            "technician",
            complaint("/tasks/tsk_1/outcome"),
            r#"{"outcome":"it is here"}"#,
        ),
        (
            "GET /v1/dealers/{dealer}/calendar",
            "service",
            "/v1/dealers/D001/calendar".into(),
            "",
        ),
        (
            "PUT /v1/dealers/{dealer}/calendar",
            "manager",
            "/v1/dealers/D001/calendar".into(),
            r#"{"opens":"08:30","closes":"20:00","every_day":true}"#,
        ),
        (
            "GET /v1/complaints/report",
            "analyst",
            "/v1/complaints/report?from=2026-01-01&to=2026-01-31&by=dealer".into(),
            "",
        ),
        (
            "GET /v1/complaints/{id}/desk",
            "agent",
            complaint("/desk"),
            "",
        ),
        (
            "POST /v1/complaints/search",
            "service",
            "/v1/complaints/search".into(),
            r#"{"query":"刹车异响","limit":3}"#,
        ),
        (
            "GET /v1/complaints/feed",
            "manager",
            "/v1/complaints/feed?after=41".into(),
            "",
        ),
        (
            "PUT /v1/complaints/{id}/solutions/{solution}",
            "service",
            complaint("/solutions/sol_1"),
            "",
        ),
        (
            "GET /v1/solutions",
            "technician",
            "/v1/solutions?query=brake&approved=true".into(),
            "",
        ),
        (
            "POST /v1/solutions",
            "technician",
            "/v1/solutions".into(),
            r#"{"title":"brakes squeak","text":"bed them in"}"#,
        ),
        (
            "GET /v1/solutions/{id}",
            "analyst",
            "/v1/solutions/sol_1".into(),
            "",
        ),
        (
            "PUT /v1/solutions/{id}",
            "agent",
            "/v1/solutions/sol_1".into(),
            r#"{"title":"brakes squeak","text":"bed them in slowly"}"#,
        ),
        (
            "POST /v1/solutions/{id}/decision",
            "steward",
            "/v1/solutions/sol_1/decision".into(),
            r#"{"decision":"approve"}"#,
        ),
        (
            "GET /v1/me/complaints",
            "customer",
            "/v1/me/complaints".into(),
            "",
        ),
    ]
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
            && visit.contains(r#"[{\"line_kind\":\"part\",\"quantity\":\"1.5\"}]"#),
        "{visit}"
    );
    assert!(rig.vehicle.last_message().contains(r#"model_year: "2024""#));
}

#[tokio::test]
async fn a_network_comes_as_json_or_as_toml() {
    let rig = Rig::new();
    let toml = "[[dealers]]\ncode = \"D001\"\nname = \"Sample\"\nregion = \"east\"\n\n[[staff]]\ndealer = \"D001\"\ncode = \"S1\"\nname = \"One\"\n";
    let mut request = request("POST", "/v1/network", &rig.tokens.of("hq_admin"), toml);
    request
        .headers_mut()
        .insert("content-type", "application/toml".parse().unwrap());
    let reply = rig.send(request).await;
    assert_eq!(reply.json(), serde_json::json!({"dealers": 1, "staff": 1}));
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
        "group,customers\r\nD001,12\r\n\"'=D002, \"\"new\"\"\",3.5\r\n"
    );
    let wrong = rig
        .call("GET", "/v1/score-reports/tiers?format=xlsx", "")
        .await;
    assert_eq!(wrong.status.as_u16(), 400);
}
