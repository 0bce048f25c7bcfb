//! Every process replaced one after the other under load: nobody notices (reliability.md R14).

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use marque_auth::Role;
use marque_config::ServiceRole;
use marque_load::{Ending, Host, Load, Mix, Pace, Stock, StockSize, Tally};

use crate::{Cluster, cluster::is_ready};

/// What came of it.
#[derive(Debug)]
pub struct Rolling {
    /// Requests of the whole time.
    pub tally: Tally,
    /// Processes replaced.
    pub restarts: usize,
    /// The longest that one took to end after SIGTERM.
    pub slowest_end: Duration,
}

/// How often the balancers look who is ready: this late they learn that somebody is going.
const LOOK: Duration = Duration::from_millis(500);

/// So many rounds in which each process is ended by SIGTERM and started again, at so many requests a second with files among them.
///
/// # Errors
/// If the cluster cannot be filled, or a process does not end or start as it should. Failed requests are in the tally.
pub async fn restart_all(
    mut cluster: Cluster,
    stock: Stock,
    rounds: usize,
    rate: f64,
    seed: u64,
) -> anyhow::Result<Rolling> {
    let is_over = Arc::new(AtomicBool::new(false));
    let load = begin_load(
        cluster.front.address,
        Mix::new(stock, seed),
        rate,
        seed,
        Arc::clone(&is_over),
    );
    let (mut restarts, mut slowest_end) = (0, Duration::ZERO);
    let places: Vec<usize> = cluster.members().map(|(at, _)| at).collect();
    for _ in 0..rounds {
        for at in &places {
            let took = replace(&mut cluster, *at).await?;
            restarts += 1;
            slowest_end = slowest_end.max(took);
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let tally = load
        .join()
        .map_err(|_| anyhow::anyhow!("the generator panicked"))??;
    Ok(Rolling {
        tally,
        restarts,
        slowest_end,
    })
}

/// Fills a cluster with sample files.
///
/// # Errors
/// If a file is not taken.
pub async fn fill(
    cluster: &Cluster,
    marque: &marque_load::Marque,
    size: StockSize,
) -> anyhow::Result<Stock> {
    let token = |role: &str, dealer: Option<&str>| cluster.token(role.parse::<Role>()?, dealer);
    let host = Host {
        marque,
        http: cluster.front.address,
        token: &token,
    };
    let stock = Stock::fill(&host, size).await?;
    cluster.until_quiet(Duration::from_secs(300)).await?;
    Ok(stock)
}

/// Ends one process as a deployment does, and starts it again: its balancers learn late that it goes, and lead to it again when it is ready.
async fn replace(cluster: &mut Cluster, at: usize) -> anyhow::Result<Duration> {
    let (role, going) = cluster
        .members()
        .nth(at)
        .map(|(_, member)| (member.role, member.listen))
        .context("a member")?;
    let others: Vec<SocketAddr> = members_of(cluster, role)
        .into_iter()
        .map(|(listen, _)| listen)
        .filter(|listen| *listen != going)
        .collect();
    ensure!(
        !others.is_empty(),
        "{role} has one process only: there is nobody to take over"
    );
    let began = Instant::now();
    let took = {
        let ending = cluster.end_begin(at)?;
        tokio::time::sleep(LOOK).await;
        cluster.lead(role, &others);
        cluster.end_wait(at, ending).await?
    };
    ensure!(
        took < Duration::from_secs(25),
        "{role} took {took:?} to end"
    );
    cluster.start_again(at)?;
    cluster.until_member_ready(at).await?;
    // As readiness probes do: twice well before anybody is led there.
    tokio::time::sleep(LOOK).await;
    let mut ready = Vec::new();
    for (listen, admin) in members_of(cluster, role) {
        if is_ready(admin).await {
            ready.push(listen);
        }
    }
    cluster.lead(role, &ready);
    ensure!(
        began.elapsed() < Duration::from_secs(120),
        "{role} took {:?} to be replaced",
        began.elapsed()
    );
    Ok(took)
}

fn members_of(cluster: &Cluster, role: ServiceRole) -> Vec<(SocketAddr, SocketAddr)> {
    let of_role = cluster.members().filter(|(_, member)| member.role == role);
    of_role
        .map(|(_, member)| (member.listen, member.admin))
        .collect()
}

type Generator = std::thread::JoinHandle<anyhow::Result<Tally>>;

/// Sends in a thread of its own until told to stop: what else goes on must not make it late.
pub(super) fn begin_load(
    server: SocketAddr,
    mix: Mix,
    rate: f64,
    seed: u64,
    is_over: Arc<AtomicBool>,
) -> Generator {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async move {
            let (mut mix, mut tally, mut span) = (mix, Tally::default(), 0);
            while !is_over.load(Ordering::Relaxed) {
                let load = Load {
                    server,
                    pace: Pace::Open(rate),
                    span: Duration::from_secs(2),
                    connections: 64,
                    seed: seed + span,
                };
                let seconds;
                (mix, seconds) = load.run(mix).await;
                for second in seconds {
                    tally.add(second);
                }
                span += 1;
            }
            Ok(tally)
        })
    })
}

impl Rolling {
    /// Requests that nobody could call served: failed, late or refused.
    pub fn failed(&self) -> u64 {
        self.tally.count(|ending| ending != Ending::Good)
    }
}
