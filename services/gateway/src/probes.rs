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

/// The router of the admin port. There alone gRPC describes itself: to the outside that would be a map for attackers.
pub(crate) fn admin(readiness: Readiness) -> Router {
    routes(readiness)
        .route("/metrics", get(metrics))
        .merge(marque_rpc::reflection_routes().into_axum_router())
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
    let is_down = |needed| {
        verdicts
            .iter()
            .any(|each| !each.is_well && each.is_needed == needed)
    };
    let (code, status) = match (is_down(true), is_down(false)) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    let told = |well| if well { "ok" } else { "unavailable" };
    let checks = verdicts
        .into_iter()
        .map(|each| (each.name, told(each.is_well)))
        .collect();
    json(code, &Status { status, checks })
}

async fn metrics() -> Response {
    let mut response = Response::new(marque_telemetry::prometheus_text().into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Request;
    use tower::ServiceExt as _;

    use super::*;
    use crate::readiness::Check;

    async fn ask(router: Router, path: &str) -> (u16, String) {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let code = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        (code, String::from_utf8(body.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_role_elsewhere_that_is_down_is_told_and_turns_nobody_away() {
        let check = |name: &str, is_well: bool| {
            let check: Check = Arc::new(move || Box::pin(async move { is_well }));
            (name.to_owned(), check)
        };
        for (needed, other, code, status) in [
            (true, true, 200, "ready"),
            (true, false, 200, "degraded"),
            (false, true, 503, "not_ready"),
        ] {
            let readiness = Readiness::new(
                vec![check("customer", needed)],
                vec![check("scoring", other)],
            );
            let (got, body) = ask(routes(readiness), "/readyz").await;
            assert_eq!(got, code, "{body}");
            assert!(body.contains(&format!("\"status\":\"{status}\"")), "{body}");
            let told = if other { "ok" } else { "unavailable" };
            assert!(body.contains(&format!("\"scoring\":\"{told}\"")), "{body}");
        }
    }

    #[tokio::test]
    async fn grpc_describes_itself_on_the_admin_port_alone() {
        let readiness = || Readiness::new(Vec::new(), Vec::new());
        for version in ["v1", "v1alpha"] {
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            // The method is there: what it refuses is the verb.
            assert_ne!(ask(admin(readiness()), &path).await.0, 404);
            assert_eq!(ask(routes(readiness()), &path).await.0, 404);
        }
        assert_eq!(ask(admin(readiness()), "/nothing/here").await.0, 404);
    }
}
