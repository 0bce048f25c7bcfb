//! Refuses requests of HTTP/1.1 from what their head shows, with an answer that lies ready: no route, no guard, no body and no JSON.
//!
//! At ten times what a server can do, nine requests in ten are refused, and what that costs is taken from the tenth.

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use http::Response;
use http_body_util::BodyExt as _;
use marque_errors::ErrorCode;
use marque_rpc::{REQUEST_ID, RequestId};
use metrics::{Histogram, histogram};

use super::{Class, Operation, headers::secure, pressure::Pressure};
use crate::problem::Failure;

/// Every route that has a guard.
const GUARDED: &str = "/v1/";
/// Stands for the route of what was refused before its route was known.
const ANY_ROUTE: &str = "/v1/{*any}";
/// Long enough to let a burst pass, short enough for a person who waits.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// That a request was let in at the door: the guard does not ask once more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LetIn;

/// Whom a process lets in.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    pressure: Arc<Pressure>,
    /// Operations for which nobody waits at a counter, or not for a thread.
    others: Vec<Arc<Operation>>,
    refusal: Refusal,
    /// How refusals are counted, by method.
    refused: [(&'static str, Histogram); 3],
}

/// An answer of which nothing is open but the id of its request.
#[derive(Debug)]
struct Refusal {
    /// The head up to the id.
    head: String,
    /// The body before and after the id.
    body: (String, String),
}

/// What can be known of a request before anything is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked<'r> {
    /// Method of HTTP.
    pub(crate) method: &'r str,
    /// The target, with its query.
    pub(crate) target: &'r str,
    /// The id that the caller gave it.
    pub(crate) id: Option<&'r str>,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is let in.
    LetIn,
    /// It is not, and gets these bytes for an answer.
    Refused(Vec<u8>),
    /// It has no guard, or none that could be known here.
    Unasked,
}

/// There is no room, or a store is late.
pub(super) fn overloaded() -> Failure {
    let words = "too many requests are in progress: wait as long as Retry-After says";
    Failure::new(ErrorCode::Unavailable, "OVERLOADED", words).with_retry_after(RETRY_AFTER)
}

impl Doorkeeper {
    /// Of a process with these operations.
    pub(crate) fn new(
        pressure: Arc<Pressure>,
        operations: impl IntoIterator<Item = Arc<Operation>>,
    ) -> Self {
        let others = operations
            .into_iter()
            .filter(|operation| operation.class != Class::Interactive);
        let refused = ["GET", "PUT", "POST"].map(|method| {
            let refused = histogram!(
                "http.server.request.duration",
                "http.request.method" => method,
                "http.route" => ANY_ROUTE,
                "http.response.status_code" => "503",
            );
            (method, refused)
        });
        Self {
            pressure,
            others: others.collect(),
            refusal: Refusal::of(overloaded()),
            refused,
        }
    }

    /// What becomes of a request. To be asked once for each.
    pub(crate) fn judge(&self, asked: Asked<'_>) -> Verdict {
        let Some((_, refused)) = self
            .refused
            .iter()
            .find(|(method, _)| *method == asked.method && asked.target.starts_with(GUARDED))
        else {
            return Verdict::Unasked;
        };
        let path = asked.target.split('?').next().unwrap_or_default();
        let class = self.class(asked.method, path);
        if self.pressure.admits(class, asked.method != "GET") {
            return Verdict::LetIn;
        }
        refused.record(Duration::ZERO);
        let id = asked
            .id
            .and_then(RequestId::parse)
            .unwrap_or_else(RequestId::random);
        Verdict::Refused(self.refusal.text(id.as_str()))
    }

    fn class(&self, method: &str, path: &str) -> Class {
        let found = self
            .others
            .iter()
            .find(|operation| operation.method == method && fits(&operation.route, path));
        found.map_or(Class::Interactive, |operation| operation.class)
    }
}

/// Whether a path is one of a template's.
fn fits(template: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let fit = template.split('/').all(|wanted| {
        given
            .next()
            .is_some_and(|given| wanted.starts_with('{') || wanted == given)
    });
    fit && given.next().is_none()
}

impl Refusal {
    /// As the guard would answer.
    fn of(failure: Failure) -> Self {
        let id = RequestId::random();
        let (parts, body) = Response::into_parts(secure(failure.render(id.as_str())));
        let body = body
            .collect()
            .now_or_never()
            .and_then(Result::ok)
            .and_then(|body| String::from_utf8(body.to_bytes().to_vec()).ok())
            .expect("a problem is text in memory");
        let (before, after) = body
            .split_once(id.as_str())
            .expect("a problem names its request");
        let mut head = format!("HTTP/1.1 {}\r\n", parts.status);
        for (name, value) in &parts.headers {
            let value = value.to_str().expect("our own headers are ASCII");
            head = head + name.as_str() + ": " + value + "\r\n";
        }
        Self {
            head: head + REQUEST_ID.as_str() + ": ",
            body: (before.to_owned(), after.to_owned()),
        }
    }

    fn text(&self, id: &str) -> Vec<u8> {
        let (head, (before, after)) = (&self.head, &self.body);
        let length = before.len() + id.len() + after.len();
        format!("{head}{id}\r\ncontent-length: {length}\r\n\r\n{before}{id}{after}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backlog;

    fn operation(method: &'static str, route: &str, class: Class) -> Arc<Operation> {
        Arc::new(Operation {
            method,
            route: route.into(),
            rpc: "",
            class,
            takes_query: false,
        })
    }

    fn doorkeeper() -> Doorkeeper {
        let pressure = Pressure::new(Duration::from_millis(100), Backlog::NONE);
        Doorkeeper::new(
            Arc::new(pressure),
            [
                operation("GET", "/v1/customers/{id}", Class::Interactive),
                operation("GET", "/v1/scores/pyramid", Class::Figures),
                operation("POST", "/v1/imports", Class::Transfer),
                operation("GET", "/v1/imports/{id}/quarantine", Class::Transfer),
            ],
        )
    }

    fn ask(method: &'static str, target: &'static str) -> Asked<'static> {
        Asked {
            method,
            target,
            id: Some("mine-1"),
        }
    }

    #[test]
    fn the_answer_is_the_guards_and_bears_the_callers_id() {
        let keeper = doorkeeper();
        let asked = ask("GET", "/v1/customers/1");
        assert_eq!(keeper.judge(asked), Verdict::LetIn);
        keeper.pressure.refuse_all(true);
        let Verdict::Refused(answer) = keeper.judge(asked) else {
            panic!("nobody is let in");
        };
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        let length = format!("content-length: {}", body.len());
        for line in [
            "content-type: application/problem+json",
            "retry-after: 1",
            "x-request-id: mine-1",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            length.as_str(),
        ] {
            assert!(head.lines().any(|found| found == line), "{line}: {head}");
        }
        let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["reason"], "OVERLOADED");
        assert_eq!(problem["request_id"], "mine-1");
        // An id that could forge a line of a log becomes one of our own.
        let asked = Asked {
            id: Some("a b"),
            ..asked
        };
        let Verdict::Refused(answer) = keeper.judge(asked) else {
            panic!("nobody is let in");
        };
        assert!(!String::from_utf8(answer).expect("text").contains("a b"));
    }

    #[test]
    fn what_has_no_guard_is_never_refused() {
        let keeper = doorkeeper();
        keeper.pressure.refuse_all(true);
        for (method, target) in [
            ("GET", "/livez"),
            ("GET", "/readyz"),
            ("GET", "/openapi.json"),
            ("OPTIONS", "/v1/customers/1"),
            ("GET", "http://marque/v1/customers/1"),
        ] {
            assert_eq!(keeper.judge(ask(method, target)), Verdict::Unasked);
        }
    }

    #[test]
    fn files_and_figures_are_known_by_their_paths() {
        let keeper = doorkeeper();
        for (method, path, class) in [
            ("GET", "/v1/customers/1", Class::Interactive),
            ("GET", "/v1/scores/pyramid", Class::Figures),
            ("GET", "/v1/scores/pyramid/1", Class::Interactive),
            ("POST", "/v1/imports", Class::Transfer),
            ("GET", "/v1/imports", Class::Interactive),
            ("GET", "/v1/imports/imp_1/quarantine", Class::Transfer),
            ("GET", "/v1/nothing", Class::Interactive),
        ] {
            assert_eq!(keeper.class(method, path), class, "{method} {path}");
        }
    }
}
