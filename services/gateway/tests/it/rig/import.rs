//! The stub of a role that takes files: a slow sink that counts.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{Stream, stream};
use marque_api::intake::v1::{
    self as pb, import_request,
    import_service_server::{ImportService, ImportServiceServer},
};
use marque_rpc::capped;
use tonic::{Request, Response, Status, Streaming};

use super::{Script, samples};

/// Where the bytes of files go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sink(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    files: AtomicUsize,
    pause_us: AtomicU64,
    start: Mutex<Option<pb::ImportStart>>,
}

impl Sink {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Rests this long after each chunk.
    pub(crate) fn be_slow(&self, pause: Duration) {
        self.0
            .pause_us
            .store(pause.as_micros() as u64, Ordering::SeqCst);
    }

    /// Bytes that came so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::SeqCst)
    }

    /// Files that came to their end.
    pub(crate) fn files(&self) -> usize {
        self.0.files.load(Ordering::SeqCst)
    }

    /// How the last file was announced.
    pub(crate) fn start(&self) -> pb::ImportStart {
        self.0.start.lock().unwrap().clone().unwrap()
    }
}

pub(super) struct Imports {
    kind: &'static str,
    script: Script,
    sink: Sink,
}

pub(super) fn service(
    kind: &'static str,
    script: &Script,
    sink: &Sink,
) -> ImportServiceServer<Imports> {
    capped!(ImportServiceServer::new(Imports {
        kind,
        script: script.clone(),
        sink: sink.clone()
    }))
}

impl Imports {
    fn own(&self, id: &str) -> Result<pb::Import, Status> {
        let age = match self.kind {
            "customers" => 30,
            "vehicles" => 20,
            _ => 10,
        };
        let own = samples::import(self.kind, age);
        if own.id == id {
            Ok(own)
        } else {
            Err(Status::not_found("no such import"))
        }
    }
}

type Chunks = Pin<Box<dyn Stream<Item = Result<pb::DownloadQuarantineResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ImportService for Imports {
    async fn import(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Result<Response<pb::ImportResponse>, Status> {
        self.script.play(&request, ()).await?;
        let mut messages = request.into_inner();
        let sink = &self.sink.0;
        while let Some(message) = messages.message().await? {
            match message.part {
                Some(import_request::Part::Start(start)) if start.dealer == "NONE" => {
                    return Err(Status::not_found("no such dealer"));
                }
                Some(import_request::Part::Start(start)) => {
                    *sink.start.lock().unwrap() = Some(start);
                }
                Some(import_request::Part::Chunk(chunk)) => {
                    sink.bytes.fetch_add(chunk.len() as u64, Ordering::SeqCst);
                    let pause = sink.pause_us.load(Ordering::SeqCst);
                    if pause > 0 {
                        tokio::time::sleep(Duration::from_micros(pause)).await;
                    }
                }
                None => return Err(Status::invalid_argument("empty message")),
            }
        }
        sink.files.fetch_add(1, Ordering::SeqCst);
        let queued = pb::Import {
            state: pb::ImportState::Queued.into(),
            finished_at: None,
            ..samples::import(self.kind, 0)
        };
        Ok(Response::new(pb::ImportResponse {
            import: Some(queued),
        }))
    }

    async fn get_import(
        &self,
        request: Request<pb::GetImportRequest>,
    ) -> Result<Response<pb::GetImportResponse>, Status> {
        let import = self.own(&request.get_ref().id);
        self.script.play(&request, ()).await?;
        Ok(Response::new(pb::GetImportResponse {
            import: Some(import?),
        }))
    }

    async fn list_imports(
        &self,
        request: Request<pb::ListImportsRequest>,
    ) -> Result<Response<pb::ListImportsResponse>, Status> {
        let imports = vec![self.own(&format!("imp_{}", self.kind))?];
        self.script
            .play(
                &request,
                pb::ListImportsResponse {
                    imports,
                    ..pb::ListImportsResponse::default()
                },
            )
            .await
    }

    async fn list_import_rows(
        &self,
        request: Request<pb::ListImportRowsRequest>,
    ) -> Result<Response<pb::ListImportRowsResponse>, Status> {
        self.own(&request.get_ref().import_id)?;
        let row = pb::ImportRow {
            line: 2,
            outcome: pb::RowOutcome::Quarantined.into(),
            record_id: samples::source_record().id,
            customer_id: super::CUSTOMER.to_owned(),
            findings: vec![samples::finding()],
        };
        self.script
            .play(
                &request,
                pb::ListImportRowsResponse {
                    rows: vec![row],
                    next_page_token: String::new(),
                },
            )
            .await
    }

    type DownloadQuarantineStream = Chunks;

    async fn download_quarantine(
        &self,
        request: Request<pb::DownloadQuarantineRequest>,
    ) -> Result<Response<Chunks>, Status> {
        self.script.play(&request, ()).await?;
        let chunk = |text: &'static str| Ok(pb::DownloadQuarantineResponse { chunk: text.into() });
        Ok(Response::new(Box::pin(stream::iter([
            chunk("source_key,phone\n"),
            chunk("C-1,12\n"),
        ]))))
    }
}
