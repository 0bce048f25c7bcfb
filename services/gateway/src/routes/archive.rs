//! An archive of personal data, sent while it is written: files of cases may be large, and none is held here whole.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
    vec,
};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use marque_api::complaint::v1::{
    Attachment, Complaint, GetAttachmentRequest, GetAttachmentResponse,
    complaint_service_client::ComplaintServiceClient, get_attachment_response::Part,
};
use marque_rpc::{CallMeta, RpcTransport};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tonic::Streaming;
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// A file of a case.
#[derive(Debug, Clone)]
pub(super) struct CaseFile {
    case: String,
    attachment: String,
    /// Where it lies in the archive.
    path: String,
}

impl CaseFile {
    /// The files of a case.
    pub(super) fn of(case: &Complaint) -> impl Iterator<Item = Self> {
        case.attachments.iter().map(move |attachment| Self {
            case: case.id.clone(),
            attachment: attachment.id.clone(),
            path: format!("attachments/{}/{}", case.number, name_of(attachment)),
        })
    }
}

/// A name that no other file of the case has, and that leads out of no folder.
fn name_of(attachment: &Attachment) -> String {
    let name = attachment.name.replace(['/', '\\'], "_");
    if name.is_empty() {
        attachment.id.clone()
    } else {
        format!("{} {name}", attachment.id)
    }
}

/// Where the bytes of files come from.
pub(super) struct Source {
    /// The complaint role.
    pub(super) client: ComplaintServiceClient<RpcTransport>,
    /// The caller, for as long as the archive takes.
    pub(super) meta: CallMeta,
}

impl Source {
    async fn fetch(&self, file: CaseFile) -> io::Result<Streaming<GetAttachmentResponse>> {
        let request = GetAttachmentRequest {
            id: file.case,
            attachment_id: file.attachment,
            personal_data: true,
        };
        let mut client = self.client.clone();
        let answer = client.get_attachment(self.meta.outgoing(request)).await;
        Ok(answer.map_err(io::Error::other)?.into_inner())
    }
}

/// What was written and is not sent yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock()).into()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive on its way.
struct Archive {
    /// `None` once it is whole.
    writer: Option<ZipWriter<StreamWriter<Written>>>,
    written: Written,
    files: vec::IntoIter<CaseFile>,
    /// The file that is being written.
    open: Option<Streaming<GetAttachmentResponse>>,
    source: Source,
}

/// An archive with a JSON file for each part of the data, and the files as they are. Where one of these cannot be had, the archive breaks off
/// and cannot be opened.
pub(super) fn archive(
    parts: &Map<String, Value>,
    files: Vec<CaseFile>,
    source: Source,
) -> io::Result<Body> {
    let written = Written::default();
    let mut writer = ZipWriter::new_stream(written.clone());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, part) in parts {
        writer.start_file(format!("{name}.json"), options)?;
        writer.write_all(&serde_json::to_vec_pretty(part)?)?;
    }
    let archive = Archive {
        writer: Some(writer),
        written,
        files: files.into_iter(),
        open: None,
        source,
    };
    Ok(Body::from_stream(stream::try_unfold(
        archive,
        Archive::advance,
    )))
}

impl Archive {
    /// What is to be sent next; `None` after all of it.
    async fn advance(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            let bytes = self.written.take();
            if !bytes.is_empty() {
                return Ok(Some((bytes, self)));
            }
            if self.writer.is_none() {
                return Ok(None);
            }
            self.go_on().await?;
        }
    }

    /// Writes a chunk of the file that is open, or begins the next, or ends the archive.
    async fn go_on(&mut self) -> io::Result<()> {
        if let Some(parts) = &mut self.open {
            let message = parts.message().await.map_err(io::Error::other)?;
            match (message, &mut self.writer) {
                (Some(message), Some(writer)) => write_chunk(writer, message)?,
                _ => self.open = None,
            }
        } else if let Some(file) = self.files.next() {
            if let Some(writer) = &mut self.writer {
                // Pictures and recordings are compressed already.
                let stored = CompressionMethod::Stored;
                let options = SimpleFileOptions::default().compression_method(stored);
                writer.start_file(file.path.as_str(), options)?;
            }
            self.open = Some(self.source.fetch(file).await?);
        } else if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        Ok(())
    }
}

/// Writes the bytes of a message; its description lies in the part `complaints`.
fn write_chunk(writer: &mut impl Write, message: GetAttachmentResponse) -> io::Result<()> {
    match message.part {
        Some(Part::Chunk(bytes)) => writer.write_all(&bytes),
        _ => Ok(()),
    }
}
