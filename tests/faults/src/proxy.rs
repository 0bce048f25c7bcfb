//! A network that breaks when told to: a TCP proxy with the toxics of Toxiproxy (reliability.md R9).

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// What is wrong with a network. It takes hold of connections that live as well as of new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toxic {
    /// Nothing.
    None,
    /// What is sent arrives that much later.
    Latency(Duration),
    /// Nobody is there: connections end, new ones end at once.
    Down,
    /// So many bytes a second, at least one.
    Bandwidth(u64),
    /// The end of a connection is told that much later.
    SlowClose(Duration),
    /// Nothing arrives any more. With a time, the connection ends after it; without, it stays and says nothing: a partition.
    Timeout(Option<Duration>),
    /// Connections are reset after a time.
    ResetPeer(Duration),
    /// What is sent arrives in pieces of so many bytes, at least one, with a pause between.
    Slicer(usize, Duration),
    /// Connections end after so many bytes each way.
    LimitData(usize),
}

/// A proxy on a free port before one or several equal servers.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    toxic: watch::Sender<Toxic>,
    upstreams: Arc<Upstreams>,
    accepting: JoinHandle<()>,
}

/// The servers behind a proxy; each new connection goes to the next of them.
#[derive(Debug)]
struct Upstreams {
    all: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
}

/// Why a connection is ended by the proxy.
#[derive(Debug)]
enum Cut {
    /// As if closed by the other side.
    Closed,
    /// With a reset.
    Reset,
}

impl Proxy {
    /// Before one server.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn before(server: SocketAddr) -> io::Result<Self> {
        Self::before_all(vec![server]).await
    }

    /// Before several equal ones: what a service of Kubernetes is to its pods.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn before_all(servers: Vec<SocketAddr>) -> io::Result<Self> {
        Self::on(Ipv4Addr::LOCALHOST, servers).await
    }

    /// Before several equal ones, on an address of this machine.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn on(address: Ipv4Addr, servers: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let (toxic, seen) = watch::channel(Toxic::None);
        let upstreams = Arc::new(Upstreams {
            all: Mutex::new(servers),
            next: AtomicUsize::new(0),
        });
        let behind = Arc::clone(&upstreams);
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(carry(caller, behind.next(), seen.clone()));
            }
        });
        Ok(Self {
            address,
            toxic,
            upstreams,
            accepting,
        })
    }

    /// From now on the network is like this.
    pub fn set(&self, toxic: Toxic) {
        self.toxic.send_replace(toxic);
    }

    /// From now on new connections go to these. With none of them they end at once.
    ///
    /// # Panics
    /// Never: no thread panics while it holds the list.
    pub fn lead_to(&self, servers: Vec<SocketAddr>) {
        *self
            .upstreams
            .all
            .lock()
            .expect("nobody panics with the list") = servers;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstreams {
    fn next(&self) -> Option<SocketAddr> {
        let all = self.all.lock().expect("nobody panics with the list");
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        (!all.is_empty()).then(|| all[at % all.len()])
    }
}

/// Carries one connection to its end.
async fn carry(mut caller: TcpStream, server: Option<SocketAddr>, toxic: watch::Receiver<Toxic>) {
    let Some(server) = server.filter(|_| *toxic.borrow() != Toxic::Down) else {
        return;
    };
    let Ok(Ok(mut callee)) = timeout(Duration::from_secs(5), TcpStream::connect(server)).await
    else {
        return;
    };
    let _ = (caller.set_nodelay(true), callee.set_nodelay(true));
    let cut = {
        let (mut from_caller, mut to_caller) = caller.split();
        let (mut from_callee, mut to_callee) = callee.split();
        let there = pump(&mut from_caller, &mut to_callee, toxic.clone());
        let back = pump(&mut from_callee, &mut to_caller, toxic);
        tokio::try_join!(there, back)
    };
    if matches!(cut, Err(Cut::Reset)) {
        let _ = (caller.set_zero_linger(), callee.set_zero_linger());
    }
}

/// Carries one direction to its end, or until the connection is cut.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut toxic: watch::Receiver<Toxic>,
) -> Result<(), Cut> {
    let mut buffer = vec![0; 16 * 1024];
    let mut carried = 0;
    loop {
        let now = *toxic.borrow_and_update();
        match now {
            Toxic::Down => return Err(Cut::Closed),
            Toxic::ResetPeer(after) => {
                sleep(after).await;
                return Err(Cut::Reset);
            }
            Toxic::Timeout(after) => {
                let over = match after {
                    Some(after) => timeout(after, toxic.changed()).await.is_err(),
                    None => toxic.changed().await.is_err(),
                };
                if over {
                    return Err(Cut::Closed);
                }
                continue;
            }
            _ => {}
        }
        let count = tokio::select! {
            changed = toxic.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return Err(Cut::Closed),
            },
            read = from.read(&mut buffer) => read.map_err(|_| Cut::Reset)?,
        };
        if count == 0 {
            if let Toxic::SlowClose(after) = now {
                sleep(after).await;
            }
            return to.shutdown().await.map_err(|_| Cut::Closed);
        }
        carried = forward(to, &buffer[..count], now, carried).await?;
    }
}

/// Sends what was read as the toxic would have it; answers how much the connection has carried this way.
async fn forward(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    toxic: Toxic,
    carried: usize,
) -> Result<usize, Cut> {
    let mut rest = bytes;
    let mut pause = Duration::ZERO;
    let mut piece = bytes.len();
    match toxic {
        Toxic::Latency(late) => sleep(late).await,
        Toxic::Bandwidth(rate) => {
            piece = usize::try_from(rate / 20)
                .unwrap_or(usize::MAX)
                .clamp(1, piece);
            pause = Duration::from_secs_f64(piece as f64 / rate.max(1) as f64);
        }
        Toxic::Slicer(size, between) => (piece, pause) = (size.max(1), between),
        Toxic::LimitData(most) => rest = &bytes[..bytes.len().min(most.saturating_sub(carried))],
        _ => {}
    }
    for part in rest.chunks(piece) {
        // Before, for so long the piece is on its way.
        if !pause.is_zero() {
            sleep(pause).await;
        }
        to.write_all(part).await.map_err(|_| Cut::Reset)?;
    }
    if rest.len() < bytes.len() {
        return Err(Cut::Closed);
    }
    Ok(carried + bytes.len())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A proxy before a server that sends back what it gets.
    async fn echo() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = caller.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        Proxy::before(server).await.unwrap()
    }

    /// Sends bytes and reads as many back, within two seconds.
    async fn ask(stream: &mut TcpStream, count: usize) -> io::Result<()> {
        stream.write_all(&vec![7; count]).await?;
        let mut back = vec![0; count];
        let read = timeout(2000 * MS, stream.read_exact(&mut back)).await;
        read.map_err(|_| io::ErrorKind::TimedOut)??;
        assert!(back.iter().all(|byte| *byte == 7));
        Ok(())
    }

    async fn connected(proxy: &Proxy) -> TcpStream {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        ask(&mut stream, 10).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn what_is_slow_arrives_whole_and_late() {
        let proxy = echo().await;
        for (toxic, count, least) in [
            (Toxic::Latency(60 * MS), 1000, 120),
            (Toxic::Bandwidth(20_000), 2000, 90),
            (Toxic::Slicer(100, 5 * MS), 1000, 50),
        ] {
            let mut stream = connected(&proxy).await;
            proxy.set(toxic);
            let began = Instant::now();
            ask(&mut stream, count).await.unwrap();
            assert!(
                began.elapsed() >= least * MS,
                "{toxic:?}: {:?}",
                began.elapsed()
            );
            proxy.set(Toxic::None);
        }
    }

    #[tokio::test]
    async fn what_is_cut_ends_connections_that_live_and_new_ones() {
        let proxy = echo().await;
        for toxic in [
            Toxic::Down,
            Toxic::ResetPeer(10 * MS),
            Toxic::LimitData(100),
            Toxic::Timeout(Some(50 * MS)),
        ] {
            let mut stream = connected(&proxy).await;
            proxy.set(toxic);
            let failed = ask(&mut stream, 1000).await;
            assert!(
                failed.is_err_and(|error| error.kind() != io::ErrorKind::TimedOut),
                "{toxic:?}"
            );
            let mut new = TcpStream::connect(proxy.address).await.unwrap();
            assert!(ask(&mut new, 1000).await.is_err(), "{toxic:?}");
            proxy.set(Toxic::None);
        }
        connected(&proxy).await;
    }

    #[tokio::test]
    async fn a_partition_says_nothing_and_heals() {
        let proxy = echo().await;
        let mut stream = connected(&proxy).await;
        proxy.set(Toxic::Timeout(None));
        stream.write_all(&[7; 4]).await.unwrap();
        let mut back = [0; 4];
        assert!(
            timeout(100 * MS, stream.read_exact(&mut back))
                .await
                .is_err()
        );
        proxy.set(Toxic::None);
        timeout(2000 * MS, stream.read_exact(&mut back))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(back, [7; 4]);
    }

    #[tokio::test]
    async fn an_end_is_told_late_and_connections_go_round() {
        let (one, other) = (echo().await, echo().await);
        one.set(Toxic::SlowClose(80 * MS));
        let mut stream = connected(&one).await;
        stream.shutdown().await.unwrap();
        let began = Instant::now();
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(began.elapsed() >= 80 * MS);
        let both = Proxy::before_all(vec![one.address, other.address])
            .await
            .unwrap();
        other.set(Toxic::Down);
        let mut served = 0;
        for _ in 0..4 {
            let mut stream = TcpStream::connect(both.address).await.unwrap();
            served += u32::from(ask(&mut stream, 10).await.is_ok());
        }
        assert_eq!(served, 2);
        both.lead_to(Vec::new());
        let mut stream = TcpStream::connect(both.address).await.unwrap();
        assert!(ask(&mut stream, 10).await.is_err());
    }
}
