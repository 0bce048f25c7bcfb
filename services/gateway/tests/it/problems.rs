//! What goes wrong, and how callers are told.

use tonic::Code;

use crate::{
    operations::examples,
    rig::{CUSTOMER, Rig, request},
};

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let rig = Rig::new();
    let deep = format!(
        r#"{{"phone":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let cases = [
        (
            "unknown field",
            "POST",
            "/v1/lookup",
            r#"{"phone":"13812345678","colour":"13812345678"}"#,
        ),
        (
            "two keys",
            "POST",
            "/v1/lookup",
            r#"{"phone":"13812345678","plate":"x"}"#,
        ),
        ("no key", "POST", "/v1/lookup", "{}"),
        (
            "wrong type",
            "POST",
            "/v1/lookup",
            r#"{"phone":{"a":"13812345678"}}"#,
        ),
        (
            "broken json",
            "POST",
            "/v1/lookup",
            r#"{"phone":"13812345678"#,
        ),
        ("deep json", "POST", "/v1/lookup", deep.as_str()),
        (
            "missing field",
            "POST",
            "/v1/customers/c/merge",
            r#"{"reason":"x"}"#,
        ),
        (
            "unknown column",
            "PUT",
            "/v1/source-records/D001/dms/1",
            r#"{"fone":"13812345678"}"#,
        ),
        (
            "unknown field in a line",
            "POST",
            "/v1/visits",
            r#"{"lines":[{"price":"1"}]}"#,
        ),
        (
            "unknown parameter",
            "GET",
            "/v1/dealers?colour=13812345678",
            "",
        ),
        ("negative size", "GET", "/v1/imports?page_size=-1", ""),
        (
            "foreign page token",
            "GET",
            "/v1/imports?page_token=abc",
            "",
        ),
        (
            "unknown outcome",
            "GET",
            "/v1/imports/imp_1/rows?outcome=good",
            "",
        ),
        ("unknown import", "GET", "/v1/imports/imp_1", ""),
        (
            "unknown kind",
            "POST",
            "/v1/imports?kind=horses&dealer=D001&source=dms",
            "x",
        ),
        (
            "kind of a later version",
            "POST",
            "/v1/imports?kind=orders&dealer=D001&source=dms",
            "x",
        ),
        (
            "import without dealer",
            "POST",
            "/v1/imports?kind=customers&source=dms",
            "x",
        ),
        (
            "mapping without header",
            "POST",
            "/v1/imports?kind=customers&dealer=D001&source=dms&map=phone",
            "x",
        ),
        ("not a customer", "GET", "/v1/me", ""),
        ("unknown path", "GET", "/v1/horses", ""),
        ("unknown method", "DELETE", "/v1/dealers", ""),
    ];
    for (name, method, path, body) in cases {
        let reply = rig.call(method, path, body).await;
        assert!(reply.status.is_client_error(), "{name}: {}", reply.text);
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json"),
            "{name}"
        );
        assert_eq!(
            reply.header("x-request-id"),
            reply.json()["request_id"].as_str(),
            "{name}"
        );
        assert!(
            !reply.text.contains("13812345678"),
            "{name} repeats a value: {}",
            reply.text
        );
        insta::assert_json_snapshot!(
            format!("problem {name}").replace(' ', "_"),
            reply.snapshot()
        );
    }
}

#[tokio::test]
async fn what_a_service_says_is_what_the_caller_hears() {
    let cases = [
        (Code::InvalidArgument, 400),
        (Code::NotFound, 404),
        (Code::AlreadyExists, 409),
        (Code::Aborted, 409),
        (Code::FailedPrecondition, 422),
        (Code::PermissionDenied, 403),
        (Code::ResourceExhausted, 429),
        (Code::DeadlineExceeded, 504),
        (Code::Unavailable, 503),
        (Code::Internal, 500),
        (Code::Unknown, 500),
    ];
    for (code, status) in cases {
        let rig = Rig::new();
        rig.customer.fail(code);
        let reply = rig
            .call("GET", &format!("/v1/customers/{CUSTOMER}/history"), "")
            .await;
        assert_eq!(reply.status.as_u16(), status, "{code:?}");
        let tells = reply.json()["detail"].as_str().unwrap().contains("script");
        assert_eq!(tells, status != 500, "our own faults are not told");
    }
}

#[tokio::test]
async fn bodies_are_limited_and_must_be_what_they_say() {
    let rig = Rig::with(|settings| settings.max_body_bytes = 1000);
    let token = rig.tokens.of("sales");
    let big = format!(r#"{{"phone":"{}"}}"#, "1".repeat(2000));
    let declared = rig.send(request("POST", "/v1/lookup", &token, &big)).await;
    assert_eq!(
        (declared.status.as_u16(), declared.reason()),
        (413, "BODY_TOO_LARGE".to_owned())
    );

    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 100]));
    let streamed =
        request("POST", "/v1/lookup", &token, "{}").map(|_| axum::body::Body::from_stream(endless));
    assert_eq!(rig.send(streamed).await.status.as_u16(), 413);

    for (name, value, reason) in [
        ("content-type", "text/plain", "CONTENT_TYPE_UNSUPPORTED"),
        ("content-encoding", "gzip", "CONTENT_ENCODING_UNSUPPORTED"),
    ] {
        let mut other = request("POST", "/v1/lookup", &token, "{}");
        other.headers_mut().insert(name, value.parse().unwrap());
        let reply = rig.send(other).await;
        assert_eq!(
            (reply.status.as_u16(), reply.reason().as_str()),
            (415, reason)
        );
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    let rig = Rig::new();
    let broken = futures::stream::iter([Ok("{\"phone\":"), Err(std::io::Error::other("gone"))]);
    let request = request("POST", "/v1/lookup", &rig.tokens.of("sales"), "{}")
        .map(|_| axum::body::Body::from_stream(broken));
    assert_eq!(rig.send(request).await.reason(), "BODY_BROKEN");
    assert_eq!(rig.customer.calls(), 0);
}

#[tokio::test]
async fn a_page_token_tells_nothing_and_serves_its_own_reader_alone() {
    let rig = Rig::new();
    let list = async |role: &str, token: &str| {
        let path = format!("/v1/dealers?page_token={token}");
        let page = rig.send(request("GET", &path, &rig.tokens.of(role), ""));
        let page = page.await.json();
        page["next_page_token"].as_str().unwrap().to_owned()
    };
    let token = list("sales", "").await;
    assert!(token.len() > 16 && !token.contains("next"), "{token}");
    assert_eq!(list("sales", &token).await, token, "the same place");
    assert!(rig.network.last_message().contains(r#"page_token: "next""#));
    for (role, forged) in [("agent", token.as_str()), ("sales", "next")] {
        list(role, forged).await;
        let asked = rig.network.last_message();
        assert!(
            asked.contains(r#"page_token: "-""#),
            "no list has it: {asked}"
        );
    }
}

#[tokio::test]
async fn a_wrong_field_has_the_name_that_the_request_gives_it() {
    let rig = Rig::new();
    for (operation, of_role, own) in [
        ("POST /v1/scores/what-if", "model_toml", "model"),
        ("POST /v1/scores/what-if", "toml", "model"),
        ("PUT /v1/score-models", "toml", "model"),
        ("PUT /v1/benefit-plans", "toml", "plan"),
        ("POST /v1/payments", "date", "due_date"),
        ("POST /v1/payments", "amount", "amount"),
        ("POST /v1/purchases", "date", "date"),
        ("POST /v1/benefits", "subject", "benefit"),
        ("POST /v1/benefits", "value", "what"),
    ] {
        rig.scoring.refuse(of_role);
        let mut examples = examples().into_iter();
        let (_, role, path, body) = examples.find(|each| each.0 == operation).unwrap();
        let (method, _) = operation.split_once(' ').unwrap();
        let refused = rig.send(request(method, &path, &rig.tokens.of(role), body));
        let refused = refused.await;
        assert_eq!(refused.status.as_u16(), 400, "{operation}");
        assert_eq!(refused.json()["violations"][0]["field"], own, "{operation}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_everywhere() {
    let rig = Rig::new();
    for (operation, role, path, _) in examples() {
        let Some(("GET", _)) = operation.split_once(' ') else {
            continue;
        };
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joint}colour=13812345678");
        let refused = rig.send(request("GET", &path, &rig.tokens.of(role), ""));
        let refused = refused.await;
        assert_eq!(refused.status.as_u16(), 400, "{operation}");
        let violation = &refused.json()["violations"][0];
        assert_eq!(violation["field"], "colour", "{operation}");
        assert_eq!(violation["reason"], "UNKNOWN_FIELD", "{operation}");
        assert!(!refused.text.contains("13812345678"), "{operation}");
    }
}
