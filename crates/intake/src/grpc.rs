//! Imports on gRPC.

use std::pin::Pin;

use aws_lc_rs::digest;
use marque_api::intake::v1::{
    self as pb, import_request::Part, import_service_server::ImportService,
};
use marque_auth::{CallContext, Scope};
use marque_core::{ImportId, PageRequest, PageToken};
use marque_errors::{Violation, status};
use marque_events::to_proto_time;
use marque_ledger::IdempotencyKey;
use marque_rpc::CallMeta;
use marque_tabular::QuarantineWriter;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::{
    Intake, IntakeError, Sink, finding,
    intake::Sent,
    outcome::{Counts, KeptRow},
    store::{ImportRow, State},
    unread::unread_columns,
};

/// The import service of one intake.
#[derive(Debug)]
pub struct ImportGrpc<S> {
    intake: Intake<S>,
}

/// A file that is safe on disk.
struct Spooled {
    size_bytes: i64,
    digest: digest::Digest,
}

type Result<T> = std::result::Result<T, IntakeError>;
type Answer<T> = std::result::Result<Response<T>, Status>;

impl<S: Sink> ImportGrpc<S> {
    /// Over an intake.
    pub fn new(intake: Intake<S>) -> Self {
        Self { intake }
    }

    async fn take_in(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Result<pb::ImportResponse> {
        let ctx = CallContext::of(&request)?;
        let meta = CallMeta::of(&request);
        let key = IdempotencyKey::of(request.metadata())?;
        let mut parts = request.into_inner();
        let Some(pb::ImportRequest {
            part: Some(Part::Start(start)),
        }) = next(&mut parts).await?
        else {
            return Err(IntakeError::OutOfOrder);
        };
        self.check_start(&start)?;
        let dealer = self
            .intake
            .inner
            .directory
            .check(&meta, &start.dealer)
            .await?;
        let id = ImportId::new(&*self.intake.inner.clock);
        let spool = self.intake.inner.spool.name_of(id);
        let Spooled { size_bytes, digest } = self.spool(&spool, &mut parts).await?;
        let mapping = serde_json::to_string(&start.mapping).expect("strings are JSON");
        let sent = Sent {
            key,
            fingerprint: [
                start.kind.as_bytes(),
                start.dealer.as_bytes(),
                start.source.as_bytes(),
                start.format.as_bytes(),
                mapping.as_bytes(),
                &[u8::from(start.dry_run)],
                digest.as_ref(),
            ]
            .join(&0),
        };
        let import = ImportRow {
            id,
            kind: start.kind,
            dealer,
            source: start.source,
            dry_run: start.dry_run,
            format: start.format,
            mapping,
            actor: ctx.actor().to_string(),
            by_dealer: matches!(ctx.scope(), Scope::Dealer(_)),
            state: State::Queued,
            spool,
            size_bytes,
            done_bytes: 0,
            checkpoint: String::new(),
            received: 0,
            counts: Counts::default(),
            problem_reason: String::new(),
            problem_detail: String::new(),
            created_at: self.intake.inner.clock.now(),
            finished_at: None,
            headers: String::new(),
            unread_sheets: 0,
            claim: String::new(),
        };
        let spool = import.spool.clone();
        let queued = self.intake.enqueue(ctx, sent, import).await;
        // The answer of an earlier time, whose file is here already. After an error the row may be there all the same.
        let earlier = |answer: &pb::ImportResponse| {
            let import = answer.import.as_ref();
            import.is_some_and(|import| import.id != id.to_string())
        };
        if queued.as_ref().is_ok_and(earlier) {
            drop(self.intake.inner.spool.remove(&spool));
        }
        queued
    }

    fn check_start(&self, start: &pb::ImportStart) -> Result<()> {
        let mut violations = Vec::new();
        if self.intake.inner.sink.schema(&start.kind).is_none() {
            violations.push(Violation::new(
                "kind",
                "UNKNOWN_KIND",
                "a kind of rows that this role takes; see GET /v1/imports",
            ));
        }
        if !matches!(start.format.as_str(), "" | "csv" | "xlsx" | "ndjson") {
            violations.push(Violation::new(
                "format",
                "UNKNOWN_FORMAT",
                "csv, xlsx or ndjson, or leave it out",
            ));
        }
        let source_fits = (1..=64).contains(&start.source.chars().count())
            && !start.source.contains(char::is_control);
        if !source_fits {
            violations.push(Violation::new(
                "source",
                "FORMAT",
                "name of the source system, 1 to 64 characters",
            ));
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(IntakeError::Invalid(violations))
        }
    }

    /// Takes the chunks into the spool. Only when it is back may the caller hear that we have the file.
    async fn spool(&self, name: &str, parts: &mut Streaming<pb::ImportRequest>) -> Result<Spooled> {
        let limit = self.intake.inner.settings.max_file_bytes;
        let mut file = self.intake.inner.spool.begin(name).await?;
        let mut size: u64 = 0;
        let mut digest = digest::Context::new(&digest::SHA256);
        while let Some(message) = next(parts).await? {
            let Some(Part::Chunk(chunk)) = message.part else {
                return Err(IntakeError::OutOfOrder);
            };
            size += chunk.len() as u64;
            if size > limit {
                return Err(IntakeError::TooLarge { limit });
            }
            digest.update(&chunk);
            file.write(&chunk).await?;
        }
        file.finish().await?;
        Ok(Spooled {
            size_bytes: size as i64,
            digest: digest.finish(),
        })
    }

    /// An import with the names of the columns that nothing was read from.
    fn shown(&self, import: &ImportRow) -> pb::Import {
        pb::Import {
            unread_columns: unread_columns(&*self.intake.inner.sink, import),
            ..to_pb(import)
        }
    }

    async fn get(&self, request: Request<pb::GetImportRequest>) -> Result<pb::GetImportResponse> {
        let ctx = CallContext::of(&request)?;
        let import = self
            .intake
            .get(ctx.scope().clone(), parse_id(&request.get_ref().id)?)
            .await?;
        Ok(pb::GetImportResponse {
            import: Some(self.shown(&import)),
        })
    }

    async fn list(
        &self,
        request: Request<pb::ListImportsRequest>,
    ) -> Result<pb::ListImportsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let page = PageRequest::read(request.page_size, &request.page_token, "imports")?;
        let after = page
            .after
            .as_ref()
            .and_then(|token| token.key.parse::<Uuid>().ok());
        let size = page.size as usize;
        let imports = self.intake.list(ctx.scope().clone(), after, page).await?;
        let next = imports
            .last()
            .filter(|_| imports.len() == size)
            .map(|last| last.id.uuid().to_string());
        Ok(pb::ListImportsResponse {
            imports: imports.iter().map(|import| self.shown(import)).collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, "imports")),
            unavailable_kinds: Vec::new(),
        })
    }

    async fn list_rows(
        &self,
        request: Request<pb::ListImportRowsRequest>,
    ) -> Result<pb::ListImportRowsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let import = self
            .intake
            .get_with_rows(ctx.scope().clone(), parse_id(&request.import_id)?)
            .await?;
        let list = format!("import_rows?{}&{}", request.import_id, request.outcome);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let after = page
            .after
            .as_ref()
            .and_then(|token| token.key.parse().ok())
            .unwrap_or(0);
        let (column, outcome) = filter_of(request.outcome);
        let size = page.size as usize;
        let (rows, customers) = self
            .intake
            .rows(import.id, column, outcome, after, size)
            .await?;
        let next = rows
            .last()
            .filter(|_| rows.len() == size)
            .map(|row| row.line.to_string());
        let kind = finding::record_kind(&import.kind);
        let row_to_pb = |row: &KeptRow| {
            let record = Uuid::from_slice(&row.record).ok();
            pb::ImportRow {
                line: row.line as i64,
                outcome: row.outcome,
                record_id: record.map_or_else(String::new, |record| {
                    self.intake.inner.sink.record_id(record)
                }),
                customer_id: record
                    .and_then(|record| customers.get(&record).cloned())
                    .unwrap_or_default(),
                findings: row
                    .findings
                    .iter()
                    .map(|kept| finding::kept_to_pb(kept, kind))
                    .collect(),
            }
        };
        Ok(pb::ListImportRowsResponse {
            rows: rows.iter().map(row_to_pb).collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn download(
        &self,
        request: Request<pb::DownloadQuarantineRequest>,
    ) -> Result<QuarantineStream> {
        let ctx = CallContext::of(&request)?;
        let import = self
            .intake
            .get_with_rows(ctx.scope().clone(), parse_id(&request.get_ref().import_id)?)
            .await?;
        let headers: Vec<String> = serde_json::from_str(&import.headers).unwrap_or_default();
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let intake = self.intake.clone();
        let pages = async move {
            let mut after = 0;
            let mut is_first = true;
            loop {
                let page = intake
                    .quarantined_page(&import, &headers, after, is_first)
                    .await;
                is_first = false;
                let last = page.as_ref().ok().and_then(|(_, last)| *last);
                let chunk = page.map(|(chunk, _)| chunk).map_err(|error| status(&error));
                if sender.send(chunk).await.is_err() {
                    return;
                }
                let Some(last) = last else { return };
                after = last;
            }
        };
        // The pages are written while the receiver is read: when the caller goes, both end.
        let chunks = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let pages = marque_db::behind(marque_db::Wall::current(), pages);
        let driven = futures::stream::once(pages)
            .filter_map(|()| None)
            .merge(chunks);
        Ok(Box::pin(driven))
    }
}

impl<S: Sink> Intake<S> {
    /// One page of the file of quarantined rows, and its last line if there may be more.
    async fn quarantined_page(
        &self,
        import: &ImportRow,
        headers: &[String],
        after: i64,
        is_first: bool,
    ) -> Result<(pb::DownloadQuarantineResponse, Option<i64>)> {
        let outcome = pb::RowOutcome::Quarantined as i32;
        let rows = self.quarantined(import.id, after).await?;
        let (kept, _) = self
            .rows(
                import.id,
                Some("quarantined"),
                Some(outcome),
                after,
                rows.len(),
            )
            .await?;
        let kind = finding::record_kind(&import.kind);
        let mut writer = QuarantineWriter::csv(Vec::new(), headers)?;
        for (line, row) in &rows {
            let findings: Vec<pb::Finding> = kept
                .iter()
                .find(|kept| kept.line as i64 == *line)
                .map(|kept| {
                    kept.findings
                        .iter()
                        .map(|finding| finding::kept_to_pb(finding, kind))
                        .collect()
                })
                .unwrap_or_default();
            let reasons: Vec<marque_tabular::Reason<'_>> = findings
                .iter()
                .map(|finding| marque_tabular::Reason {
                    field: &finding.field,
                    code: &finding.rule,
                    message: &finding.message_zh,
                })
                .collect();
            writer.write(row, &reasons)?;
        }
        let mut bytes = writer.finish()?;
        if !is_first {
            // Every page is a file of its own; only the first keeps its header.
            let end = bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            bytes.drain(..end);
        }
        let last = rows.last().map(|(line, _)| *line);
        Ok((
            pb::DownloadQuarantineResponse {
                chunk: bytes.into(),
            },
            last,
        ))
    }
}

/// Chunks of the file of quarantined rows.
pub(crate) type QuarantineStream =
    Pin<Box<dyn Stream<Item = std::result::Result<pb::DownloadQuarantineResponse, Status>> + Send>>;

/// The next message of a caller's file.
async fn next(parts: &mut Streaming<pb::ImportRequest>) -> Result<Option<pb::ImportRequest>> {
    let broken = |status| IntakeError::Broken(Box::new(status));
    parts.message().await.map_err(broken)
}

fn parse_id(text: &str) -> Result<ImportId> {
    text.parse().map_err(|_| IntakeError::ImportUnknown)
}

/// The count column and outcome of a filter.
fn filter_of(outcome: i32) -> (Option<&'static str>, Option<i32>) {
    let column = match pb::RowOutcome::try_from(outcome) {
        Ok(pb::RowOutcome::Accepted) => "accepted",
        Ok(pb::RowOutcome::AcceptedWithFindings) => "with_findings",
        Ok(pb::RowOutcome::Quarantined) => "quarantined",
        Ok(pb::RowOutcome::Unchanged | pb::RowOutcome::Erased) => "unchanged",
        _ => return (None, None),
    };
    (Some(column), Some(outcome))
}

pub(crate) fn to_pb(import: &ImportRow) -> pb::Import {
    let state = match import.state {
        State::Queued => pb::ImportState::Queued,
        State::Running => pb::ImportState::Running,
        State::Succeeded => pb::ImportState::Succeeded,
        State::Failed => pb::ImportState::Failed,
    };
    pb::Import {
        id: import.id.to_string(),
        kind: import.kind.clone(),
        dealer: import.dealer.to_string(),
        source: import.source.clone(),
        dry_run: import.dry_run,
        state: state as i32,
        received: import.received,
        accepted: import.counts.accepted,
        with_findings: import.counts.with_findings,
        quarantined: import.counts.quarantined,
        unchanged: import.counts.unchanged,
        size_bytes: import.size_bytes,
        done_bytes: import.done_bytes,
        problem_reason: import.problem_reason.clone(),
        problem_detail: import.problem_detail.clone(),
        created_at: Some(to_proto_time(import.created_at)),
        finished_at: import.finished_at.map(to_proto_time),
        unread_sheets: import.unread_sheets,
        unread_columns: Vec::new(),
    }
}

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl<S: Sink> ImportService for ImportGrpc<S> {
    type DownloadQuarantineStream = QuarantineStream;

    async fn import(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Answer<pb::ImportResponse> {
        answer(self.take_in(request).await)
    }

    async fn get_import(
        &self,
        request: Request<pb::GetImportRequest>,
    ) -> Answer<pb::GetImportResponse> {
        answer(self.get(request).await)
    }

    async fn list_imports(
        &self,
        request: Request<pb::ListImportsRequest>,
    ) -> Answer<pb::ListImportsResponse> {
        answer(self.list(request).await)
    }

    async fn list_import_rows(
        &self,
        request: Request<pb::ListImportRowsRequest>,
    ) -> Answer<pb::ListImportRowsResponse> {
        answer(self.list_rows(request).await)
    }

    async fn download_quarantine(
        &self,
        request: Request<pb::DownloadQuarantineRequest>,
    ) -> Answer<QuarantineStream> {
        answer(self.download(request).await)
    }
}
