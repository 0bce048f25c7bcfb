//! What the gateway itself costs: CPU of the serving thread, socket and all, over stub roles that answer at once.
//!
//! `cargo test --profile release-fast -p marque-gateway --test it cost -- --ignored --nocapture`

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use tokio::net::TcpListener;

use crate::rig::{CUSTOMER, Rig};

const WARM_UP: usize = 2_000;
const MEASURED: usize = 20_000;

/// Where a serving thread is reached, its folder in `/proc`, and a good token.
struct Server {
    address: SocketAddr,
    proc: PathBuf,
    token: String,
}

fn start() -> Server {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let plenty = std::num::NonZeroU32::new(1_000_000).unwrap();
            let rig = Rig::with(|settings| {
                (settings.requests_per_second, settings.burst) = (plenty, plenty);
            });
            for role in [
                &rig.customer,
                &rig.vehicle,
                &rig.visits,
                &rig.scoring,
                &rig.complaint,
            ] {
                role.be_quiet();
            }
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let proc = fs::canonicalize("/proc/thread-self").unwrap();
            let server = Server {
                address: listener.local_addr().unwrap(),
                proc,
                token: rig.tokens.of("hq_admin"),
            };
            tell.send(server).unwrap();
            marque_gateway::serve(listener, &rig.gateway, std::future::pending())
                .await
                .unwrap();
        });
    });
    told.recv().unwrap()
}

/// Nanoseconds the serving thread has been on a processor.
fn busy_ns(server: &Server) -> u64 {
    let text = fs::read_to_string(server.proc.join("schedstat")).unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> usize {
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    length
}

fn microseconds(server: &Server, method: &str, path: &str, body: &str) -> (f64, usize) {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.token,
        body.len()
    );
    let mut stream = BufReader::new(TcpStream::connect(server.address).unwrap());
    for _ in 0..WARM_UP {
        exchange(&mut stream, &request);
    }
    let before = busy_ns(server);
    let size = (0..MEASURED)
        .map(|_| exchange(&mut stream, &request))
        .last()
        .unwrap();
    (
        (busy_ns(server) - before) as f64 / MEASURED as f64 / 1000.0,
        size,
    )
}

#[test]
#[ignore = "measures; needs an optimised build"]
fn cost_of_the_hot_reads() {
    let server = start();
    let id = format!("/v1/customers/{CUSTOMER}");
    let cases = [
        ("probe", "GET", "/livez".to_owned(), "", 1000.0),
        ("read by id", "GET", id.clone(), "", 80.0),
        (
            "look-up",
            "POST",
            "/v1/lookup".to_owned(),
            r#"{"phone":"13800000000"}"#,
            120.0,
        ),
        ("profile", "GET", format!("{id}/profile"), "", 300.0),
    ];
    for (name, method, path, body, most) in cases {
        let (cost, size) = microseconds(&server, method, &path, body);
        println!("{name}: {cost:.1} us of CPU, {size} bytes");
        assert!(
            cfg!(debug_assertions) || cost < most,
            "{name} costs {cost} us, more than {most}"
        );
    }
}
