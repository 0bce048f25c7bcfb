//! Nobody unknown gets past the guard, and nothing is parsed before it.

use marque_auth::{Role, RoleSet};
use serde_json::{Value, json};

use crate::{
    operations::examples,
    rig::{CUSTOMER, Rig, request},
};

#[tokio::test]
async fn every_operation_needs_a_token_before_it_looks_at_anything() {
    let rig = Rig::new();
    for (operation, _, path, _) in examples() {
        let (method, _) = operation.split_once(' ').unwrap();
        let mut nonsense = request(method, &path, "", "{{{ not json");
        nonsense.headers_mut().remove("authorization");
        nonsense
            .headers_mut()
            .insert("request-timeout", "nonsense".parse().unwrap());
        let reply = rig.send(nonsense).await;
        assert_eq!(
            (reply.status.as_u16(), reply.reason().as_str()),
            (401, "TOKEN_MISSING"),
            "{operation}"
        );
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    let calls =
        [&rig.network, &rig.customer, &rig.vehicle, &rig.visits].map(crate::rig::Script::calls);
    assert_eq!(calls, [0; 4]);
}

#[tokio::test]
async fn every_operation_admits_exactly_the_roles_of_its_method() {
    let rig = Rig::new();
    let document: Value = serde_json::from_str(&marque_gateway::openapi()).unwrap();
    for (operation, _, path, _) in examples() {
        let (method, template) = operation.split_once(' ').unwrap();
        let documented = &document["paths"][template][method.to_lowercase()];
        let access = marque_api::access(documented["x-rpc"].as_str().unwrap()).unwrap();
        let allowed = RoleSet::from_numbers(access.roles);
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Peer) {
            let reply = rig
                .send(request(
                    method,
                    &path,
                    &rig.tokens.of(role.as_str()),
                    "{{{ not json",
                ))
                .await;
            let refused = reply.status.as_u16() == 403 && reply.reason() == "ROLE_MISSING";
            assert_eq!(
                refused,
                !allowed.contains(role),
                "{operation} as {role}: {}",
                reply.text
            );
            let told = documented["x-roles"]
                .as_array()
                .unwrap()
                .contains(&json!(role.as_str()));
            assert_eq!(told, allowed.contains(role), "{operation} documents {role}");
        }
    }
}

#[tokio::test]
async fn forty_bad_tokens_get_one_answer() {
    let rig = Rig::new();
    let bad = rig.tokens.bad();
    assert!(bad.len() >= 40, "{} tokens", bad.len());
    let path = format!("/v1/customers/{CUSTOMER}");
    assert_eq!(
        rig.send(request("GET", &path, &rig.tokens.of("steward"), ""))
            .await
            .status
            .as_u16(),
        200
    );
    let mut answers = Vec::new();
    for (name, token) in bad {
        let reply = rig.send(request("GET", &path, &token, "")).await;
        assert_eq!(reply.status.as_u16(), 401, "{name}");
        answers.push((name, reply.snapshot()));
    }
    for (name, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{name} is told apart");
    }
    insta::assert_json_snapshot!("bad_token", answers[0].1);
    assert_eq!(rig.customer.calls(), 1, "a bad token reached a service");
}

#[tokio::test]
async fn only_a_customer_has_a_me() {
    let rig = Rig::new();
    for path in [
        "/v1/me",
        "/v1/me/profile",
        "/v1/me/personal-data",
        "/v1/me/vehicles",
        "/v1/me/visits",
    ] {
        let reply = rig.call("GET", path, "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.reason().as_str()),
            (403, "NOT_A_CUSTOMER"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn headers_cannot_make_a_caller_another() {
    let rig = Rig::new();
    let mut request = request(
        "GET",
        &format!("/v1/customers/{CUSTOMER}"),
        &rig.tokens.of("sales"),
        "",
    );
    for name in [
        "x-tenant",
        "x-user-id",
        "marque-role",
        "x-forwarded-user",
        "x-marque-dealer",
    ] {
        request.headers_mut().insert(name, "D999".parse().unwrap());
    }
    assert_eq!(rig.send(request).await.status.as_u16(), 200);
    assert_eq!(rig.customer.last_header("x-tenant"), None);
    assert_eq!(
        rig.customer.last_header("marque-role").as_deref(),
        Some("customer")
    );
}
