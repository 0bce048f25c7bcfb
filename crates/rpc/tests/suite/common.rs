//! A role whose handlers misbehave on request, reached both ways.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{Stream, StreamExt as _, stream};
use marque_api::{
    events::v1::{
        PullRequest, PullResponse,
        event_feed_client::EventFeedClient,
        event_feed_server::{EventFeed, EventFeedServer},
    },
    intake::v1::{
        DownloadQuarantineRequest, DownloadQuarantineResponse, GetImportRequest, GetImportResponse,
        Import, ImportRequest, ImportResponse, ListImportRowsRequest, ListImportRowsResponse,
        ListImportsRequest, ListImportsResponse,
        import_request::Part,
        import_service_client::ImportServiceClient,
        import_service_server::{ImportService, ImportServiceServer},
    },
};
use marque_core::ReplayMark;
use marque_errors::{ErrorCode, ServiceError, Violation, status};
use marque_rpc::{
    CallMeta, PeerSettings, RoleName, RoleRouter, Routes, RpcTransport, ServeError, ServerSettings,
    StackSettings, capped, connect_lazily, serve, stack,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{Request, Response, Status, Streaming};
use tower::layer::util::Identity;

/// The role the tests call.
pub(crate) const ROLE: RoleName = RoleName::Vehicle;

/// One set of routes behind both transports.
pub(crate) struct World {
    pub(crate) router: RoleRouter,
    pub(crate) tcp: RpcTransport,
    /// Handlers that began and did not come to their end.
    pub(crate) unfinished: Arc<AtomicUsize>,
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<Result<(), ServeError>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(StackSettings::default()).await
    }

    pub(crate) async fn with(settings: StackSettings) -> Self {
        Self::with_age(settings, ServerSettings::default().connection_age).await
    }

    /// With connections that are given up at an age.
    pub(crate) async fn with_age(settings: StackSettings, connection_age: Duration) -> Self {
        let router = RoleRouter::new();
        let unfinished = Arc::new(AtomicUsize::new(0));
        // The relay: a second role, which calls the first.
        let odd = Odd {
            next: None,
            unfinished: Arc::clone(&unfinished),
        };
        let layered = stack(ROLE, odd.routes(), Identity::new(), settings);
        router.add(layered).unwrap();
        let relay = Odd {
            next: Some(RpcTransport::local(ROLE, &router)),
            unfinished: Arc::clone(&unfinished),
        };
        let relay = stack(
            RoleName::Customer,
            relay.routes(),
            Identity::new(),
            StackSettings::default(),
        );
        router.add(relay).unwrap();
        Self::serving(router, unfinished, connection_age).await
    }

    async fn serving(
        router: RoleRouter,
        unfinished: Arc<AtomicUsize>,
        connection_age: Duration,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = ServerSettings {
            drain_notice: Duration::from_millis(50),
            drain_timeout: Duration::from_secs(2),
            connection_age,
            ..ServerSettings::default()
        };
        let served_router = router.clone();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            serve(listener, served_router, None, &settings, stopped).await
        });
        Self {
            tcp: network(ROLE, &address),
            router,
            unfinished,
            address,
            stop: Some(stop),
            served,
        }
    }

    /// The same role over memory and over the network.
    pub(crate) fn both(&self) -> [RpcTransport; 2] {
        [RpcTransport::local(ROLE, &self.router), self.tcp.clone()]
    }

    /// The same for any role.
    pub(crate) fn both_to(&self, role: RoleName) -> [RpcTransport; 2] {
        [
            RpcTransport::local(role, &self.router),
            network(role, &self.address),
        ]
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take().expect("stopped once").send(()).unwrap();
    }
}

pub(crate) fn network(role: RoleName, address: &str) -> RpcTransport {
    let peer = PeerSettings {
        address: address.to_owned(),
        tls: None,
        connect_timeout: Duration::from_secs(1),
        server_name: None,
    };
    connect_lazily(role, &peer).unwrap()
}

pub(crate) fn feed(transport: &RpcTransport) -> EventFeedClient<RpcTransport> {
    capped!(EventFeedClient::new(transport.clone()))
}

pub(crate) fn imports(transport: &RpcTransport) -> ImportServiceClient<RpcTransport> {
    capped!(ImportServiceClient::new(transport.clone()))
}

/// A call that makes the handler behave as named.
pub(crate) fn ask(behaviour: &str) -> PullRequest {
    PullRequest {
        consumer: behaviour.to_owned(),
        ..PullRequest::default()
    }
}

/// What a caller can tell of a refusal.
pub(crate) fn seen(status: &Status) -> (tonic::Code, String, Vec<u8>) {
    (
        status.code(),
        status.message().to_owned(),
        status.details().to_vec(),
    )
}

/// The handlers.
struct Odd {
    next: Option<RpcTransport>,
    unfinished: Arc<AtomicUsize>,
}

#[derive(Debug, thiserror::Error)]
#[error("the dealer is not known")]
struct Refused;

impl ServiceError for Refused {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "DEALER_UNKNOWN"
    }

    fn violations(&self) -> Vec<Violation> {
        vec![Violation::new(
            "dealer",
            "UNKNOWN",
            "create the dealer first",
        )]
    }
}

/// Counts handlers that were dropped before their end.
struct Unfinished(Arc<AtomicUsize>);

impl Unfinished {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }

    fn finish(self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Odd {
    fn routes(self) -> Routes {
        let odd = Arc::new(self);
        Routes::new(capped!(EventFeedServer::from_arc(Arc::clone(&odd))))
            .add_service(capped!(ImportServiceServer::from_arc(odd)))
    }
}

#[tonic::async_trait]
impl EventFeed for Odd {
    async fn pull(&self, request: Request<PullRequest>) -> Result<Response<PullResponse>, Status> {
        let meta = CallMeta::of(&request);
        match request.get_ref().consumer.as_str() {
            "refuse" => Err(status(&Refused)),
            "panic" => panic!("a message that must not leave the process"),
            "again" => {
                if let Some(mark) = request.extensions().get::<ReplayMark>() {
                    mark.set();
                }
                Ok(answer(0))
            }
            "sleep" => {
                let unfinished = Unfinished::begin(&self.unfinished);
                tokio::time::sleep(Duration::from_millis(400)).await;
                unfinished.finish();
                Ok(Response::new(PullResponse::default()))
            }
            "stop at the deadline" => {
                let left = meta.deadline().unwrap().remaining();
                tokio::time::sleep(left.saturating_sub(Duration::from_millis(1))).await;
                Err(Status::unavailable("the store ended what nobody waits for"))
            }
            "budget" => Ok(answer(
                meta.deadline().unwrap().remaining().as_millis() as i64
            )),
            "token" => Ok(answer(meta.token().map_or(-1, |token| token.len() as i64))),
            "request id" => Ok(echo_request_id(&meta)),
            "relay" => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let next = self.next.as_ref().expect("the relay has a next");
                feed(next).pull(meta.outgoing(ask("budget"))).await
            }
            "relay id" => {
                let next = self.next.as_ref().expect("the relay has a next");
                feed(next).pull(meta.outgoing(ask("request id"))).await
            }
            "role" => Ok(answer(
                request.metadata().get_all("marque-role").iter().count() as i64,
            )),
            "size" => Ok(answer(request.get_ref().after)),
            "big" => Ok(Response::new(big_answer())),
            _ => Ok(answer(7)),
        }
    }
}

fn answer(head: i64) -> Response<PullResponse> {
    let mut response = Response::new(PullResponse {
        head,
        ..PullResponse::default()
    });
    response
        .metadata_mut()
        .insert("x-answered", "yes".parse().unwrap());
    response
}

fn echo_request_id(meta: &CallMeta) -> Response<PullResponse> {
    let mut response = answer(0);
    let id = meta.request_id().as_str().parse().unwrap();
    response.metadata_mut().insert("x-seen-request-id", id);
    response
}

fn big_answer() -> PullResponse {
    let event = marque_api::events::v1::Event {
        data: vec![0; 5 * 1024 * 1024],
        ..Default::default()
    };
    PullResponse {
        events: vec![event],
        ..PullResponse::default()
    }
}

type Chunks = Pin<Box<dyn Stream<Item = Result<DownloadQuarantineResponse, Status>> + Send>>;

fn chunk() -> DownloadQuarantineResponse {
    DownloadQuarantineResponse {
        chunk: vec![1; 10].into(),
    }
}

#[tonic::async_trait]
impl ImportService for Odd {
    async fn import(
        &self,
        request: Request<Streaming<ImportRequest>>,
    ) -> Result<Response<ImportResponse>, Status> {
        let mut parts = request.into_inner();
        let mut import = Import::default();
        while let Some(part) = parts.message().await? {
            import.received += 1;
            if let Some(Part::Chunk(chunk)) = part.part {
                import.size_bytes += chunk.len() as i64;
            }
        }
        Ok(Response::new(ImportResponse {
            import: Some(import),
        }))
    }

    type DownloadQuarantineStream = Chunks;

    /// Three chunks, then what the id says.
    async fn download_quarantine(
        &self,
        request: Request<DownloadQuarantineRequest>,
    ) -> Result<Response<Chunks>, Status> {
        let three = stream::iter([Ok(chunk()), Ok(chunk()), Ok(chunk())]);
        let rest: Chunks = match request.get_ref().import_id.as_str() {
            "panic" => Box::pin(stream::once(async {
                // Lets what came before go out: tonic gathers messages that are ready at once.
                tokio::task::yield_now().await;
                panic!("in the middle of a stream")
            })),
            "hang" => Box::pin(stream::pending()),
            "refuse" => Box::pin(stream::iter([Err(status(&Refused))])),
            _ => Box::pin(stream::empty()),
        };
        Ok(Response::new(Box::pin(three.chain(rest))))
    }

    async fn get_import(
        &self,
        _: Request<GetImportRequest>,
    ) -> Result<Response<GetImportResponse>, Status> {
        Err(Status::not_found("no import"))
    }

    async fn list_imports(
        &self,
        _: Request<ListImportsRequest>,
    ) -> Result<Response<ListImportsResponse>, Status> {
        Err(Status::not_found("no import"))
    }

    async fn list_import_rows(
        &self,
        _: Request<ListImportRowsRequest>,
    ) -> Result<Response<ListImportRowsResponse>, Status> {
        Err(Status::not_found("no import"))
    }
}
