//! The door with a server behind it, over real sockets. The router here has no guard: whoever gets in is served.

use axum::{Router, extract::Request, routing::post};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::yield_now,
    time::timeout,
};

use super::*;
use crate::{Backlog, edge::Pressure};

const IDLE: Duration = Duration::from_secs(60);
const GET: &str = "GET /v1/me HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &str = "POST /v1/lookup HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody";

struct Caller {
    stream: TcpStream,
    read: Vec<u8>,
    pressure: Arc<Pressure>,
}

impl Caller {
    async fn connect(idle: Duration) -> Self {
        let pressure = Arc::new(Pressure::new(Duration::from_millis(100), Backlog::NONE));
        let keeper = Arc::new(Doorkeeper::new(Arc::clone(&pressure), []));
        let (stream, accepted) = sockets().await;
        let (door, passage) = Door::new(accepted, keeper, idle);
        let service = service_fn(move |request| Arc::clone(&passage).answer(router(), request));
        let serving = http1::Builder::new().serve_connection(TokioIo::new(door), service);
        tokio::spawn(serving);
        Self {
            stream,
            read: Vec::new(),
            pressure,
        }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer's status and body; `None` once the connection is closed.
    async fn answer(&mut self) -> Option<(u16, String)> {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().unwrap());
                if rest.len() >= length {
                    self.read.drain(..head.len() + 4 + length);
                    let status = head[9..12].parse().unwrap();
                    return Some((status, rest[..length].to_owned()));
                }
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(read) if read > 0 => {}
                // A reset is as good as an end.
                Ok(_) | Err(_) => return None,
            }
        }
    }

    async fn ask(&mut self, text: &str) -> (u16, String) {
        self.send(text).await;
        self.answer().await.expect("the connection is kept")
    }
}

/// The caller's and the server's.
async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    (stream, accepted)
}

fn router() -> Router {
    Router::new()
        .route("/v1/unread", post(unread))
        .fallback(served)
}

async fn unread() -> &'static str {
    "unread"
}

async fn served(request: Request) -> String {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    format!("{path} {}", body.unwrap().len())
}

#[tokio::test]
async fn refused_or_served_a_connection_is_kept() {
    let mut caller = Caller::connect(IDLE).await;
    for is_refused in [false, true, true, false, true, false] {
        caller.pressure.refuse_all(is_refused);
        for (request, answer) in [(GET, "/v1/me 0"), (POST, "/v1/lookup 4")] {
            let (status, body) = caller.ask(request).await;
            if is_refused {
                assert_eq!(status, 503);
                assert!(body.contains("\"OVERLOADED\""), "{body}");
            } else {
                assert_eq!((status, body.as_str()), (200, answer));
            }
        }
    }
    // Probes have no guard and are never refused.
    caller.pressure.refuse_all(true);
    let (status, _) = caller.ask("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_head_in_pieces_is_refused_and_a_body_apart_is_for_the_server() {
    let mut caller = Caller::connect(IDLE).await;
    caller.pressure.refuse_all(true);
    for piece in ["GET /v1/me HT", "TP/1.1\r\nhost: x\r", "\n\r\n"] {
        caller.send(piece).await;
        for _ in 0..100 {
            yield_now().await;
        }
    }
    assert_eq!(caller.answer().await.unwrap().0, 503);
    let (head, body) = POST.split_at(POST.len() - 4);
    caller.send(head).await;
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(
        caller.ask(body).await,
        (200, "/v1/lookup 4".to_owned()),
        "the guard, of which there is none here, would have refused it"
    );
    // And after it the door looks again.
    assert_eq!(caller.ask(GET).await.0, 503);
}

#[tokio::test]
async fn a_body_is_handed_on_whole_however_long_it_is() {
    let mut caller = Caller::connect(IDLE).await;
    for length in [100, 8 * 1024, 100_000, 1 << 20] {
        let head = format!("POST /v1/lookup HTTP/1.1\r\ncontent-length: {length}\r\n\r\n");
        let (status, body) = caller.ask(&(head + &"x".repeat(length))).await;
        assert_eq!((status, body), (200, format!("/v1/lookup {length}")));
    }
    caller.pressure.refuse_all(true);
    assert_eq!(caller.ask(GET).await.0, 503);
}

#[tokio::test]
async fn who_does_not_wait_for_answers_gets_them_in_order_from_the_server() {
    let mut caller = Caller::connect(IDLE).await;
    caller.pressure.refuse_all(true);
    caller.send(&[GET, POST, GET].concat()).await;
    for answer in ["/v1/me 0", "/v1/lookup 4", "/v1/me 0"] {
        assert_eq!(caller.answer().await.unwrap(), (200, answer.to_owned()));
    }
}

#[tokio::test]
async fn bytes_of_a_body_are_never_taken_for_a_request() {
    let mut caller = Caller::connect(IDLE).await;
    caller.pressure.refuse_all(true);
    let (length, smuggled) = (GET.len(), GET);
    let head = format!("POST /v1/unread HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    assert_eq!(caller.ask(&head).await, (200, "unread".to_owned()));
    // The server has answered without its body, and may have closed by now.
    let _ = caller.stream.write_all(smuggled.as_bytes()).await;
    assert_eq!(caller.answer().await, None, "one request, one answer");
}

#[tokio::test]
async fn the_server_sees_a_request_before_it_takes_the_connection_for_idle() {
    let mut caller = Caller::connect(Duration::ZERO).await;
    caller.pressure.refuse_all(true);
    assert_eq!(caller.ask(GET).await.0, 200);
}

#[tokio::test]
async fn whoever_does_not_read_his_refusal_does_not_hold_the_connection() {
    let pressure = Pressure::new(Duration::from_millis(100), Backlog::NONE);
    let keeper = Arc::new(Doorkeeper::new(Arc::new(pressure), []));
    let (_caller, accepted) = sockets().await;
    let (mut door, _) = Door::new(accepted, keeper, IDLE);
    door.refusal = vec![0; 64 << 20];
    timeout(Duration::from_millis(100), door.read_u8())
        .await
        .expect_err("it is still being sent");
    timeout(IDLE, door.shutdown()).await.unwrap().unwrap();
}
