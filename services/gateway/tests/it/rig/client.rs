//! Requests into the router and what comes out.

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Of a file that is no text, what could be read of it.
    pub(crate) text: String,
    pub(crate) bytes: Bytes,
}

/// A request with a token and, unless empty, a JSON body.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

pub(super) async fn send(router: Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| Value::String(self.text.clone()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn reason(&self) -> String {
        self.json()["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Status, the headers that are part of the contract, and the body without the request's id and what is sealed.
    pub(crate) fn snapshot(&self) -> Value {
        let mut body = self.json();
        if let Some(id) = body.get_mut("request_id") {
            *id = json!("[id]");
        }
        if let Some(token) = body
            .get_mut("next_page_token")
            .filter(|token| **token != "")
        {
            *token = json!("[sealed]");
        }
        if self.header("content-type") == Some("text/event-stream") {
            body = json!(without_event_ids(&self.text));
        }
        let shown = [
            "content-type",
            "etag",
            "location",
            "retry-after",
            "allow",
            "www-authenticate",
            "idempotency-key",
            "content-disposition",
        ];
        let headers: serde_json::Map<String, Value> = shown
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), json!(self.header(name)?))))
            .collect();
        json!({"status": self.status.as_u16(), "headers": headers, "body": body})
    }
}

/// A stream of events without their ids, which are sealed.
fn without_event_ids(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        if line.starts_with("id: ") {
            "id: [sealed]"
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
