//! What the head of a request shows of its end and of what it asks for.

use httparse::{EMPTY_HEADER, Header, Request, Status};

use crate::edge::Asked;

/// A head of more headers is not ours to judge.
const MOST_HEADERS: usize = 64;

/// What bytes are that begin with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sight<'b> {
    /// The beginning of a head.
    Part,
    /// A head, of a request of so many bytes with its body.
    Request(Asked<'b>, usize),
    /// Something whose end cannot be told from its head alone, or after which the connection is used otherwise.
    Odd,
}

impl<'b> Sight<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut request = Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(Status::Complete(head)) => plain(&request, head).unwrap_or(Self::Odd),
            Ok(Status::Partial) => Self::Part,
            Err(_) => Self::Odd,
        }
    }
}

/// A request of HTTP/1.1 that says how long it is and wants nothing but an answer.
fn plain<'b>(request: &Request<'_, 'b>, head: usize) -> Option<Sight<'b>> {
    if request.version != Some(1) {
        return None;
    }
    let (mut body, mut id) = (None, None);
    for header in &*request.headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            if body.replace(length(header)?).is_some() {
                return None;
            }
        } else if is("connection") {
            if !header.value.eq_ignore_ascii_case(b"keep-alive") {
                return None;
            }
        } else if is("transfer-encoding") || is("upgrade") || is("expect") {
            return None;
        } else if is("x-request-id") {
            id = id.or(std::str::from_utf8(header.value).ok());
        }
    }
    let asked = Asked {
        method: request.method?,
        target: request.path?,
        id,
    };
    Some(Sight::Request(asked, head.checked_add(body.unwrap_or(0))?))
}

fn length(header: &Header<'_>) -> Option<usize> {
    let text = std::str::from_utf8(header.value).ok()?;
    // A sign is no digit, though Rust reads one.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_what_is_asked_and_where_the_request_ends() {
        let bytes = b"POST /v1/lookup?a=b HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\nContent-Length: 7\r\n\r\n{\"a\":1}GET";
        let asked = Asked {
            method: "POST",
            target: "/v1/lookup?a=b",
            id: Some("r1"),
        };
        assert_eq!(
            Sight::of(bytes),
            Sight::Request(asked, bytes.len() - b"GET".len())
        );
        let head = bytes.len() - b"{\"a\":1}GET".len();
        for end in 1..head {
            assert_eq!(Sight::of(&bytes[..end]), Sight::Part, "{end}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_odd() {
        for lines in [
            "transfer-encoding: chunked",
            "content-length: 3\r\ntransfer-encoding: chunked",
            "content-length: 3\r\ncontent-length: 3",
            "content-length: +3",
            "content-length: 3, 3",
            "content-length: ",
            "content-length: 99999999999999999999999",
            "connection: close",
            "connection: upgrade\r\nupgrade: h2c",
            "expect: 100-continue",
        ] {
            let bytes = format!("POST /v1/lookup HTTP/1.1\r\n{lines}\r\n\r\nabc");
            assert_eq!(Sight::of(bytes.as_bytes()), Sight::Odd, "{lines}");
        }
        for bytes in [
            "GET /v1/me HTTP/1.0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\u{16}\u{3}\u{1} no HTTP at all",
        ] {
            assert_eq!(Sight::of(bytes.as_bytes()), Sight::Odd, "{bytes:?}");
        }
        let many = "a: b\r\n".repeat(MOST_HEADERS + 1);
        let bytes = format!("GET /v1/me HTTP/1.1\r\n{many}\r\n");
        assert_eq!(Sight::of(bytes.as_bytes()), Sight::Odd);
    }
}
