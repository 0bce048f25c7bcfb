//! Answers: JSON, versions as ETags, preconditions.

use axum::{body::Body, extract::FromRequestParts, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use marque_errors::ErrorCode;
use serde::Serialize;

use crate::{
    numbers::to_json,
    problem::{Answer, Failure},
};

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = to_json(body).expect("a view is maps with text keys");
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// A JSON answer that went well.
#[expect(clippy::unnecessary_wraps, reason = "the last line of most handlers")]
pub(crate) fn ok(body: &impl Serialize) -> Answer {
    Ok(json(StatusCode::OK, body))
}

/// The answer with an ETag of the version.
pub(crate) fn tagged(mut response: Response, version: i64) -> Response {
    response.headers_mut().insert(header::ETAG, etag(version));
    response
}

/// The answer with a `Location`. A path that is no header value is left out.
pub(crate) fn located(mut response: Response, path: String) -> Response {
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotes are a header value")
}

/// The tag of a view that may change while the thing does not: `"7.3"` is edition 3 of how version 7 is shown.
fn etag_of_edition(version: i64, edition: i64) -> HeaderValue {
    if edition == 0 {
        return etag(version);
    }
    HeaderValue::try_from(format!("\"{version}.{edition}\""))
        .expect("digits in quotes are a header value")
}

/// The edition that an owner's id makes: another for each owner, but for one chance in four thousand million.
fn edition_of(owner: &str) -> i64 {
    let drawn = owner.len().saturating_sub(8);
    let drawn = owner
        .get(drawn..)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    drawn.map_or(0, i64::from)
}

/// The version of what must not be there yet, as services take it.
const ABSENT: i64 = -1;

/// `If-Match` and `If-None-Match` of a request (RFC 9110, 13.1).
#[derive(Debug, Default)]
pub(crate) struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Debug)]
enum Tags {
    Any,
    Versions(Vec<Tag>),
}

#[derive(Debug, Clone, Copy)]
struct Tag {
    version: i64,
    /// 0 if the tag names none.
    edition: i64,
    is_weak: bool,
}

impl Preconditions {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            if_match: Tags::of(headers, header::IF_MATCH),
            if_none_match: Tags::of(headers, header::IF_NONE_MATCH),
        }
    }

    /// Whether `If-Match` was sent.
    pub(crate) fn wants_match(&self) -> bool {
        self.if_match.is_some()
    }

    /// The one version that `If-Match` names, for services that compare it in their own transaction.
    pub(crate) fn expected_version(&self) -> Answer<Option<i64>> {
        match &self.if_match {
            None => Ok(None),
            Some(Tags::Versions(versions)) => match versions.as_slice() {
                [tag] if tag.version > 0 && !tag.is_weak => Ok(Some(tag.version)),
                _ => Err(not_met()),
            },
            Some(Tags::Any) => Err(Failure::invalid(
                "PRECONDITION_UNSUPPORTED",
                "If-Match takes the one ETag that was read, not `*`",
            )),
        }
    }

    /// The version that a write replaces, as services compare it in their own transaction: 0 if any, [`ABSENT`] if there must be
    /// none.
    pub(crate) fn replaced_version(&self) -> Answer<i64> {
        match self.expected_version()? {
            None if self.wants_absence() => Ok(ABSENT),
            Some(_) if self.wants_absence() => Err(not_met()),
            version => Ok(version.unwrap_or(0)),
        }
    }

    /// What a write failed with, as its conditions want it told: 412 if the thing is in another version than the one named, which
    /// services call `…_CHANGED`, or is there though it must not be. Other conflicts stay what they are.
    pub(crate) fn told(&self, failure: Failure) -> Failure {
        let is_other_version = failure.reason().ends_with("_CHANGED");
        let is_there = is_other_version || failure.code() == ErrorCode::AlreadyExists;
        if (self.wants_match() && is_other_version) || (self.wants_absence() && is_there) {
            not_met()
        } else {
            failure
        }
    }

    /// Whether something must not exist yet: `If-None-Match: *`.
    pub(crate) fn wants_absence(&self) -> bool {
        matches!(self.if_none_match, Some(Tags::Any))
    }

    /// Passes unless what is always there must not be.
    pub(crate) fn check_standing(&self) -> Answer<()> {
        if self.wants_absence() {
            Err(not_met())
        } else {
            Ok(())
        }
    }

    /// Passes if what is there now is what the caller saw.
    pub(crate) fn check(&self, version: i64) -> Answer<()> {
        match &self.if_match {
            Some(tags) if !tags.match_strongly(version) => Err(not_met()),
            _ => Ok(()),
        }
    }

    /// The answer to a read: the view, 304 if the caller has it, 412 if he insists on another.
    pub(crate) fn read(&self, version: i64, view: &impl Serialize) -> Answer {
        self.read_edition(version, 0, view)
    }

    /// The same for a view that tells whose the thing is: that changes while the thing does not, by a merge or its undo.
    pub(crate) fn read_owned(&self, version: i64, owner: &str, view: &impl Serialize) -> Answer {
        self.read_edition(version, edition_of(owner), view)
    }

    /// The same for a view that may change while the thing does not. What is written names the version alone.
    pub(crate) fn read_edition(&self, version: i64, edition: i64, view: &impl Serialize) -> Answer {
        self.check(version)?;
        let known = self
            .if_none_match
            .as_ref()
            .is_some_and(|tags| tags.match_weakly(version, edition));
        let mut response = if known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            json(StatusCode::OK, view)
        };
        let tag = etag_of_edition(version, edition);
        response.headers_mut().insert(header::ETAG, tag);
        Ok(response)
    }
}

/// 412: somebody changed it first.
fn not_met() -> Failure {
    Failure::new(
        ErrorCode::Conflict,
        "PRECONDITION_FAILED",
        "it is not the version that If-Match or If-None-Match names: read it again",
    )
    .with_status(StatusCode::PRECONDITION_FAILED)
}

impl Tags {
    fn of(headers: &HeaderMap, name: HeaderName) -> Option<Self> {
        let mut versions = Vec::new();
        let mut sent = false;
        for value in headers.get_all(name) {
            sent = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                if tag == "*" {
                    return Some(Self::Any);
                }
                let (tag, is_weak) = tag
                    .strip_prefix("W/")
                    .map_or((tag, false), |tag| (tag, true));
                let digits = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                // A tag that none of ours could be matches nothing.
                let (version, edition) = digits.and_then(read_digits).unwrap_or((-1, 0));
                versions.push(Tag {
                    version,
                    edition,
                    is_weak,
                });
            }
        }
        sent.then_some(Self::Versions(versions))
    }

    fn match_strongly(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions
                .iter()
                .any(|tag| tag.version == version && !tag.is_weak),
        }
    }

    fn match_weakly(&self, version: i64, edition: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions
                .iter()
                .any(|tag| (tag.version, tag.edition) == (version, edition)),
        }
    }
}

/// Version and edition of a tag's text.
fn read_digits(digits: &str) -> Option<(i64, i64)> {
    let (version, edition) = digits.split_once('.').unwrap_or((digits, "0"));
    Some((version.parse().ok()?, edition.parse().ok()?))
}

impl<S: Send + Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preconditions(name: HeaderName, value: &'static str) -> Preconditions {
        Preconditions::of(&HeaderMap::from_iter([(
            name,
            HeaderValue::from_static(value),
        )]))
    }

    #[test]
    fn a_write_replaces_the_version_that_was_read_or_any_or_none() {
        let replaced = |seen: &Preconditions| seen.replaced_version().unwrap();
        assert_eq!(replaced(&Preconditions::default()), 0);
        let read = preconditions(header::IF_MATCH, "\"7\"");
        assert_eq!(replaced(&read), 7);
        let absent = preconditions(header::IF_NONE_MATCH, "*");
        assert_eq!(replaced(&absent), ABSENT);
        let both = Preconditions {
            if_match: read.if_match,
            ..absent
        };
        assert!(both.replaced_version().is_err(), "it cannot be both");
    }

    #[test]
    fn if_match_passes_the_version_that_was_read_and_no_other() {
        for (tags, passes) in [
            ("\"7\"", true),
            ("\"6\", \"7\"", true),
            ("*", true),
            ("\"6\"", false),
            ("W/\"7\"", false),
            ("7", false),
            ("", false),
        ] {
            let result = preconditions(header::IF_MATCH, tags).check(7);
            assert_eq!(result.is_ok(), passes, "{tags}");
        }
        assert!(Preconditions::default().check(7).is_ok());
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        for (tags, status) in [
            ("\"7\"", 304),
            ("W/\"7\"", 304),
            ("*", 304),
            ("\"8\"", 200),
            ("x", 200),
        ] {
            let response = preconditions(header::IF_NONE_MATCH, tags)
                .read(7, &"view")
                .unwrap();
            assert_eq!(response.status().as_u16(), status, "{tags}");
            assert_eq!(response.headers()[header::ETAG], "\"7\"");
        }
    }

    #[test]
    fn what_is_anothers_by_now_is_sent_again() {
        let [one, other] = [
            "cus_0193a1b2c3d47e5f8a9b0c1d0000000a",
            "cus_0193a1b2c3d47e5f8a9b0c1d0000000b",
        ];
        let seen = preconditions(header::IF_NONE_MATCH, "\"7.10\"");
        for (owner, status, tag) in [
            (one, 304, "\"7.10\""),
            (other, 200, "\"7.11\""),
            ("", 200, "\"7\""),
        ] {
            let response = seen.read_owned(7, owner, &"view").unwrap();
            assert_eq!(response.status().as_u16(), status, "{owner}");
            assert_eq!(response.headers()[header::ETAG], tag);
        }
    }

    #[test]
    fn another_edition_is_sent_and_may_be_written_over() {
        for (tags, status) in [("\"7.3\"", 304), ("\"7\"", 200), ("\"7.2\"", 200)] {
            let response = preconditions(header::IF_NONE_MATCH, tags)
                .read_edition(7, 3, &"view")
                .unwrap();
            assert_eq!(response.status().as_u16(), status, "{tags}");
            assert_eq!(response.headers()[header::ETAG], "\"7.3\"");
        }
        let seen = preconditions(header::IF_MATCH, "\"7.3\"");
        assert_eq!(seen.expected_version().unwrap(), Some(7));
        assert!(seen.check(7).is_ok());
        assert!(seen.check(8).is_err());
    }
}
