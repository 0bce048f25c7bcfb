//! `/openapi.json`, `/docs` and the pages of reasons: all out of the binary, so that they load with no network.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, header};
use tower_http::compression::CompressionLayer;

use crate::{edge, openapi::openapi};

/// One page without anything from elsewhere: it renders the document it finds at `/openapi.json`.
const PAGE: &str = include_str!("docs.html");

/// The page runs its own inline script and style, and reads from this server alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
);

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi);

/// Documents for people and programs, compressed where the caller asks for it.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(page))
        .route("/docs/errors/{reason}", get(reason))
        .layer(CompressionLayer::new())
}

async fn document() -> Response {
    answer(DOCUMENT.as_str(), "application/json")
}

async fn page() -> Response {
    let mut response = answer(PAGE, "text/html; charset=utf-8");
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// The page that the `type` of a problem names.
async fn reason(Path(reason): Path<String>, request: axum::extract::Request) -> Response {
    match reasons::PAGES.iter().find(|(name, _)| *name == reason) {
        Some((_, text)) => answer(text, "text/markdown; charset=utf-8"),
        None => edge::not_found(request).await,
    }
}

fn answer(text: &'static str, kind: &'static str) -> Response {
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        text,
    )
        .into_response()
}

/// Every page of `docs/errors`, put into the binary by the build script.
mod reasons {
    include!(concat!(env!("OUT_DIR"), "/reasons.rs"));
}
