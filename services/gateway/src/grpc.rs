//! gRPC to the outside: health, imports forwarded to the role of their kind, and the feed of cases.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request as HttpRequest, response::Response as HttpResponse};
use futures::{Stream, StreamExt as _, future::BoxFuture, stream};
use http::{StatusCode, header};
use marque_api::intake::v1::{
    self as pb, import_request,
    import_service_server::{ImportService, ImportServiceServer},
};
use marque_auth::{AuthLayer, CallContext, PlaceSeal};
use marque_rpc::{
    CallMeta, REPLAYED, ROLE_HEADER, RequestId, RoleName, RoleRouter, Routes, StackSettings,
    capped, stack,
};
use tonic::{Code, Request, Response, Status, Streaming};

use tower::{Service, layer::util::Stack};

use crate::{
    Deps,
    case_feed::CaseFeed,
    edge::{Gate, Places, RateLayer},
    intake::{self, ImportError, Part},
    peers::{Clients, Importer},
    problem::Failure,
};

const LIST_IMPORTS: &str = "/marque.intake.v1.ImportService/ListImports";
const LIST_ROWS: &str = "/marque.intake.v1.ImportService/ListImportRows";

/// The import service and the feed of cases behind the same stack as every role, with the health service beside them.
pub(crate) fn roles(deps: &Deps, clients: &Clients, gate: &Gate) -> RoleRouter {
    let auth = AuthLayer::new(deps.verifier.facing_outside(), Arc::clone(&deps.clock));
    let layers = Stack::new(RateLayer::new(gate.limits()), auth);
    let settings = StackSettings {
        default_deadline: deps.settings.import_deadline,
        max_deadline: deps.settings.import_deadline,
        in_flight: gate.transfers(),
        streams: gate.streams(),
        ..StackSettings::default()
    };
    let gateway = ImportGateway {
        importers: clients.imports.clone(),
        places: deps.places.clone(),
        stall: deps.settings.body_stall,
        patience: deps.settings.part_deadline,
    };
    let routes = Routes::new(capped!(ImportServiceServer::new(gateway)))
        .add_service(CaseFeed::new(clients.complaint.client()));
    let roles = RoleRouter::new();
    roles
        .add(stack(RoleName::Gateway, routes, layers, settings))
        .expect("the router is new");
    roles
}

/// The way from the HTTP router into gRPC.
#[derive(Debug, Clone)]
pub(crate) struct Outside(RoleRouter);

impl Outside {
    pub(crate) fn new(roles: RoleRouter) -> Self {
        Self(roles)
    }
}

impl Service<HttpRequest> for Outside {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<HttpResponse, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: HttpRequest) -> Self::Future {
        let kind = request.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
            let id = RequestId::of(request.headers());
            let failure = Failure::invalid(
                "CONTENT_TYPE_UNSUPPORTED",
                "this path speaks gRPC: application/grpc",
            );
            let response = failure
                .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
                .render(id.as_str());
            return Box::pin(std::future::ready(Ok(response)));
        }
        // Which role is meant is for calls between roles; from the outside there is one.
        request.headers_mut().remove(ROLE_HEADER);
        let answer = self.0.call(request.map(tonic::body::Body::new));
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }
}

/// Imports of all kinds behind one service.
#[derive(Debug)]
struct ImportGateway {
    importers: [Importer; 6],
    places: PlaceSeal,
    stall: Duration,
    /// How long one role's list is waited for.
    patience: Duration,
}

impl ImportGateway {
    /// The caller's places in a list, the same as over REST.
    fn places<T>(&self, request: &Request<T>, rpc: &'static str) -> Result<Places, Status> {
        let caller = CallContext::of(request)?;
        Ok(Places::new(&self.places, rpc, caller.scope()))
    }
}

type Chunks = Pin<Box<dyn Stream<Item = Result<pb::DownloadQuarantineResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ImportService for ImportGateway {
    async fn import(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Result<Response<pb::ImportResponse>, Status> {
        let (meta, caller) = (CallMeta::of(&request), CallContext::of(&request)?);
        let key = request.metadata().get("idempotency-key").cloned();
        let mut messages = request.into_inner();
        let first = messages.message().await?.ok_or(ImportError::OutOfOrder)?;
        let importer = intake::importer(&self.importers, kind_of(&first)?)?;
        let parts = stream::once(std::future::ready(Ok(first))).chain(messages.map(part));
        let mut head = meta.outgoing(());
        if let Some(key) = key {
            head.metadata_mut().insert("idempotency-key", key);
        }
        let sent = intake::send(importer, Box::pin(parts), self.stall, head).await?;
        if sent.metadata().contains_key(REPLAYED.as_str()) {
            caller.note_replay();
        }
        Ok(Response::new(sent.into_inner()))
    }

    async fn get_import(
        &self,
        request: Request<pb::GetImportRequest>,
    ) -> Result<Response<pb::GetImportResponse>, Status> {
        let meta = CallMeta::of(&request);
        let (_, import) = intake::find(&self.importers, &meta, &request.get_ref().id).await?;
        Ok(Response::new(pb::GetImportResponse {
            import: Some(import),
        }))
    }

    async fn list_imports(
        &self,
        request: Request<pb::ListImportsRequest>,
    ) -> Result<Response<pb::ListImportsResponse>, Status> {
        let meta = CallMeta::of(&request);
        let places = self.places(&request, LIST_IMPORTS)?;
        let mut wanted = request.into_inner();
        wanted.page_token = places.open(&wanted.page_token);
        let mut page = intake::list(&self.importers, &meta, &wanted, self.patience).await?;
        page.next_page_token = places.seal(&page.next_page_token);
        Ok(Response::new(page))
    }

    async fn list_import_rows(
        &self,
        request: Request<pb::ListImportRowsRequest>,
    ) -> Result<Response<pb::ListImportRowsResponse>, Status> {
        let meta = CallMeta::of(&request);
        let places = self.places(&request, LIST_ROWS)?;
        let mut wanted = request.into_inner();
        wanted.page_token = places.open(&wanted.page_token);
        let mut page = intake::rows(&self.importers, &meta, &wanted).await?;
        page.next_page_token = places.seal(&page.next_page_token);
        Ok(Response::new(page))
    }

    type DownloadQuarantineStream = Chunks;

    async fn download_quarantine(
        &self,
        request: Request<pb::DownloadQuarantineRequest>,
    ) -> Result<Response<Chunks>, Status> {
        let meta = CallMeta::of(&request);
        let (importer, import) =
            intake::find(&self.importers, &meta, &request.get_ref().import_id).await?;
        let request = meta.outgoing(pb::DownloadQuarantineRequest {
            import_id: import.id,
        });
        let chunks = importer
            .peer
            .client()
            .download_quarantine(request)
            .await?
            .into_inner();
        Ok(Response::new(Box::pin(chunks)))
    }
}

fn kind_of(message: &pb::ImportRequest) -> Result<&str, ImportError> {
    match &message.part {
        Some(import_request::Part::Start(start)) => Ok(&start.kind),
        Some(import_request::Part::Chunk(_)) | None => Err(ImportError::OutOfOrder),
    }
}

/// A second `start` goes on to the role, which refuses it.
fn part(message: Result<pb::ImportRequest, Status>) -> Part {
    message.map_err(|status| match status.code() {
        // So it is told of a message above the cap, and of nothing else.
        Code::OutOfRange => ImportError::ChunkTooLarge,
        _ => ImportError::Broken,
    })
}
