//! Files of a case: their bytes stream through, nothing is kept here.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use marque_api::complaint::v1::{
    self as pb, add_attachment_request::Part, get_attachment_response::Part as Given,
};
use serde::Serialize;
use tokio::sync::oneshot;
use tonic::Status;
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, json, located, ok},
    edge::Call,
    extract::Path,
    intake::{ImportError, reported, until_broken},
    problem::{Answer, Failure},
    state::App,
    values::{Binary, Instant, instant, views},
};

/// The name of a file, percent-encoded UTF-8: names of files name people, so it does not stand in the URL.
const NAME: HeaderName = HeaderName::from_static("x-marque-name");
/// Bytes a message, well below what a gRPC message may hold.
const CHUNK: usize = 1 << 20;

/// Messages of a file, or why there are no more.
type Parts = BoxStream<'static, Result<pb::AddAttachmentRequest, ImportError>>;

/// A file of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintAttachment)]
pub(crate) struct AttachmentView {
    /// Id.
    id: String,
    /// Media type by its bytes.
    #[schema(example = "image/jpeg")]
    media_type: String,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Bytes.
    size: i64,
    /// SHA-256 of its bytes, hex.
    sha256: String,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    added_at: Option<Instant>,
    /// Who brought it.
    added_by: String,
}

impl From<pb::Attachment> for AttachmentView {
    fn from(attachment: pb::Attachment) -> Self {
        let pb::Attachment {
            id,
            media_type,
            name,
            size,
            sha256,
            added_at,
            added_by,
        } = attachment;
        Self {
            id,
            media_type,
            name,
            size,
            sha256,
            added_at: instant(added_at),
            added_by,
        }
    }
}

/// Keep a file with a case: a picture, a recording or a PDF, as its bytes say.
///
/// The body is the file itself; Content-Type is not believed.
#[utoipa::path(post, path = "/v1/complaints/{id}/attachments", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"),
        ("x-marque-name" = Option<String>, Header, description = "Name of the file, percent-encoded UTF-8", example = "brake%20pad.jpg")),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, description = "The file as it is kept", body = AttachmentView)))]
pub(crate) async fn add_attachment(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let start = pb::AttachmentStart {
        id: id.clone(),
        name: name(request.headers())?,
        sha256: String::new(),
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let first = stream::once(std::future::ready(Ok(message(Part::Start(start)))));
    let parts: Parts = first.chain(chunks(request.into_body())).boxed();
    let (report, broken) = oneshot::channel();
    let messages = until_broken(parts, app.settings.body_stall, report);
    let mut client = app.clients.complaint.client();
    let sent = client.add_attachment(call.outgoing_write(()).map(|()| messages));
    // A file that breaks off must not look like one that came to its end.
    let sent = tokio::select! {
        biased;
        error = reported(broken) => Err(Status::from(error)),
        answer = sent => answer,
    };
    let sent = sent.map_err(|status| conditions.told(status.into()))?;
    let attachment = call.answered(sent).attachment.unwrap_or_default();
    let path = format!("/v1/complaints/{id}/attachments/{}", attachment.id);
    Ok(located(
        json(StatusCode::CREATED, &AttachmentView::from(attachment)),
        path,
    ))
}

fn message(part: Part) -> pb::AddAttachmentRequest {
    pb::AddAttachmentRequest { part: Some(part) }
}

/// The body in messages that are not too large.
fn chunks(body: Body) -> Parts {
    let messages = body.into_data_stream().flat_map(|bytes| {
        let parts: Vec<_> = match bytes {
            Ok(bytes) => pieces(bytes)
                .map(|piece| Ok(message(Part::Chunk(piece))))
                .collect(),
            Err(_) => vec![Err(ImportError::Broken)],
        };
        stream::iter(parts)
    });
    messages.boxed()
}

fn pieces(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = bytes.len().min(CHUNK);
        (length > 0).then(|| bytes.split_to(length))
    })
}

fn name(headers: &HeaderMap) -> Answer<String> {
    let Some(value) = headers.get(NAME) else {
        return Ok(String::new());
    };
    let wrong = || Failure::field(NAME.as_str(), "FORMAT", "percent-encoded UTF-8");
    let decoded = decode(value.as_bytes()).ok_or_else(wrong)?;
    String::from_utf8(decoded).map_err(|_| wrong())
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            decoded.push(first);
            rest = after;
        }
    }
    Some(decoded)
}

/// The files of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintAttachments {
    /// Oldest first.
    attachments: Vec<AttachmentView>,
}

/// What files a case has.
#[utoipa::path(get, path = "/v1/complaints/{id}/attachments", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, description = "Its files, without their bytes", body = ComplaintAttachments)))]
pub(crate) async fn list_attachments(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    let list = app.clients.complaint.read(
        &call,
        pb::ListAttachmentsRequest { id },
        |mut client, request| async move { client.list_attachments(request).await },
    );
    ok(&ComplaintAttachments {
        attachments: views(list.await?.attachments),
    })
}

/// The bytes of one file. That it was read goes on record.
#[utoipa::path(get, path = "/v1/complaints/{id}/attachments/{attachment}", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"), ("attachment" = String, Path, description = "The file")),
    responses((status = 200, description = "Its bytes, of the type that they are", content((Binary = "application/pdf"), (Binary = "image/*"), (Binary = "audio/*"), (Binary = "video/*")))))]
pub(crate) async fn get_attachment(
    State(app): State<App>,
    call: Call,
    Path((id, attachment_id)): Path<(String, String)>,
) -> Answer {
    let request = pb::GetAttachmentRequest {
        id,
        attachment_id,
        personal_data: false,
    };
    let mut client = app.clients.complaint.client();
    let answer = client.get_attachment(call.meta.outgoing(request)).await?;
    let mut parts = answer.into_inner();
    let Some(Given::Attachment(attachment)) = parts.message().await?.and_then(|first| first.part)
    else {
        return Err(Status::internal("a file came without its description").into());
    };
    let bytes = parts.map(|part| {
        part.map(|part| match part.part {
            Some(Given::Chunk(bytes)) => bytes,
            _ => Bytes::new(),
        })
    });
    let mut response = Response::new(Body::from_stream(bytes));
    describe(response.headers_mut(), &attachment);
    Ok(response)
}

/// Type, length and name; a browser is told to save it, not to show it.
fn describe(headers: &mut HeaderMap, attachment: &pb::Attachment) {
    let text = |value: &str| HeaderValue::from_str(value).ok();
    let name = if attachment.name.is_empty() {
        &attachment.id
    } else {
        &attachment.name
    };
    let disposition = format!("attachment; filename*=UTF-8''{}", encode(name));
    let described = [
        (header::CONTENT_TYPE, text(&attachment.media_type)),
        (header::CONTENT_DISPOSITION, text(&disposition)),
        (header::ETAG, text(&format!("\"{}\"", attachment.sha256))),
    ];
    for (name, value) in described {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CONTENT_LENGTH, attachment.size.into());
}

/// Percent-encoded but for what RFC 8187 lets stand.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes whatever is written");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_its_header() {
        for name in ["brake pad.jpg", "刹车片.jpg", "100%", ""] {
            assert_eq!(decode(encode(name).as_bytes()).unwrap(), name.as_bytes());
        }
        for wrong in ["%", "%4", "%zz"] {
            assert_eq!(decode(wrong.as_bytes()), None);
        }
    }

    #[test]
    fn no_message_is_larger_than_a_chunk() {
        let lengths: Vec<usize> = pieces(Bytes::from(vec![0; CHUNK * 2 + 3]))
            .map(|piece| piece.len())
            .collect();
        assert_eq!(lengths, [CHUNK, CHUNK, 3]);
        assert_eq!(pieces(Bytes::new()).count(), 0);
    }
}
