//! The way of a file through the gateway: chunk by chunk, never faster than the role takes it.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use futures::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
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
) -> Result<ImportResponse, Status> {
    let mut client = importer.peer.client();
    relay_whole(parts, stall, move |messages| async move {
        client.import(head.map(|()| messages)).await
    })
    .await
}

/// Messages on their way to a role.
pub(crate) type Messages<M> = BoxStream<'static, M>;

/// Calls a role with the messages of a file. One that breaks off ends the call in its middle.
pub(crate) async fn relay_whole<M, A, F>(
    parts: impl Stream<Item = Result<M, ImportError>> + Send + Unpin + 'static,
    stall: Duration,
    call: impl FnOnce(Messages<M>) -> F,
) -> Result<A, Status>
where
    M: Send + 'static,
    F: Future<Output = Result<Response<A>, Status>>,
{
    let (report, broken) = oneshot::channel();
    let call = call(until_broken(parts, stall, report));
    tokio::select! {
        biased;
        error = reported(broken) => Err(error.into()),
        answer = call => answer.map(Response::into_inner),
    }
}

/// Passes parts on until one is wrong or late, reports that, and then never ends.
fn until_broken<M: Send + 'static>(
    parts: impl Stream<Item = Result<M, ImportError>> + Send + Unpin + 'static,
    stall: Duration,
    report: oneshot::Sender<ImportError>,
) -> Messages<M> {
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
    .boxed()
}

async fn reported(broken: oneshot::Receiver<ImportError>) -> ImportError {
    match broken.await {
        Ok(error) => error,
        // The file came to its end.
        Err(_) => pending().await,
    }
}
