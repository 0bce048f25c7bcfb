//! Every way between two processes with every toxic, every process killed, every clock moved (reliability.md R9).

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::traffic::{Traffic, Verdict};
use crate::{Cluster, Outage, Place, Toxic};
use marque_config::ServiceRole;

/// How soon it must flow again after a fault.
const NORMAL_AGAIN: Duration = Duration::from_secs(30);

/// The eight toxics and a partition, as the matrix sets them.
pub const TOXICS: [Toxic; 9] = [
    Toxic::Latency(Duration::from_millis(200)),
    Toxic::Down,
    Toxic::Bandwidth(20_000),
    Toxic::SlowClose(Duration::from_millis(500)),
    Toxic::Timeout(Some(Duration::from_millis(500))),
    Toxic::Timeout(None),
    Toxic::ResetPeer(Duration::from_millis(100)),
    Toxic::Slicer(64, Duration::from_millis(2)),
    Toxic::LimitData(20_000),
];

/// One fault.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The way from a role to a place is like this.
    Way(ServiceRole, Place, Toxic),
    /// Who is on an island of its own is cut off from everybody.
    Outage(Place, Outage),
    /// The process of a role is killed and started again.
    Kill(ServiceRole),
    /// The clock of a role jumps so far ahead (or back, if so it says), and to the right time when the fault ends.
    Clock(ServiceRole, Duration, bool),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Way(from, to, toxic) => write!(f, "{from} -> {to}: {toxic:?}"),
            Self::Outage(place, outage) => write!(f, "{place}: {outage:?}"),
            Self::Kill(role) => write!(f, "{role} killed"),
            Self::Clock(role, by, back) => {
                let way = if *back { "back" } else { "ahead" };
                write!(f, "{role}: clock {by:?} {way}")
            }
        }
    }
}

/// What a run of the matrix came to.
#[derive(Debug)]
pub struct Survived {
    /// Each fault with the writes acknowledged while it lasted and the time until they flowed again.
    pub faults: Vec<(Fault, u64, Duration)>,
    /// What was found right in the end.
    pub verdict: Verdict,
}

/// One fault after the other under writers, each for so long; then the books are checked. `tell` hears of each.
///
/// # Errors
/// If writes do not flow again within half a minute of a fault, or anything is lost, twice, or does not balance.
pub async fn run_matrix(
    mut cluster: Cluster,
    faults: &[Fault],
    span: Duration,
    tell: impl Fn(&Fault, u64, Duration),
) -> anyhow::Result<Survived> {
    let traffic = Traffic::begin(&cluster, 4).await?;
    traffic.until_it_flows(NORMAL_AGAIN).await?;
    let mut survived = Vec::new();
    for fault in faults {
        let before = traffic.written();
        strike(&mut cluster, fault)?;
        tokio::time::sleep(span).await;
        let meanwhile = traffic.written() - before;
        cluster.heal()?;
        let healed = Instant::now();
        traffic
            .until_it_flows(NORMAL_AGAIN)
            .await
            .with_context(|| fault.to_string())?;
        tell(fault, meanwhile, healed.elapsed());
        survived.push((*fault, meanwhile, healed.elapsed()));
    }
    let verdict = traffic.end_and_check(cluster).await?;
    Ok(Survived {
        faults: survived,
        verdict,
    })
}

/// Lets a fault begin.
///
/// # Errors
/// If a process cannot be killed, a place not be cut off or a clock not be set.
pub(super) fn strike(cluster: &mut Cluster, fault: &Fault) -> anyhow::Result<()> {
    match fault {
        Fault::Way(from, to, toxic) => cluster.set(*from, *to, *toxic),
        Fault::Outage(place, outage) => cluster.cut(*place, *outage)?,
        Fault::Kill(role) => cluster.kill_and_start(cluster.place_of(*role))?,
        Fault::Clock(role, by, back) => cluster.set_clock(*role, *by, *back)?,
    }
    Ok(())
}
