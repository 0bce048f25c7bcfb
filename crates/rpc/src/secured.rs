//! Connections under mutual TLS, in both directions, each with the certificates that are good at its beginning.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, future::BoxFuture};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tower::Service;

use crate::{PeerRoles, RoleName, TlsMaterial};

/// How long a peer may take to show who it is.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Peers that may be at it at once.
const HANDSHAKES: usize = 256;
/// Rest after the system refused a connection, as when it has no more files to give.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// Connections of peers that showed a certificate of the authority.
pub(crate) fn incoming(
    listener: TcpListener,
    tls: TlsMaterial,
) -> impl Stream<Item = io::Result<PeerStream>> {
    let (ready, connections) = mpsc::channel(HANDSHAKES);
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    tokio::spawn(async move {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                () = ready.closed() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else {
                tokio::time::sleep(AFTER_REFUSAL).await;
                continue;
            };
            let (ready, acceptor) = (
                ready.clone(),
                TlsAcceptor::from(Arc::clone(&tls.current().server)),
            );
            tokio::spawn(async move {
                let _place = place;
                match timeout(HANDSHAKE, shake_hands(socket, acceptor)).await {
                    Ok(Ok(stream)) => drop(ready.send(Ok(stream)).await),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a connection without good certificate");
                    }
                    Err(_) => tracing::debug!("a connection that never said who it is"),
                }
            });
        }
    });
    ReceiverStream::new(connections)
}

async fn shake_hands(socket: TcpStream, acceptor: TlsAcceptor) -> io::Result<PeerStream> {
    socket.set_nodelay(true)?;
    let io = acceptor.accept(socket).await?;
    let certificate = io.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let peer = certificate.map_or(PeerRoles::NONE, roles_of);
    Ok(PeerStream { io, peer })
}

/// The roles that a certificate names: `<role>.marque.internal`.
pub(crate) fn roles_of(certificate: &CertificateDer<'_>) -> PeerRoles {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else {
        return PeerRoles::NONE;
    };
    let names: Vec<&str> = certificate.valid_dns_names().collect();
    RoleName::ALL
        .into_iter()
        .filter(|role| names.contains(&TlsMaterial::server_name(*role).as_str()))
        .fold(PeerRoles::NONE, PeerRoles::with)
}

/// A connection and who is at its other end; each request on it carries that as an extension.
pub(crate) struct PeerStream {
    io: server::TlsStream<TcpStream>,
    peer: PeerRoles,
}

impl Connected for PeerStream {
    type ConnectInfo = PeerRoles;

    fn connect_info(&self) -> PeerRoles {
        self.peer
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Connects to a peer and takes it only under its name.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) tls: TlsMaterial,
    pub(crate) name: ServerName<'static>,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<client::TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { tls, name } = self.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let port = uri.port_u16().unwrap_or(443);
            let socket = TcpStream::connect(format!("{host}:{port}")).await?;
            socket.set_nodelay(true)?;
            let connector = TlsConnector::from(Arc::clone(&tls.current().client));
            Ok(TokioIo::new(connector.connect(name, socket).await?))
        })
    }
}
