//! What handlers read of a request, with every refusal a problem that names the field and never its value.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequest, FromRequestParts, Path as AxumPath, Query as AxumQuery, Request},
};
use http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use marque_errors::Violation;
use serde::de::DeserializeOwned;

use crate::{
    problem::{Answer, Failure},
    state::App,
};

/// Longest name of a field that is repeated to the caller.
const NAME_SHOWN: usize = 64;

/// A JSON body. Fields that the contract does not know are refused by name.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// Query parameters; unknown ones are refused by name.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// Parameters in the path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        if !is_type(request.headers(), &["application/json"]) {
            return Err(wrong_type("application/json"));
        }
        let bytes = read_body(request, app.settings.max_body_bytes).await?;
        read_json(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        read_query(&parts.uri).map(Self)
    }
}

fn read_query<T: DeserializeOwned>(uri: &Uri) -> Answer<T> {
    let read = AxumQuery::<T>::try_from_uri(uri);
    read.map(|AxumQuery(query)| query)
        .map_err(|rejection| Failure::fields(vec![query_violation(&rejection.body_text())]))
}

/// Reads "Failed to deserialize query string: NAME: what serde says"; of a repeated parameter serde says no place.
fn query_violation(text: &str) -> Violation {
    let said = text.split_once(": ").map_or(text, |(_, said)| said);
    match said.split_once(": ") {
        Some((name, message)) if !name.contains([' ', '`']) => violation(name, message),
        _ if said.contains('`') => violation(".", said),
        _ => violation("query", said),
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let read = AxumPath::<T>::from_request_parts(parts, state).await;
        read.map(|AxumPath(path)| Self(path))
            .map_err(|_| Failure::invalid("PATH_INVALID", "the path is not percent-encoded UTF-8"))
    }
}

/// Refuses the parameters of a query where there are none to give, as [`Query`] does those that it does not know.
pub(crate) fn refuse_query(uri: &Uri) -> Answer<()> {
    if uri.query().unwrap_or_default().is_empty() {
        return Ok(());
    }
    let given = AxumQuery::<Vec<(String, String)>>::try_from_uri(uri).ok();
    let first = given.and_then(|AxumQuery(pairs)| pairs.into_iter().next());
    let name = first.map_or_else(|| "query".to_owned(), |(name, _)| name);
    let shown: String = name.chars().take(NAME_SHOWN).collect();
    let words = "there is no such field: leave it out; this operation has none";
    Err(Failure::field(shown, "UNKNOWN_FIELD", words))
}

/// Whether the body is said to be of one of these types.
pub(crate) fn is_type(headers: &HeaderMap, types: &[&str]) -> bool {
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = said
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    types.iter().any(|kind| essence.eq_ignore_ascii_case(kind))
}

/// 415: the body is of another type.
pub(crate) fn wrong_type(expected: &str) -> Failure {
    let detail = format!("send the body as {expected} and say so in Content-Type");
    Failure::invalid("CONTENT_TYPE_UNSUPPORTED", detail)
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

/// Refuses a body that is said to be compressed: 415.
pub(crate) fn refuse_coding(headers: &HeaderMap) -> Answer<()> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_none_or(|coding| coding == "identity") {
        return Ok(());
    }
    let detail = "send the body uncompressed, without Content-Encoding";
    let failure = Failure::invalid("CONTENT_ENCODING_UNSUPPORTED", detail);
    Err(failure.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// Reads a whole body of at most `limit` bytes; a declared length above it is refused before a byte is read.
pub(crate) async fn read_body(request: Request, limit: usize) -> Answer<Bytes> {
    refuse_coding(request.headers())?;
    let body: Body = request.into_body();
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(_) => Err(Failure::invalid(
            "BODY_BROKEN",
            "the body broke off before its end: send it again",
        )),
    }
}

fn too_large(limit: usize) -> Failure {
    let detail =
        format!("the body is larger than {limit} bytes: many rows go through POST /v1/imports");
    Failure::invalid("BODY_TOO_LARGE", detail).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Reads a JSON object; looks for the place of an error only when there is one.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    if has_nul(bytes) {
        let detail = "a text holds the character U+0000, which no store keeps: leave it out";
        return Err(Failure::invalid("JSON_INVALID", detail));
    }
    if is_no_object(bytes) {
        let message = "expected an object: names with their values, in braces";
        return Err(Failure::field("body", "FORMAT", message));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            let mut again = serde_json::Deserializer::from_slice(bytes);
            if let Err(located) = serde_path_to_error::deserialize::<_, T>(&mut again) {
                let path = located.path().to_string();
                return Failure::fields(vec![violation(&path, &located.into_inner().to_string())]);
            }
        }
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::invalid(
            "JSON_INVALID",
            format!("the body is not JSON that can be read: see {place}"),
        )
    })
}

/// Whether JSON begins as something else than an object. A list would be read as an object's fields in their order.
fn is_no_object(json: &[u8]) -> bool {
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(
        first,
        Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    )
}

/// Whether a text of the JSON has U+0000, which JSON can only write as an escape.
fn has_nul(json: &[u8]) -> bool {
    let is_escape = |(at, six): (usize, &[u8])| {
        let before = json[..at].iter().rev();
        let backslashes = before.take_while(|byte| **byte == b'\\').count();
        six == br"\u0000" && backslashes.is_multiple_of(2)
    };
    json.windows(6).enumerate().any(is_escape)
}

/// What serde found wrong, without the value it may quote.
pub(crate) fn violation(path: &str, message: &str) -> Violation {
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?;
        let name = rest.split('`').next().unwrap_or_default();
        Some(name.chars().take(NAME_SHOWN).collect::<String>())
    };
    let expected =
        message
            .rfind(", expected ")
            .map_or("a value of the kind that the field has", |at| {
                let words = &message[at + ", expected ".len()..];
                words.rfind(" at line ").map_or(words, |end| &words[..end])
            });
    let within = |name: &str| match path.rsplit_once('.') {
        Some((parent, last)) if last == name => format!("{parent}.{name}"),
        _ if path == name || path == "." || path == "?" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    if let Some(name) = quoted("unknown field `") {
        Violation::new(
            within(&name),
            "UNKNOWN_FIELD",
            format!("there is no such field: leave it out; known: {expected}"),
        )
    } else if let Some(name) = quoted("missing field `") {
        Violation::new(within(&name), "REQUIRED", "the field is needed")
    } else if let Some(name) = quoted("duplicate field `") {
        Violation::new(
            within(&name),
            "REPEATED",
            "the field is there twice: keep one",
        )
    } else {
        Violation::new(path, "FORMAT", format!("expected {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Row {
        phone: String,
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Line {
        count: u32,
    }

    fn refusal(json: &str) -> (String, String, String) {
        let response = read_json::<Row>(json.as_bytes()).unwrap_err();
        let text = format!("{response:?}");
        assert!(!text.contains("13800138000"), "a value leaked");
        let problem = response.problem();
        let violation = problem.violations.first().cloned();
        let violation = violation.unwrap_or_else(|| Violation::new("", "", ""));
        (problem.reason.clone(), violation.field, violation.reason)
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Page {
        page_size: u32,
        page_token: String,
    }

    #[test]
    fn a_wrong_query_is_refused_by_the_name_of_its_parameter() {
        for (query, field, why) in [
            ("page_size=1&page_size=2", "page_size", "REPEATED"),
            (
                "page_token=a&page_size=1&page_token=b",
                "page_token",
                "REPEATED",
            ),
            ("color=13800138000", "color", "UNKNOWN_FIELD"),
            ("page_size=13800138000x", "page_size", "FORMAT"),
        ] {
            let uri = format!("/v1/dealers?{query}").parse().expect("a URI");
            let failure = read_query::<Page>(&uri).unwrap_err();
            assert!(!format!("{failure:?}").contains("13800138000"), "{query}");
            let violation = &failure.problem().violations[0];
            assert_eq!(
                (violation.field.as_str(), violation.reason.as_str()),
                (field, why),
                "{query}"
            );
        }
    }

    #[test]
    fn a_wrong_body_is_refused_by_field_and_never_by_value() {
        let cases = [
            (
                r#"{"phone":"1","lines":[],"color":"13800138000"}"#,
                ("INVALID_ARGUMENT", "color", "UNKNOWN_FIELD"),
            ),
            (
                r#"{"phone":"1","lines":[{"count":1,"x":2}]}"#,
                ("INVALID_ARGUMENT", "lines[0].x", "UNKNOWN_FIELD"),
            ),
            (
                r#"{"phone":"1","lines":[{"count":"13800138000"}]}"#,
                ("INVALID_ARGUMENT", "lines[0].count", "FORMAT"),
            ),
            (r#"{"lines":[]}"#, ("INVALID_ARGUMENT", "phone", "REQUIRED")),
            (
                r#"{"phone":"1","phone":"2","lines":[]}"#,
                ("INVALID_ARGUMENT", "phone", "REPEATED"),
            ),
            (
                r#" ["13800138000",[]]"#,
                ("INVALID_ARGUMENT", "body", "FORMAT"),
            ),
            (r#""13800138000""#, ("INVALID_ARGUMENT", "body", "FORMAT")),
            ("null", ("INVALID_ARGUMENT", "body", "FORMAT")),
            (r#"{"phone":"13800138000""#, ("JSON_INVALID", "", "")),
            ("", ("JSON_INVALID", "", "")),
            (
                r#"{"phone":"1\u0000","lines":[]}"#,
                ("JSON_INVALID", "", ""),
            ),
        ];
        for (json, (reason, field, why)) in cases {
            let found = refusal(json);
            assert_eq!(
                found,
                (reason.to_owned(), field.to_owned(), why.to_owned()),
                "{json}"
            );
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(refusal(&deep).0, "INVALID_ARGUMENT");
    }
}
