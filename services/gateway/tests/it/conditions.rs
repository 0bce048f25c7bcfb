//! Versions, idempotency keys, request ids and deadlines: what travels in headers.

use std::time::Duration;

use crate::{
    operations::examples,
    rig::{CUSTOMER, Reply, Rig, VEHICLE, request},
};

async fn with_header(
    rig: &Rig,
    method: &str,
    path: &str,
    body: &str,
    name: &'static str,
    value: &str,
) -> Reply {
    let mut request = request(method, path, &rig.tokens.of("hq_admin"), body);
    request.headers_mut().insert(name, value.parse().unwrap());
    rig.send(request).await
}

#[tokio::test]
async fn a_version_the_caller_has_is_not_sent_again() {
    let rig = Rig::new();
    for (path, etag) in [
        (format!("/v1/customers/{CUSTOMER}"), "\"7\""),
        ("/v1/dealers/D001".to_owned(), "\"3\""),
        (format!("/v1/vehicles/{VEHICLE}"), "\"5\""),
        // These tell whose they are, which changes without them.
        ("/v1/visits/vis_1".to_owned(), "\"2.775899739\""),
        ("/v1/complaints/T00000427".to_owned(), "\"3.775899739\""),
        ("/v1/source-records/src_1".to_owned(), "\"2.775899739\""),
    ] {
        assert_eq!(
            rig.call("GET", &path, "").await.header("etag"),
            Some(etag),
            "{path}"
        );
        let known = with_header(&rig, "GET", &path, "", "if-none-match", etag).await;
        assert_eq!(
            (known.status.as_u16(), known.text.as_str()),
            (304, ""),
            "{path}"
        );
        let stale = with_header(&rig, "GET", &path, "", "if-match", "\"1\"").await;
        assert_eq!(
            (stale.status.as_u16(), stale.reason().as_str()),
            (412, "PRECONDITION_FAILED"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_write_on_a_stale_version_is_refused() {
    let rig = Rig::new();
    let dealer = r#"{"name":"Sample","region":"east"}"#;
    let merge = r#"{"into":"cus_x","reason":"same person"}"#;
    let merge_path = format!("/v1/customers/{CUSTOMER}/merge");
    let cases = [
        ("PUT", "/v1/dealers/D001", dealer, "if-match", "\"3\"", 200),
        ("PUT", "/v1/dealers/D001", dealer, "if-match", "\"2\"", 412),
        (
            "PUT",
            "/v1/dealers/D001",
            dealer,
            "if-match",
            "W/\"3\"",
            412,
        ),
        ("PUT", "/v1/dealers/D001", dealer, "if-match", "*", 400),
        ("PUT", "/v1/dealers/D001", dealer, "if-none-match", "*", 412),
        ("PUT", "/v1/dealers/NONE", dealer, "if-none-match", "*", 201),
        ("POST", &merge_path, merge, "if-match", "\"7\"", 200),
        ("POST", &merge_path, merge, "if-match", "\"6\"", 412),
    ];
    for (method, path, body, name, value, status) in cases {
        let reply = with_header(&rig, method, path, body, name, value).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{path} {name}: {value}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn whatever_is_written_on_a_complaint_is_written_on_the_version_that_was_read() {
    for (operation, role, path, body) in examples() {
        if !operation.starts_with("POST /v1/complaints/{id}/") {
            continue;
        }
        let rig = Rig::new();
        let send = async |etag: &'static str| {
            let mut request = request("POST", &path, &rig.tokens.of(role), body);
            let etag = etag.parse().unwrap();
            request.headers_mut().insert("if-match", etag);
            rig.send(request).await
        };
        send("\"17\"").await;
        let asked = rig.complaint.last_message();
        // Of a file the rig sees no more than that one comes.
        let is_asked = asked.contains("expected_version: 17");
        assert!(
            is_asked || operation.ends_with("/attachments"),
            "{operation}"
        );
        let any = send("*").await;
        assert_eq!(any.reason(), "PRECONDITION_UNSUPPORTED", "{operation}");
    }
}

#[tokio::test]
async fn a_write_that_wants_something_new_is_never_done_without_asking() {
    for (operation, role, path, body) in examples() {
        let (method, _) = operation.split_once(' ').unwrap();
        if method != "PUT" && operation != "POST /v1/visits" {
            continue;
        }
        let rig = Rig::new();
        let mut request = request(method, &path, &rig.tokens.of(role), body);
        let any = "*".parse().unwrap();
        request.headers_mut().insert("if-none-match", any);
        let reply = rig.send(request).await;
        let is_refused = reply.reason() == "PRECONDITION_FAILED";
        let services = [
            &rig.network,
            &rig.customer,
            &rig.vehicle,
            &rig.visits,
            &rig.scoring,
            &rig.complaint,
        ];
        let is_asked = services.into_iter().any(|service| {
            let message = service.last_message();
            message.contains("version: -1") || message.contains("only_new: true")
        });
        assert!(is_refused || is_asked, "{operation}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_a_service_finds_there_already_is_told_as_the_condition() {
    let rig = Rig::new();
    rig.network.fail(tonic::Code::AlreadyExists);
    let staff = "/v1/dealers/D001/staff/S17";
    let body = r#"{"name":"Staff One"}"#;
    for (value, status) in [("*", 412), ("\"1\"", 409)] {
        let reply = with_header(&rig, "PUT", staff, body, "if-none-match", value).await;
        assert_eq!(reply.status.as_u16(), status, "{value}: {}", reply.text);
    }
}

#[tokio::test]
async fn an_idempotency_key_goes_to_the_service_and_comes_back() {
    let rig = Rig::new();
    let reply = with_header(
        &rig,
        "POST",
        "/v1/merges/mrg_1/undo",
        "",
        "idempotency-key",
        "key-1",
    )
    .await;
    assert_eq!(reply.header("idempotency-key"), Some("key-1"));
    assert_eq!(reply.header("idempotent-replayed"), None);
    assert_eq!(
        rig.customer.last_header("idempotency-key").as_deref(),
        Some("key-1")
    );

    rig.call("POST", "/v1/merges/mrg_1/undo", "").await;
    assert_eq!(
        rig.customer.last_header("idempotency-key"),
        None,
        "a key is never made up"
    );

    let mut twice = request(
        "POST",
        "/v1/merges/mrg_1/undo",
        &rig.tokens.of("hq_admin"),
        "",
    );
    twice
        .headers_mut()
        .append("idempotency-key", "a".parse().unwrap());
    twice
        .headers_mut()
        .append("idempotency-key", "b".parse().unwrap());
    assert_eq!(rig.send(twice).await.reason(), "IDEMPOTENCY_KEY_INVALID");
}

#[tokio::test]
async fn a_request_id_goes_through_all_hops_unless_it_could_forge_a_log() {
    let rig = Rig::new();
    let path = format!("/v1/customers/{CUSTOMER}");
    let reply = with_header(&rig, "GET", &path, "", "x-request-id", "abc-123").await;
    assert_eq!(reply.header("x-request-id"), Some("abc-123"));
    assert_eq!(
        rig.customer.last_header("x-request-id").as_deref(),
        Some("abc-123")
    );
    let forged = with_header(&rig, "GET", &path, "", "x-request-id", "a b\tc").await;
    assert_ne!(forged.header("x-request-id"), Some("a b\tc"));
}

#[tokio::test]
async fn a_shorter_deadline_is_honoured_and_a_longer_one_is_not() {
    let rig = Rig::with(|settings| settings.deadline = Duration::from_millis(400));
    let path = format!("/v1/customers/{CUSTOMER}");
    with_header(&rig, "GET", &path, "", "request-timeout", "60").await;
    let sent = rig.customer.last_header("grpc-timeout").unwrap();
    let micros: u64 = sent.strip_suffix('u').unwrap().parse().unwrap();
    assert!(micros <= 400_000, "{sent}");

    rig.customer.be_late(Duration::from_secs(5));
    let begun = std::time::Instant::now();
    let late = with_header(&rig, "GET", &path, "", "request-timeout", "0.1").await;
    assert_eq!(
        (late.status.as_u16(), late.reason().as_str()),
        (504, "DEADLINE_EXCEEDED")
    );
    assert!(
        begun.elapsed() < Duration::from_millis(350),
        "{:?}",
        begun.elapsed()
    );

    for nonsense in ["soon", "-1", "0", "NaN", "inf", "1e999"] {
        let reply = with_header(&rig, "GET", &path, "", "request-timeout", nonsense).await;
        assert_eq!(reply.status.as_u16(), 400, "{nonsense}");
    }
}

#[tokio::test]
async fn a_reader_whose_place_is_lost_is_told_so_and_goes_on() {
    let rig = Rig::new();
    let feed = "/v1/complaints/feed";
    let lost = with_header(&rig, "GET", feed, "", "last-event-id", "of another secret").await;
    assert_eq!(lost.status.as_u16(), 200);
    assert!(
        lost.text.starts_with("event: lost\ndata: []\n\nid: "),
        "{}",
        lost.text
    );
    let plain = with_header(&rig, "GET", feed, "", "last-event-id", "7").await;
    assert!(plain.text.starts_with("event: lost\n"), "{}", plain.text);
    let told = lost.text.split("\nid: ").nth(1).expect("an event");
    let id = told.lines().next().expect("its id");
    let known = with_header(&rig, "GET", feed, "", "last-event-id", id).await;
    assert!(known.text.starts_with("id: "), "{}", known.text);
    let asked = rig.complaint.last_message();
    assert!(!asked.contains("after: -1"), "{asked}");
    let refused = rig.call("GET", &format!("{feed}?after=7"), "").await;
    assert_eq!(
        (refused.status.as_u16(), refused.reason().as_str()),
        (400, "EVENT_ID_INVALID")
    );
}

#[tokio::test]
async fn an_answer_that_was_given_before_says_so() {
    let rig = Rig::new();
    rig.customer.repeat_itself();
    let undo = "/v1/merges/mrg_1/undo";
    let again = with_header(&rig, "POST", undo, "", "idempotency-key", "key-1").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let keyless = rig.call("POST", undo, "").await;
    assert_eq!(keyless.header("idempotent-replayed"), None);
}
