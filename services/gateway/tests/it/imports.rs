//! Files: streamed, never held, never taken in by half.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Body;
use futures::{StreamExt as _, stream};
use http::Request;

use crate::rig::{Rig, request};

const PATH: &str = "/v1/imports?kind=customers&dealer=D001&source=dms";
const CHUNK: usize = 64 * 1024;

fn file(rig: &Rig, path: &str, body: Body) -> Request<Body> {
    request("POST", path, &rig.tokens.of("dms"), "").map(|_| body)
}

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

#[tokio::test]
async fn two_hundred_megabytes_into_a_slow_role_keep_memory_flat() {
    let rig = Rig::new();
    rig.sink.be_slow(Duration::from_micros(200));
    let total = 200 * 1024 * 1024 / CHUNK;
    let (sent, ahead, peak) = (
        AtomicU64::new(0),
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
    );
    let before = resident_bytes();
    let (sink, most_ahead, most) = (rig.sink.clone(), Arc::clone(&ahead), Arc::clone(&peak));
    let chunks = stream::iter(0..total).map(move |number| {
        let sent = sent.fetch_add(CHUNK as u64, Ordering::SeqCst) + CHUNK as u64;
        most_ahead.fetch_max(sent - sink.bytes(), Ordering::SeqCst);
        if number % 64 == 0 {
            most.fetch_max(resident_bytes(), Ordering::SeqCst);
        }
        Ok::<_, std::io::Error>(vec![b'x'; CHUNK])
    });
    let reply = rig.send(file(&rig, PATH, Body::from_stream(chunks))).await;
    assert_eq!(reply.status.as_u16(), 202, "{}", reply.text);
    assert_eq!(rig.sink.bytes(), (total * CHUNK) as u64);
    let (ahead, growth) = (
        ahead.load(Ordering::SeqCst),
        peak.load(Ordering::SeqCst).saturating_sub(before),
    );
    assert!(
        ahead <= 4 * 1024 * 1024,
        "the sender was {ahead} bytes ahead of the role"
    );
    assert!(growth < 32 * 1024 * 1024, "memory grew by {growth} bytes");
}

#[tokio::test]
async fn a_file_goes_to_the_role_of_its_kind_with_its_mapping() {
    let rig = Rig::new();
    let mut request = file(
        &rig,
        &format!("{PATH}&dry_run=true&format=csv&map=name:%E5%A7%93%E5%90%8D"),
        Body::from("a,b\n"),
    );
    request.headers_mut().insert(
        "x-marque-mapping",
        http::HeaderValue::from_bytes(r#"{"phone":"联系电话"}"#.as_bytes()).unwrap(),
    );
    request
        .headers_mut()
        .insert("idempotency-key", "file-1".parse().unwrap());
    let reply = rig.send(request).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (202, Some("/v1/imports/imp_customers"))
    );
    let start = rig.sink.start();
    assert!(start.dry_run && start.format == "csv");
    assert_eq!(
        (
            start.mapping["phone"].as_str(),
            start.mapping["name"].as_str()
        ),
        ("联系电话", "姓名")
    );
    assert_eq!(
        rig.customer.last_header("idempotency-key").as_deref(),
        Some("file-1")
    );
    assert_eq!((rig.vehicle.calls(), rig.visits.calls()), (0, 0));
}

#[tokio::test]
async fn what_is_not_the_file_itself_is_refused() {
    let rig = Rig::new();
    for (name, value, reason) in [
        ("content-encoding", "gzip", "CONTENT_ENCODING_UNSUPPORTED"),
        (
            "content-type",
            "multipart/form-data; boundary=x",
            "CONTENT_TYPE_UNSUPPORTED",
        ),
    ] {
        let mut request = file(&rig, PATH, Body::from("a,b\n1,2\n"));
        request.headers_mut().insert(name, value.parse().unwrap());
        let reply = rig.send(request).await;
        assert_eq!(
            (reply.status.as_u16(), reply.reason().as_str()),
            (415, reason)
        );
    }
    assert_eq!((rig.sink.files(), rig.customer.calls()), (0, 0));
}

#[tokio::test]
async fn a_file_that_breaks_off_is_not_taken_in() {
    let rig = Rig::new();
    let broken = stream::iter([Ok("half a ro"), Err(std::io::Error::other("gone"))]);
    let reply = rig.send(file(&rig, PATH, Body::from_stream(broken))).await;
    assert_eq!(
        (reply.status.as_u16(), reply.reason().as_str()),
        (400, "BODY_BROKEN")
    );
    assert_eq!(rig.sink.files(), 0);
}

#[tokio::test]
async fn a_sender_who_falls_silent_is_let_go() {
    let rig = Rig::with(|settings| settings.body_stall = Duration::from_millis(100));
    let silent = stream::iter([Ok::<_, std::io::Error>("a,b\n")]).chain(stream::pending());
    let begun = Instant::now();
    let reply = rig.send(file(&rig, PATH, Body::from_stream(silent))).await;
    assert_eq!(reply.reason(), "BODY_STALLED");
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(rig.sink.files(), 0);
}

#[tokio::test]
async fn a_role_that_refuses_is_heard_before_the_file_is_through() {
    let rig = Rig::new();
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; CHUNK]));
    let path = "/v1/imports?kind=customers&dealer=NONE&source=dms";
    let reply = rig.send(file(&rig, path, Body::from_stream(endless))).await;
    assert_eq!(reply.status.as_u16(), 404, "{}", reply.text);
}

#[tokio::test]
async fn the_role_that_knows_an_import_is_not_waited_for_with_the_others() {
    let rig = Rig::new();
    rig.visits.be_late(Duration::from_secs(5));
    let begun = Instant::now();
    let reply = rig.call("GET", "/v1/imports/imp_customers", "").await;
    assert_eq!(reply.json()["kind"], "customers");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn an_import_may_be_known_to_a_role_that_is_down() {
    let rig = Rig::new();
    rig.visits.fail(tonic::Code::Unavailable);
    assert_eq!(
        rig.call("GET", "/v1/imports/imp_customers", "")
            .await
            .status
            .as_u16(),
        200
    );
    assert_eq!(
        rig.call("GET", "/v1/imports/imp_visits", "")
            .await
            .status
            .as_u16(),
        503
    );
}

#[tokio::test]
async fn a_role_that_is_down_is_named_and_the_imports_of_the_others_are_listed() {
    let rig = Rig::new();
    rig.visits.fail(tonic::Code::Unavailable);
    let reply = rig.call("GET", "/v1/imports", "").await;
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
    let page = reply.json();
    assert_eq!(page["imports"].as_array().unwrap().len(), 5);
    assert_eq!(page["unavailable_kinds"], serde_json::json!(["visits"]));
    assert_eq!(page["next_page_token"], "");
    for role in [&rig.customer, &rig.vehicle, &rig.scoring, &rig.complaint] {
        role.fail(tonic::Code::Unavailable);
    }
    let page = rig.call("GET", "/v1/imports", "").await.json();
    assert_eq!(
        page["imports"].as_array().unwrap().len(),
        1,
        "verifications"
    );
}

#[tokio::test]
async fn imports_of_all_roles_are_one_list() {
    let rig = Rig::new();
    let (mut path, mut seen) = ("/v1/imports?page_size=2".to_owned(), Vec::new());
    loop {
        let page = rig.call("GET", &path, "").await.json();
        seen.extend(
            page["imports"]
                .as_array()
                .unwrap()
                .iter()
                .map(|import| import["kind"].as_str().unwrap().to_owned()),
        );
        match page["next_page_token"].as_str().unwrap() {
            "" => break,
            token => path = format!("/v1/imports?page_size=2&page_token={token}"),
        }
    }
    assert_eq!(
        seen,
        [
            "customers",
            "vehicles",
            "payments",
            "complaints",
            "verifications",
            "visits"
        ]
    );
}
