//! What the log must not hold, however much it is told to say (reliability.md D7).

use std::fs::{self, File};

use reqwest::Method;
use serde_json::json;

use crate::server::Server;

const DEALER: &str = "D001";
const NAME: &str = "欧阳金丝雀";
const PHONE: &str = "13987654321";
const ID_NUMBER: &str = "110101198704079516";
const PLATE: &str = "京A9Z8Y7";
const STREET: &str = "金丝雀大街十七号";
const WORDS: &str = "金丝雀说机油渗漏";
const TOKEN: &str = "canary-of-a-token";

/// The forms in which bytes get into a log.
fn forms(text: &str) -> [String; 4] {
    let each = |form: fn(u8) -> String| text.bytes().map(form).collect();
    [
        text.to_owned(),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("\\x{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
    ]
}

#[test]
fn nothing_personal_stands_in_the_log_even_if_everything_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("log"));
    let log = File::create(&path).unwrap();
    let everything = [("MARQUE__TELEMETRY__LOG", "trace")];
    let server = Server::start_telling(&data, &everything, &log).with_dealer(DEALER);

    let record = json!({"kind": "person", "name": NAME, "phone": PHONE, "id_number": ID_NUMBER, "address": STREET});
    let key = format!("/v1/source-records/{DEALER}/dms/K1");
    let (status, taken) = server.ask(Method::PUT, &key, record.to_string());
    assert!(status < 300, "{status}");
    let id = taken["customer_id"].as_str().unwrap();
    let complaint = json!({
        "dealer": DEALER, "source": "dms", "customer_key": "K1", "channel": "phone", "category": "service.repair",
        "severity": "high", "text": WORDS,
    });
    let reason = json!({"reason": WORDS});
    let file = format!(
        "source_key,kind,name,phone,address\nK2,person,{NAME},{PHONE},{STREET}\nK3,person,,{PHONE}x,\nK4,{NAME}\n"
    );
    let customer = |act: &str| format!("/v1/customers/{id}/{act}");
    let none = String::new;
    for (path, body) in [
        ("/v1/lookup".to_owned(), json!({"phone": PHONE}).to_string()),
        (
            "/v1/lookup".to_owned(),
            json!({"id_number": ID_NUMBER}).to_string(),
        ),
        ("/v1/lookup".to_owned(), json!({"plate": PLATE}).to_string()),
        (customer("unmask"), reason.to_string()),
        (customer("personal-data"), reason.to_string()),
        ("/v1/complaints".to_owned(), complaint.to_string()),
        (
            "/v1/complaints/search".to_owned(),
            json!({"query": WORDS}).to_string(),
        ),
        // And as callers get it wrong.
        ("/v1/lookup".to_owned(), format!("{{\"phone\": {NAME}")),
        ("/v1/lookup".to_owned(), json!({NAME: PHONE}).to_string()),
    ] {
        server.ask(Method::POST, &path, body);
    }
    let wrong = json!({"name": NAME, "phone": format!("{PHONE}x"), "id_number": PHONE});
    for body in [wrong, json!({NAME: PHONE})] {
        server.ask(Method::PUT, &key, body.to_string());
    }
    for path in [
        customer("profile"),
        format!("/v1/customers?phone={PHONE}"),
        format!("/v1/customers/{PHONE}"),
        format!("/v1/{PHONE}"),
    ] {
        server.ask(Method::GET, &path, none());
    }
    server.ask_with(TOKEN, Method::GET, "/v1/customers/count", none());
    let import = server.send("customers", DEALER, file);
    server.wait_for(import["id"].as_str().unwrap());
    server.kill();

    let log = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    assert!(log.contains("INFO"), "something is logged");
    let canaries = [NAME, PHONE, ID_NUMBER, PLATE, STREET, WORDS, TOKEN];
    for (number, canary) in canaries.into_iter().enumerate() {
        for form in forms(canary) {
            let line = log.lines().find(|line| line.contains(&form));
            // Where it was said, and not what.
            let place = line.map(|line| line.split(&form).next().unwrap_or_default());
            assert!(place.is_none(), "canary {number} in: {place:?}");
        }
    }
}
