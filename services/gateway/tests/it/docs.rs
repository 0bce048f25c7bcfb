//! The documents: whole, true, and without anything from elsewhere.

use serde_json::Value;

use crate::{operations::documented, rig::Rig};

fn document() -> Value {
    serde_json::from_str(&marque_gateway::openapi()).unwrap()
}

#[test]
fn the_document_is_openapi_and_every_operation_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for operation in documented() {
        let (method, path) = operation.split_once(' ').unwrap();
        let described = &document["paths"][path][method.to_lowercase()];
        assert_eq!(
            described["security"][0]["bearer"],
            serde_json::json!([]),
            "{operation}"
        );
        assert!(
            marque_api::access(described["x-rpc"].as_str().unwrap()).is_some(),
            "{operation}"
        );
        assert!(
            !described["summary"].as_str().unwrap().is_empty(),
            "{operation}"
        );
        for status in ["400", "401", "403", "404", "429", "503"] {
            assert!(
                !described["responses"][status].is_null(),
                "{operation} says nothing of {status}"
            );
        }
        let parameters = described["parameters"].as_array().unwrap();
        let keyed = parameters
            .iter()
            .any(|parameter| parameter["name"] == "idempotency-key");
        // What only asks, though by POST, is asked anew whatever its key.
        let asks = [
            "/lookup",
            "/check",
            "/complaints/search",
            "/repeats",
            "/personal-data",
        ];
        let writes_once = method == "POST" && !asks.iter().any(|end| path.ends_with(end));
        assert_eq!(keyed, writes_once, "{operation}");
        let responses = described["responses"].as_object().unwrap();
        let tells_replays = responses
            .values()
            .any(|response| !response["headers"]["idempotent-replayed"].is_null());
        assert_eq!(tells_replays, writes_once, "{operation}");
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk(document: &Value, node: &Value) {
        match node {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    assert!(
                        document
                            .pointer(reference.strip_prefix('#').unwrap())
                            .is_some(),
                        "{reference}"
                    );
                }
                members.values().for_each(|member| walk(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn nothing_personal_is_a_parameter_of_a_path_or_query() {
    let document = document();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(
                    !["phone", "plate", "vin", "id_number", "name", "credit_code"].contains(&name),
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_docs_page_loads_with_no_network() {
    let rig = Rig::new();
    let page = rig.call("GET", "/docs", "").await;
    assert_eq!(page.status.as_u16(), 200);
    for outside in ["http://", "https://", "src=\"//", "@import", "url("] {
        assert!(!page.text.contains(outside), "the page has {outside}");
    }
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert_eq!(
        rig.call("GET", "/openapi.json", "").await.json(),
        document()
    );
    let reason = rig.call("GET", "/docs/errors/OVERLOADED", "").await;
    assert!(reason.text.starts_with("# OVERLOADED"), "{}", reason.text);
    assert_eq!(
        rig.call("GET", "/docs/errors/NONE", "")
            .await
            .status
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn probes_need_no_token_and_tell_the_truth() {
    let rig = Rig::new();
    assert_eq!(rig.call("GET", "/livez", "").await.status.as_u16(), 200);
    let ready = rig.call("GET", "/readyz", "").await;
    assert_eq!(
        (
            ready.status.as_u16(),
            ready.json()["checks"]["customer"].as_str()
        ),
        (200, Some("ok")),
        "{}",
        ready.text
    );
    rig.readiness.drain();
    assert_eq!(rig.call("GET", "/readyz", "").await.status.as_u16(), 503);
    assert_eq!(rig.call("GET", "/livez", "").await.status.as_u16(), 200);
    assert_eq!(
        rig.call("GET", "/metrics", "").await.status.as_u16(),
        404,
        "metrics are on the admin port"
    );
}
