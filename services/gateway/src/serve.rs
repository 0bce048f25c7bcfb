//! The listener: HTTP/1.1 and HTTP/2 with limits of heads and connections, and a drain that drops nothing.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use marque_rpc::{RoleName, RoleRouter};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{Gateway, probes, readiness::Readiness, settings::Settings, unread};

/// What every HTTP/2 connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Pause after the system refused a connection, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serving ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Requests were still in progress when the time for draining was over; they were cut.
    #[error("requests were still in progress after {0:?} of draining and were cut")]
    DrainTimeout(Duration),
    /// The admin listener failed.
    #[error("the admin listener failed")]
    Admin(#[source] io::Error),
}

/// What the end of serving needs.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    pub(crate) readiness: Readiness,
    /// gRPC to the outside: its health and its streams.
    pub(crate) roles: RoleRouter,
    pub(crate) settings: Settings,
}

/// Serves callers until `shutdown` resolves, then drains: `/readyz` and health say no, load balancers get time to
/// notice, no new connections are taken, requests in progress end, and streams of events are ended: their readers go on elsewhere.
///
/// # Errors
/// [`GatewayError::DrainTimeout`].
pub async fn serve(
    listener: TcpListener,
    gateway: &Gateway,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), GatewayError> {
    let drain = gateway.drain.clone();
    let settings = &drain.settings;
    drain.roles.set_serving(RoleName::Gateway, true).await;
    let connections = Connections::new(gateway.router.clone(), settings);
    let noticed = async {
        shutdown.await;
        drain.readiness.drain();
        drain.roles.stop_serving().await;
        sleep(settings.drain_notice).await;
        drain.roles.end_streams();
    };
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = noticed => {}
    }
    drop(listener);
    let limit = settings.drain_timeout;
    let Connections { graceful, cut, .. } = connections;
    timeout(limit, graceful.shutdown()).await.map_err(|_| {
        cut.cancel();
        GatewayError::DrainTimeout(limit)
    })
}

/// Serves operators until `shutdown` resolves.
///
/// # Errors
/// [`GatewayError::Admin`].
pub async fn serve_admin(
    listener: TcpListener,
    gateway: &Gateway,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), GatewayError> {
    let serving = axum::serve(listener, gateway.admin.clone()).with_graceful_shutdown(shutdown);
    serving.await.map_err(GatewayError::Admin)
}

/// Serves operators of a process that has no gateway until `shutdown` resolves: metrics, `/livez` and `/readyz`.
///
/// # Errors
/// [`GatewayError::Admin`].
pub async fn serve_operators(
    listener: TcpListener,
    readiness: Readiness,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), GatewayError> {
    let serving = axum::serve(listener, probes::admin(readiness)).with_graceful_shutdown(shutdown);
    serving.await.map_err(GatewayError::Admin)
}

/// The connections of one listener.
struct Connections {
    router: Router,
    builder: Builder<TokioExecutor>,
    places: Arc<Semaphore>,
    header_timeout: Duration,
    /// Largest body that is read to its end though nobody wants it, in bytes.
    unread: usize,
    graceful: GracefulShutdown,
    /// Ends connections whose requests did not end in time.
    cut: CancellationToken,
}

impl Connections {
    fn new(router: Router, settings: &Settings) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.header_timeout)
            .max_buf_size(settings.max_header_bytes.max(8192));
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(256)
            .max_header_list_size(u32::try_from(settings.max_header_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(64)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10));
        Self {
            router,
            builder,
            places: Arc::new(Semaphore::new(
                settings.max_connections.min(Semaphore::MAX_PERMITS),
            )),
            header_timeout: settings.header_timeout,
            unread: settings.max_body_bytes,
            graceful: GracefulShutdown::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Takes connections for ever, as many at once as there are places.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            let place = Arc::clone(&self.places)
                .acquire_owned()
                .await
                .expect("the semaphore is never closed");
            match listener.accept().await {
                Ok((stream, _)) => self.begin(stream, place),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn begin(&self, stream: TcpStream, place: tokio::sync::OwnedSemaphorePermit) {
        let (router, most) = (self.router.clone(), self.unread);
        let service = service_fn(move |request| unread::answer(router.clone(), request, most));
        let (builder, watcher, patience) = (
            self.builder.clone(),
            self.graceful.watcher(),
            self.header_timeout,
        );
        let cut = self.cut.clone();
        tokio::spawn(async move {
            let _place = place;
            // Small answers must not wait for the acknowledgement of the one before.
            let _ = stream.set_nodelay(true);
            if !matches!(timeout(patience, speaks(&stream)).await, Ok(Ok(()))) {
                return;
            }
            let connection = builder
                .serve_connection(TokioIo::new(stream), service)
                .into_owned();
            let served = cut.run_until_cancelled(watcher.watch(connection)).await;
            if let Some(Err(error)) = served {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
}

/// Waits until it is clear which protocol is spoken: the server below waits for that without a limit of its own.
async fn speaks(stream: &TcpStream) -> io::Result<()> {
    let mut head = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut head).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen == head.len() || !PREFACE.starts_with(&head[..seen]) {
            return Ok(());
        }
        sleep(Duration::from_millis(5)).await;
    }
}
