//! What one call between roles costs: CPU time of the whole process a call, over memory and over loopback TCP.
//!
//! `cargo run --profile release-fast -p marque-rpc --example hop`

use std::{fs, time::Instant};

use marque_api::events::v1::{
    PullRequest, PullResponse,
    event_feed_client::EventFeedClient,
    event_feed_server::{EventFeed, EventFeedServer},
};
use marque_rpc::{
    CallMeta, PeerSettings, RequestId, RoleName, RoleRouter, Routes, RpcTransport, ServerSettings,
    StackSettings, capped, connect_lazily, serve, stack,
};
use marque_telemetry::{TelemetrySettings, init};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status};
use tower::layer::util::Identity;

/// Answers at once: what remains is the hop.
struct Empty;

#[tonic::async_trait]
impl EventFeed for Empty {
    async fn pull(&self, _: Request<PullRequest>) -> Result<Response<PullResponse>, Status> {
        Ok(Response::new(PullResponse::default()))
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = std::env::args().nth(1);
    let _guard = match telemetry {
        Some(filter) => Some(init(&TelemetrySettings {
            filter,
            ..TelemetrySettings::default()
        })?),
        None => None,
    };
    let router = RoleRouter::new();
    let routes = Routes::new(capped!(EventFeedServer::new(Empty)));
    router.add(stack(
        RoleName::Vehicle,
        routes,
        Identity::new(),
        StackSettings::default(),
    ))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let peer = PeerSettings {
        address: format!("http://{}", listener.local_addr()?),
        tls: None,
        connect_timeout: std::time::Duration::from_secs(1),
        server_name: None,
    };
    let local = RpcTransport::local(RoleName::Vehicle, &router);
    let server = tokio::spawn(async move {
        serve(
            listener,
            router,
            None,
            &ServerSettings::default(),
            std::future::pending(),
        )
        .await
    });
    measure("memory", local, 50_000).await?;
    measure(
        "loopback TCP",
        connect_lazily(RoleName::Vehicle, &peer)?,
        20_000,
    )
    .await?;
    server.abort();
    Ok(())
}

async fn measure(
    name: &str,
    transport: RpcTransport,
    calls: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut client = capped!(EventFeedClient::new(transport));
    let meta = CallMeta::new(RequestId::random()).with_token("a-token");
    for _ in 0..calls / 10 {
        client.pull(meta.outgoing(PullRequest::default())).await?;
    }
    let (cpu, wall) = (cpu_micros()?, Instant::now());
    for _ in 0..calls {
        client.pull(meta.outgoing(PullRequest::default())).await?;
    }
    let cpu = (cpu_micros()? - cpu) / f64::from(calls);
    let wall = wall.elapsed().as_secs_f64() * 1e6 / f64::from(calls);
    eprintln!(
        "{name:>12}: {cpu:6.2} us of CPU, {wall:7.2} us of time a call ({calls} calls, one after another)"
    );
    Ok(())
}

/// CPU time of all threads so far, in microseconds: the scheduler counts in nanoseconds.
fn cpu_micros() -> Result<f64, Box<dyn std::error::Error>> {
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanos / 1000.0)
}
