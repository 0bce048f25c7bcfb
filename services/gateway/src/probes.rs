//! Probes: alive, ready, and the metrics of the admin port. None asks for a token, none says more than it must.

use std::collections::BTreeMap;

use axum::{Router, extract::State, response::Response, routing::get};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    answer::json,
    edge::{method_not_allowed, not_found, secure},
    readiness::Readiness,
};

#[derive(Serialize)]
struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<String, &'static str>,
}

/// `/livez` and `/readyz`.
pub(crate) fn routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

/// The router of the admin port.
pub(crate) fn admin(readiness: Readiness) -> Router {
    routes(readiness)
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(tower::util::MapResponseLayer::new(secure))
}

/// Depends on nothing: a process that answers is alive.
async fn alive() -> Response {
    json(
        StatusCode::OK,
        &Status {
            status: "alive",
            checks: BTreeMap::new(),
        },
    )
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    if readiness.is_draining() {
        return json(
            StatusCode::SERVICE_UNAVAILABLE,
            &Status {
                status: "draining",
                checks: BTreeMap::new(),
            },
        );
    }
    let verdicts = readiness.verdicts().await;
    let all_well = verdicts.iter().all(|(_, well)| *well);
    let checks = verdicts
        .into_iter()
        .map(|(name, well)| (name, if well { "ok" } else { "unavailable" }))
        .collect();
    let (code, status) = if all_well {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not_ready")
    };
    json(code, &Status { status, checks })
}

async fn metrics() -> Response {
    let mut response = Response::new(marque_telemetry::prometheus_text().into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
