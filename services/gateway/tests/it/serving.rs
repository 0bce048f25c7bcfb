//! The listener itself, over real sockets: limits of heads, slow senders, drain.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::rig::{CUSTOMER, Rig};

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), marque_gateway::GatewayError>>,
}

async fn serve(rig: &Arc<Rig>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let rig = Arc::clone(rig);
    let ended = tokio::spawn(async move {
        marque_gateway::serve(listener, &rig.gateway, async {
            stopped.await.unwrap_or_default();
        })
        .await
    });
    Served {
        address,
        stop,
        ended,
    }
}

/// Sends bytes and reads until the other side closes.
async fn exchange(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(rig: &Rig, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        rig.tokens.of("sales")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_requests_in_progress_end() {
    let rig = Arc::new(Rig::new());
    let served = serve(&rig).await;
    rig.customer.be_late(Duration::from_millis(400));
    let slow = get(&rig, &format!("/v1/customers/{CUSTOMER}"));
    let in_progress = tokio::spawn(async move { exchange(served.address, slow.as_bytes()).await });
    while rig.customer.calls() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    served.stop.send(()).unwrap();
    while !rig.readiness.is_draining() {
        tokio::task::yield_now().await;
    }
    let notice = exchange(served.address, get(&rig, "/readyz").as_bytes()).await;
    assert!(
        notice.starts_with("HTTP/1.1 503") && notice.contains("draining"),
        "{notice}"
    );
    assert!(in_progress.await.unwrap().starts_with("HTTP/1.1 200"));
    served.ended.await.unwrap().unwrap();
    assert!(
        TcpStream::connect(served.address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_cut_after_the_drain() {
    let rig = Arc::new(Rig::with(|settings| {
        settings.drain_timeout = Duration::from_millis(200);
    }));
    let served = serve(&rig).await;
    rig.customer.be_late(Duration::from_secs(9));
    let slow = get(&rig, &format!("/v1/customers/{CUSTOMER}"));
    let _in_progress = tokio::spawn(async move { exchange(served.address, slow.as_bytes()).await });
    while rig.customer.calls() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    served.stop.send(()).unwrap();
    assert!(served.ended.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_token_is_refused_as_any_other() {
    let rig = Arc::new(Rig::new());
    let served = serve(&rig).await;
    let ask = async |token: &str| {
        let head = format!(
            "GET /v1/customers/{CUSTOMER} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: same\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let answer = exchange(served.address, head.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    };
    let (status, body) = ask("bad").await;
    assert!(status.starts_with("HTTP/1.1 401") && body.contains("TOKEN_INVALID"));
    assert_eq!(ask(&"a".repeat(64 << 10)).await, (status, body));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_fat_heads_are_let_go() {
    let rig = Arc::new(Rig::with(|settings| {
        settings.header_timeout = Duration::from_millis(200);
    }));
    let served = serve(&rig).await;
    for dripped in ["", "P", "PRI * HTTP", "GET /livez HTTP/1.1\r\nx: "] {
        let begun = Instant::now();
        exchange(served.address, dripped.as_bytes()).await;
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{dripped:?} held a connection for {:?}",
            begun.elapsed()
        );
    }
    let fat = format!(
        "GET /livez HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "a".repeat(200_000)
    );
    let answer = exchange(served.address, fat.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 431") || answer.is_empty(),
        "{}",
        answer.chars().take(80).collect::<String>()
    );
    assert!(
        exchange(served.address, get(&rig, "/livez").as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_streams_only_to_reset_them_is_shown_out_and_hurts_nobody() {
    let rig = Arc::new(Rig::new());
    let served = serve(&rig).await;
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    };
    // GET, http, the path and an authority (RFC 7541).
    let head = [&[0x82_u8, 0x86, 0x04, 6][..], b"/livez", &[0x01, 1], b"x"].concat();
    let mut burst = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    burst.extend(frame(4, 0, 0, &[]));
    for stream in (1..2_000).step_by(2) {
        burst.extend(frame(1, 5, stream, &head));
        burst.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    let begun = Instant::now();
    exchange(served.address, &burst).await;
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "the connection went on for {:?}",
        begun.elapsed()
    );
    assert!(
        exchange(served.address, get(&rig, "/livez").as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_before_the_body_leaves_the_connection_to_the_next_request() {
    let rig = Arc::new(Rig::with(|settings| settings.max_body_bytes = 1 << 10));
    let served = serve(&rig).await;
    let after = async |length: usize| {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let head = format!(
            "POST /v1/lookup HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let body = vec![b' '; length];
        // Who reads no such body may have closed.
        let _ = stream.write_all(&body).await;
        let _ = stream.write_all(get(&rig, "/livez").as_bytes()).await;
        let mut answers = Vec::new();
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answers))
            .await
            .unwrap();
        String::from_utf8_lossy(&answers).into_owned()
    };
    let both = after(900).await;
    assert!(both.starts_with("HTTP/1.1 401"), "{both}");
    assert!(both.contains("HTTP/1.1 200"), "{both}");
    let refused = after(5_000).await;
    assert!(
        refused.is_empty() || refused.contains("connection: close"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_many_requests_whole_or_in_pieces() {
    let rig = Arc::new(Rig::new());
    let served = serve(&rig).await;
    let token = rig.tokens.of("sales");
    let ask = |last: &str| {
        format!(
            "GET /v1/customers/{CUSTOMER} HTTP/1.1\r\nhost: x\r\n{last}authorization: Bearer {token}\r\n\r\n"
        )
    };
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let whole = ask("");
    let (head, rest) = whole.split_at(40);
    let last = ask("connection: close\r\n");
    for piece in [whole.as_str(), whole.as_str(), head, rest, last.as_str()] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.unwrap();
    let answers = String::from_utf8_lossy(&answers).into_owned();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 4, "{answers}");
}
