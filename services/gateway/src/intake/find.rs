//! Which role knows an import: all are asked side by side, the first that knows it answers.

use std::future::Future;

use futures::{StreamExt as _, stream::FuturesUnordered};
use marque_api::intake::v1 as pb;
use marque_rpc::CallMeta;
use tonic::{Code, Status};

use crate::peers::Importer;

/// The import of an id, and the role that has it.
pub(crate) async fn find<'a>(
    importers: &'a [Importer],
    meta: &CallMeta,
    id: &str,
) -> Result<(&'a Importer, pb::Import), Status> {
    first_known(importers.iter().map(|importer| async move {
        let request = meta.outgoing(pb::GetImportRequest { id: id.to_owned() });
        let answer = importer
            .peer
            .client()
            .get_import(request)
            .await?
            .into_inner();
        Ok((importer, answer.import.unwrap_or_default()))
    }))
    .await
}

/// What became of the rows of an import.
pub(crate) async fn rows(
    importers: &[Importer],
    meta: &CallMeta,
    request: &pb::ListImportRowsRequest,
) -> Result<pb::ListImportRowsResponse, Status> {
    first_known(importers.iter().map(|importer| async move {
        let request = meta.outgoing(request.clone());
        Ok(importer
            .peer
            .client()
            .list_import_rows(request)
            .await?
            .into_inner())
    }))
    .await
}

/// The first answer that is one. A role that failed may be the one that knows: its failure goes before "not found".
async fn first_known<A, F>(asked: impl Iterator<Item = F>) -> Result<A, Status>
where
    F: Future<Output = Result<A, Status>>,
{
    let mut asked: FuturesUnordered<F> = asked.collect();
    let mut worst: Option<Status> = None;
    while let Some(answer) = asked.next().await {
        match answer {
            Ok(answer) => return Ok(answer),
            Err(status)
                if worst
                    .as_ref()
                    .is_none_or(|worst| worst.code() == Code::NotFound) =>
            {
                worst = Some(status);
            }
            Err(_) => {}
        }
    }
    Err(worst.unwrap_or_else(|| Status::not_found("no such import")))
}
