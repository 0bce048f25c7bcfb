//! Files of cases on gRPC: bytes come and go in chunks, of which none is larger than a message may be.

use marque_api::complaint::v1::{
    self as pb, add_attachment_request::Part, get_attachment_response::Part as Given,
};
use tonic::{Request, Status, Streaming};

use super::{ComplaintGrpc, care, read};
use crate::{
    app::{NewFile, Reading, Wanted},
    error::{Error, Result},
};

/// Bytes a message, well below the 4 MiB that a client takes if nobody tells him otherwise.
const CHUNK: usize = 1 << 20;

/// A file on its way out.
pub(crate) type Bytes =
    tokio_stream::Iter<std::vec::IntoIter<std::result::Result<pb::GetAttachmentResponse, Status>>>;

impl ComplaintGrpc {
    pub(super) async fn add_attachment_of(
        &self,
        request: Request<Streaming<pb::AddAttachmentRequest>>,
    ) -> Result<pb::AddAttachmentResponse> {
        let (ctx, _, key, mut parts) = read(request)?;
        let Some(Part::Start(start)) = next(&mut parts).await? else {
            return Err(Error::FileOutOfOrder);
        };
        let wanted = Wanted::read(&start.id)?;
        let case = self.app.expect_room(ctx.clone(), wanted).await?;
        let bytes = collect(parts, self.app.max_file_bytes()).await?;
        let file = NewFile {
            name: start.name.clone(),
            sha256: start.sha256.clone(),
            bytes,
        };
        let case = (case, start.expected_version);
        // The same start with the same bytes is the same request, whether or not the caller said their digest.
        let wire = |attachment: &crate::domain::Attachment| pb::AttachmentStart {
            sha256: hex::encode(&attachment.digest),
            ..start
        };
        self.app
            .attach(ctx, key, case, file, wire, |attachment| {
                pb::AddAttachmentResponse {
                    attachment: Some(care::attachment_to_pb(attachment)),
                }
            })
            .await
    }

    pub(super) async fn list_attachments_of(
        &self,
        request: Request<pb::ListAttachmentsRequest>,
    ) -> Result<pb::ListAttachmentsResponse> {
        let (ctx, _, _, request) = read(request)?;
        let wanted = Wanted::read(&request.id)?;
        let attachments = self.app.list_attachments(ctx, wanted).await?;
        Ok(pb::ListAttachmentsResponse {
            attachments: attachments
                .into_iter()
                .map(care::attachment_to_pb)
                .collect(),
        })
    }

    pub(super) async fn get_attachment_of(
        &self,
        request: Request<pb::GetAttachmentRequest>,
    ) -> Result<Bytes> {
        let (ctx, _, _, request) = read(request)?;
        let wanted = Wanted::read(&request.id)?;
        let id = care::attachment_id(&request.attachment_id)?;
        let reading = Reading::of(request.personal_data);
        let (attachment, bytes) = self.app.read_attachment(ctx, (wanted, reading), id).await?;
        let first = Given::Attachment(care::attachment_to_pb(attachment));
        let chunks = bytes
            .chunks(CHUNK)
            .map(|chunk| Given::Chunk(chunk.to_vec().into()));
        let parts: Vec<_> = std::iter::once(first)
            .chain(chunks)
            .map(|part| Ok(pb::GetAttachmentResponse { part: Some(part) }))
            .collect();
        Ok(tokio_stream::iter(parts))
    }
}

async fn next(parts: &mut Streaming<pb::AddAttachmentRequest>) -> Result<Option<Part>> {
    let message = parts.message().await.map_err(|_| Error::FileBroken)?;
    message
        .map(|message| message.part.ok_or(Error::FileOutOfOrder))
        .transpose()
}

/// The bytes to their end, as long as they are not too many.
async fn collect(mut parts: Streaming<pb::AddAttachmentRequest>, most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(part) = next(&mut parts).await? {
        let Part::Chunk(chunk) = part else {
            return Err(Error::FileOutOfOrder);
        };
        if bytes.len() + chunk.len() > most {
            return Err(Error::FileTooLarge(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
