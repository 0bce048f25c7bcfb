//! `marque-faults`: the long trials. The short ones run with the tests.

use std::{collections::BTreeMap, io::Write as _, sync::Arc, time::Duration};

use clap::{Parser, Subcommand};
use marque_config::ServiceRole;
use marque_faults::{
    Cluster, Island, Outage, Place, SERVICES, Setting, SmallDisk, broken_disk, full_disk,
    power_cuts,
    trials::{self, Borne, Fault, TOXICS},
};
use marque_load::{Dice, Marque, StockSize, System};
use tempfile::TempDir;

/// The real programs under faults, at full size.
#[derive(Debug, Parser)]
struct Flags {
    /// PostgreSQL: `tests/postgres.sh start DIR` prints it. Without it each role has a SQLite file.
    #[arg(long, global = true)]
    postgres: Option<String>,
    /// NATS: `tests/nats.sh start DIR` prints it. Without it events go by the embedded bus.
    #[arg(long, global = true)]
    nats: Option<String>,
    /// Each role runs in a network namespace of its own, and faults cut it off too; needs root.
    #[arg(long, global = true)]
    apart: bool,
    /// Seed of moments and schedules.
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    #[command(subcommand)]
    trial: Trial,
}

#[derive(Debug, Subcommand)]
enum Trial {
    /// R9: every way with every toxic, and every role killed.
    Matrix {
        /// Seconds of each fault.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only so many faults, chosen by the seed; all if not said.
        #[arg(long)]
        only: Option<usize>,
    },
    /// R7: merges and their undoing while the customer service is killed.
    Merges {
        /// Merges.
        #[arg(long, default_value_t = 1_000)]
        count: usize,
    },
    /// R1: 32 equal requests at once with a kill in the middle, so often.
    SameKey {
        /// Rounds.
        #[arg(long, default_value_t = 100)]
        rounds: usize,
    },
    /// R5: clients that read, count on and write with `If-Match`.
    Counter {
        /// Clients.
        #[arg(long, default_value_t = 64)]
        clients: usize,
        /// Writes of each.
        #[arg(long, default_value_t = 1_000)]
        times: usize,
    },
    /// R14: every process replaced in turn under load; needs PostgreSQL.
    Rolling {
        /// Rounds.
        #[arg(long, default_value_t = 20)]
        rounds: usize,
        /// Requests a second.
        #[arg(long, default_value_t = 200.0)]
        rate: f64,
    },
    /// R18: mixed load with a fault every few minutes.
    Soak {
        /// Minutes.
        #[arg(long, default_value_t = 60.0)]
        minutes: f64,
        /// Minutes between faults.
        #[arg(long, default_value_t = 5.0)]
        every: f64,
        /// Requests a second.
        #[arg(long, default_value_t = 50.0)]
        rate: f64,
    },
    /// What one process bears, and what a process a role does, and how quick profiles are at half of that.
    Bear {
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// Rows of customers before the load.
        #[arg(long, default_value_t = 20_000)]
        customers: usize,
    },
    /// R6: a full disk, and one that fails to sync; needs root and strace.
    Disk,
    /// R6: power cuts, after which only what was synced is there.
    Power {
        /// Cuts.
        #[arg(long, default_value_t = 1_000)]
        cuts: usize,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let marque = Marque::of_this_build()?;
    let islands = if flags.apart {
        an_island_each()?
    } else {
        BTreeMap::new()
    };
    let setting = |replicas| Setting {
        postgres: flags.postgres.clone(),
        nats: flags.nats.clone(),
        replicas,
        islands: islands.clone(),
        environment: Vec::new(),
        is_direct: false,
    };
    let seed = flags.seed;
    match flags.trial {
        Trial::Matrix { seconds, only } => {
            let cluster = Cluster::start(&marque, setting(1)).await?;
            let faults = chosen(all_faults(&cluster), only, seed);
            let tell = |fault: &Fault, meanwhile: u64, again: Duration| {
                say(&format!(
                    "{fault}: {meanwhile} writes meanwhile, flowing again after {again:.1?}"
                ));
            };
            let survived =
                trials::run_matrix(cluster, &faults, Duration::from_secs(seconds), tell).await?;
            say(&format!(
                "{} faults survived: {:?}",
                survived.faults.len(),
                survived.verdict
            ));
        }
        Trial::Merges { count } => {
            let cluster = Cluster::start(&marque, setting(1)).await?;
            say(&format!(
                "{:?}",
                trials::merge_and_undo(cluster, count, seed).await?
            ));
        }
        Trial::SameKey { rounds } => {
            let cluster = Cluster::start(&marque, setting(1)).await?;
            let cases = trials::same_key(cluster, rounds, seed).await?;
            say(&format!(
                "{rounds} keys of 32 equal requests each, with a kill: {cases} cases"
            ));
        }
        Trial::Counter { clients, times } => {
            let cluster = Cluster::start(&marque, setting(1)).await?;
            say(&format!(
                "{:?}",
                trials::count_up(&cluster, clients, times).await?
            ));
        }
        Trial::Rolling { rounds, rate } => rolling(&marque, setting(2), rounds, rate, seed).await?,
        Trial::Soak {
            minutes,
            every,
            rate,
        } => soak(&marque, setting(1), minutes, every, rate, seed).await?,
        Trial::Bear { seconds, customers } => {
            let setting = Setting {
                is_direct: true,
                ..setting(1)
            };
            let stock = StockSize {
                customers,
                dealers: 4,
            };
            bear(&marque, setting, stock, Duration::from_secs(seconds), seed).await?;
        }
        Trial::Disk => {
            say(&format!(
                "full: {:?}",
                full_disk(&marque, &SmallDisk::mount(96)?).await?
            ));
            say(&format!("EIO: {:?}", broken_disk(&marque).await?));
        }
        Trial::Power { cuts } => {
            let fate = power_cuts(&marque, cuts, seed).await?;
            say(&format!("{cuts} power cuts: {fate:?}"));
        }
    }
    Ok(())
}

fn an_island_each() -> anyhow::Result<BTreeMap<Place, Arc<Island>>> {
    let roles = SERVICES.into_iter().chain([ServiceRole::Gateway]);
    roles
        .map(|role| Ok((Place::Role(role), Arc::new(Island::raise()?))))
        .collect()
}

const STOCK: StockSize = StockSize {
    customers: 2_000,
    dealers: 2,
};

async fn rolling(
    marque: &Marque,
    setting: Setting,
    rounds: usize,
    rate: f64,
    seed: u64,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        setting.postgres.is_some(),
        "two processes of a role need PostgreSQL: --postgres $(tests/postgres.sh start DIR)"
    );
    let cluster = Cluster::start(marque, setting).await?;
    let stock = trials::fill(&cluster, marque, STOCK).await?;
    let rolled = trials::restart_all(cluster, stock, rounds, rate, seed).await?;
    say(&format!(
        "{} restarts, slowest end {:.1?}; {} requests, {} not served: {:?}; p99 {:.0} ms",
        rolled.restarts,
        rolled.slowest_end,
        rolled.tally.all(),
        rolled.failed(),
        rolled.tally.failures(),
        rolled.tally.good_ms(0.99),
    ));
    Ok(())
}

async fn soak(
    marque: &Marque,
    setting: Setting,
    minutes: f64,
    every: f64,
    rate: f64,
    seed: u64,
) -> anyhow::Result<()> {
    let mut cluster = Cluster::start(marque, setting).await?;
    let stock = trials::fill(&cluster, marque, STOCK).await?;
    let faults = chosen(all_faults(&cluster), Some(64), seed);
    let span = |minutes: f64| Duration::from_secs_f64(minutes * 60.0);
    let soaked = trials::soak(
        &mut cluster,
        stock,
        rate,
        span(minutes),
        span(every),
        &faults,
    )
    .await?;
    say(&format!(
        "{minutes} min, {} faults; in calm {} requests, {} not served {:?}, p99 {:.0} ms; struck {} requests, {} served; memory {:.0} to {:.0} MB, slope {:.2} %/h",
        soaked.faults,
        soaked.calm.all(),
        soaked.calm_failures(),
        soaked.calm.failures(),
        soaked.calm.good_ms(0.99),
        soaked.struck.all(),
        soaked.struck.good(),
        soaked.memory.first().map_or(0.0, |point| point.1),
        soaked.memory.last().map_or(0.0, |point| point.1),
        soaked.slope(),
    ));
    Ok(())
}

async fn bear(
    marque: &Marque,
    setting: Setting,
    size: StockSize,
    span: Duration,
    seed: u64,
) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let system = System::start(marque, &folder.path().join("data"), None).await?;
    let stock = system.fill(size).await?;
    let borne = trials::bear(system.http, stock, span, seed).await;
    tell_borne("one process, SQLite", &borne);
    system.kill()?;
    let cluster = Cluster::start(marque, setting).await?;
    let stock = trials::fill(&cluster, marque, size).await?;
    let borne = trials::bear(cluster.gateway(), stock, span, seed).await;
    tell_borne("a process a role", &borne);
    Ok(())
}

fn tell_borne(what: &str, borne: &Borne) {
    say(&format!(
        "{what}: peak {:.0}/s; at half of it {} requests, {} not served {:?}, profiles p50 {:.1} ms, p99 {:.1} ms, all p99 {:.1} ms",
        borne.peak,
        borne.half.all(),
        borne.half.all() - borne.half.good(),
        borne.half.failures(),
        borne.profile_ms(0.5),
        borne.profile_ms(0.99),
        borne.half.good_ms(0.99),
    ));
}

/// How far a clock jumps: past the leeway of tokens and the life of leases.
const JUMP: Duration = Duration::from_secs(300);

/// Every way with every toxic, every role killed, its clock moved, and cut off if it is on an island. Ways nobody ever takes are left out.
fn all_faults(cluster: &Cluster) -> Vec<Fault> {
    let is_taken = |from: &ServiceRole, to: &Place| match to {
        Place::Role(to) => from != to && *from != ServiceRole::Network,
        Place::Postgres | Place::Nats => true,
    };
    let ways = cluster
        .ways()
        .into_iter()
        .filter(|(from, to)| is_taken(from, to));
    let struck = ways.flat_map(|(from, to)| TOXICS.map(|toxic| Fault::Way(from, to, toxic)));
    let roles = || SERVICES.into_iter().chain([ServiceRole::Gateway]);
    let moved = roles().flat_map(|role| {
        [JUMP, 2 * JUMP]
            .into_iter()
            .flat_map(move |by| [false, true].map(|back| Fault::Clock(role, by, back)))
    });
    let cut = cluster.on_islands().into_iter();
    let cut = cut.flat_map(|place| {
        [Outage::Unplugged, Outage::Silent].map(|outage| Fault::Outage(place, outage))
    });
    roles()
        .map(Fault::Kill)
        .chain(moved)
        .chain(cut)
        .chain(struck)
        .collect()
}

/// All of them, or so many in an order of the seed.
fn chosen(mut all: Vec<Fault>, only: Option<usize>, seed: u64) -> Vec<Fault> {
    let Some(count) = only else { return all };
    let mut dice = Dice::new(seed);
    let take = |_| (!all.is_empty()).then(|| all.swap_remove(dice.below(all.len())));
    (0..count).filter_map(take).collect()
}

fn say(line: &str) {
    // Whoever reads us went away: nothing is left to be told.
    let _ = writeln!(std::io::stdout(), "{line}");
}
