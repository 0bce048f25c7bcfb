//! Personal data as an archive.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read as _},
};

use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use zip::ZipArchive;

use crate::rig::{Rig, request};

const PATH: &str = "/v1/me/personal-data";
/// The map of personal data, which says of every table in which part a person is handed it.
const MAP: &str = include_str!("../../../../migrations/personal-data.txt");

#[tokio::test]
async fn every_part_that_the_map_of_personal_data_names_is_handed_out_and_no_other() {
    let rig = Rig::new();
    let token = rig.tokens.of("customer");
    let whole = rig.send(request("GET", PATH, &token, "")).await.json();
    let parts = whole.as_object().unwrap().keys().map(String::as_str);
    let parts: BTreeSet<&str> = parts.collect();
    let lines = MAP.lines().filter(|line| !line.starts_with('#'));
    let named = lines.filter_map(|line| line.split(" | ").nth(2));
    let named: BTreeSet<&str> = named.filter(|part| !part.starts_with("not: ")).collect();
    assert_eq!(named, parts);
}

#[tokio::test]
async fn an_archive_has_a_file_for_each_part_and_says_the_same() {
    let rig = Rig::new();
    let token = rig.tokens.of("customer");
    let whole = rig.send(request("GET", PATH, &token, "")).await.json();
    let by_query = request("GET", &format!("{PATH}?format=zip"), &token, "");
    let mut by_header = request("GET", PATH, &token, "");
    let zip = HeaderValue::from_static("application/zip");
    by_header.headers_mut().insert("accept", zip);
    for asked in [by_query, by_header] {
        let answer = rig.gateway.router.clone().oneshot(asked).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let name = answer.headers()["content-disposition"].to_str().unwrap();
        assert!(name.contains("personal-data.zip"));
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let parts = whole.as_object().unwrap();
        assert_eq!(archive.len(), parts.len() + 1, "and the file of his case");
        let mut names = archive.file_names().map(|name| name.unwrap().into_owned());
        let path = names.find(|name| name.starts_with("attachments/")).unwrap();
        drop(names);
        assert!(path.ends_with("/att_1 刹车 1.pdf"), "{path}");
        let mut bytes = Vec::new();
        let mut file = archive.by_name(&path).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        drop(file);
        assert_eq!(bytes, b"%PDF-1.7");
        for (name, part) in parts {
            let mut text = String::new();
            let mut file = archive.by_name(&format!("{name}.json")).unwrap();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(
                serde_json::from_str::<Value>(&text).unwrap(),
                *part,
                "{name}"
            );
        }
    }
    let files = whole["complaints"][0]["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    let cars = whole["vehicles"].as_array().unwrap();
    assert_eq!(cars.len(), 2, "every page of them");
    let refused = request("GET", &format!("{PATH}?format=pdf"), &token, "");
    assert_eq!(rig.send(refused).await.status, StatusCode::BAD_REQUEST);
}
