//! The way of a file through the gateway: chunk by chunk, never faster than the role takes it.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use marque_api::intake::v1::{ImportRequest, ImportResponse, ImportStart, import_request};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};

use super::ImportError;
use crate::peers::Importer;

/// A message of an import, or why there are no more.
pub(crate) type Part = Result<ImportRequest, ImportError>;

/// The first message.
pub(crate) fn start(start: ImportStart) -> ImportRequest {
    ImportRequest {
        part: Some(import_request::Part::Start(start)),
    }
}

/// The next bytes.
pub(crate) fn chunk(bytes: Bytes) -> ImportRequest {
    ImportRequest {
        part: Some(import_request::Part::Chunk(bytes)),
    }
}

/// Sends a file on to its role, with the metadata of `head`.
///
/// A file that breaks off must not look like one that came to its end: then the call is dropped in its middle, and
/// the role takes nothing in.
pub(crate) async fn send(
    importer: &Importer,
    parts: impl Stream<Item = Part> + Send + Unpin + 'static,
    stall: Duration,
    head: Request<()>,
) -> Result<Response<ImportResponse>, Status> {
    let (report, broken) = oneshot::channel();
    let messages = until_broken(parts, stall, report);
    let mut client = importer.peer.client();
    let call = client.import(head.map(|()| messages));
    tokio::select! {
        biased;
        error = reported(broken) => Err(error.into()),
        answer = call => answer,
    }
}

/// Passes parts on until one is wrong or late, reports that, and then never ends.
pub(crate) fn until_broken<M: Send + 'static>(
    parts: impl Stream<Item = Result<M, ImportError>> + Send + Unpin + 'static,
    stall: Duration,
    report: oneshot::Sender<ImportError>,
) -> impl Stream<Item = M> + Send + 'static {
    stream::unfold(
        (parts, Some(report)),
        move |(mut parts, mut report)| async move {
            let error = match tokio::time::timeout(stall, parts.next()).await {
                Ok(Some(Ok(message))) => return Some((message, (parts, report))),
                Ok(None) => return None,
                Ok(Some(Err(error))) => error,
                Err(_elapsed) => ImportError::Stalled(stall),
            };
            if let Some(report) = report.take() {
                // The receiver is gone only if the call is over already.
                let _ = report.send(error);
            }
            pending().await
        },
    )
}

/// What was reported, as soon as it is.
pub(crate) async fn reported(broken: oneshot::Receiver<ImportError>) -> ImportError {
    match broken.await {
        Ok(error) => error,
        // The file came to its end.
        Err(_) => pending().await,
    }
}
