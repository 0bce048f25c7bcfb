//! Answers where there is no route.

use axum::{extract::Request, response::Response};
use http::{HeaderValue, StatusCode};
use marque_errors::ErrorCode;
use marque_rpc::{REQUEST_ID, RequestId};

use crate::problem::Failure;

/// 404: no such route.
pub(crate) async fn not_found(request: Request) -> Response {
    let failure = Failure::new(
        ErrorCode::NotFound,
        "ROUTE_UNKNOWN",
        "there is no such path: /openapi.json lists them all",
    );
    answer(failure, &request)
}

/// 405: the route has other methods.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let failure = Failure::invalid(
        "METHOD_NOT_ALLOWED",
        "the path does not have this method: the header Allow lists those it has",
    );
    answer(
        failure.with_status(StatusCode::METHOD_NOT_ALLOWED),
        &request,
    )
}

fn answer(failure: Failure, request: &Request) -> Response {
    let id = RequestId::of(request.headers());
    let mut response = failure.render(id.as_str());
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
