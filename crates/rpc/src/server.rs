//! The listener of a process: TLS, limits of connections, and a drain that drops nothing.

use std::{future::Future, io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_stream::{StreamExt as _, wrappers::TcpListenerStream};
use tonic::transport::Server;

use crate::{RoleRouter, TlsMaterial, secured};

/// Limits of the listener.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Streams at once on one connection.
    pub max_concurrent_streams: u32,
    /// Largest sum of a request's headers, in bytes.
    pub max_header_bytes: u32,
    /// Interval of HTTP/2 pings to peers that are silent.
    pub keepalive_interval: Duration,
    /// How long a peer may take to answer a ping.
    pub keepalive_timeout: Duration,
    /// After this long a connection takes no more calls and the peer makes another: else all calls of a peer stay with the replica
    /// that it happened to find first.
    pub connection_age: Duration,
    /// How long calls in progress may take to end after that.
    pub connection_grace: Duration,
    /// Between saying NOT_SERVING and taking no more calls: what load balancers need to notice.
    pub drain_notice: Duration,
    /// How long calls in progress may take to end after that.
    pub drain_timeout: Duration,
}

impl Default for ServerSettings {
    /// 256 streams, 16 KiB, pings every 20 s with 10 s to answer, connections of five minutes and an hour more for their calls, 2 s of
    /// notice and 20 s to drain.
    fn default() -> Self {
        Self {
            max_concurrent_streams: 256,
            max_header_bytes: 16 * 1024,
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(10),
            connection_age: Duration::from_mins(5),
            connection_grace: Duration::from_hours(1),
            drain_notice: Duration::from_secs(2),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// The listener could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Serving failed.
    #[error("the gRPC listener failed")]
    Listener(#[source] tonic::transport::Error),
    /// Calls were still in progress when the time for draining was over; they were cut.
    #[error("calls were still in progress after {0:?} of draining and were cut")]
    DrainTimeout(Duration),
}

/// Serves the roles until `shutdown` resolves, then drains: health says NOT_SERVING, peers get time to notice,
/// no new calls are taken, those in progress end, and streams without an end are ended.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    router: RoleRouter,
    tls: Option<&TlsMaterial>,
    settings: &ServerSettings,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let server = Server::builder()
        .max_concurrent_streams(settings.max_concurrent_streams)
        .http2_max_header_list_size(settings.max_header_bytes)
        .http2_keepalive_interval(Some(settings.keepalive_interval))
        .http2_keepalive_timeout(Some(settings.keepalive_timeout))
        .max_connection_age(settings.connection_age)
        .max_connection_age_grace(settings.connection_grace)
        .http2_max_pending_accept_reset_streams(Some(64));
    let (draining, drain_began) = oneshot::channel();
    let roles = router.clone();
    let signal = async {
        shutdown.await;
        roles.stop_serving().await;
        tokio::time::sleep(settings.drain_notice).await;
        roles.end_streams();
        // The receiver is gone only if serving ended by itself.
        let _ = draining.send(());
    };
    let serving = async {
        if let Some(tls) = tls {
            let connections = secured::incoming(listener, tls.clone());
            let serving = server.serve_with_incoming_shutdown(router, connections, signal);
            serving.await
        } else {
            let connections = TcpListenerStream::new(listener).map(without_delay);
            let serving = server.serve_with_incoming_shutdown(router, connections, signal);
            serving.await
        }
    };
    tokio::select! {
        served = serving => served.map_err(ServeError::Listener),
        timeout = drain_limit(drain_began, settings.drain_timeout) => Err(timeout),
    }
}

/// Small messages go at once instead of waiting for more.
fn without_delay(connection: io::Result<TcpStream>) -> io::Result<TcpStream> {
    // A peer that went away at once is found out by reading.
    connection.inspect(|connection| drop(connection.set_nodelay(true)))
}

/// Resolves when draining has taken too long.
async fn drain_limit(drain_began: oneshot::Receiver<()>, limit: Duration) -> ServeError {
    if drain_began.await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(limit).await;
    ServeError::DrainTimeout(limit)
}
