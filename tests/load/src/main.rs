//! `marque-load`: what a server bears, and what it does beyond.

use std::{io::Write as _, path::PathBuf, time::Duration};

use clap::Parser;
use marque_load::{Marque, Plan, StockSize, System, run_steps};
use tempfile::TempDir;

/// Steps of load on a server of its own, at multiples of the peak of the same run.
#[derive(Debug, Parser)]
struct Flags {
    /// The program; found beside this one if not said.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Core of the server; bind this program to another by `taskset -c`.
    #[arg(long)]
    server_core: Option<usize>,
    /// Seconds of a step.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Seconds of the measurement of the peak.
    #[arg(long, default_value_t = 15)]
    peak_seconds: u64,
    /// Callers of the closed loop that finds the peak.
    #[arg(long, default_value_t = 32)]
    callers: usize,
    /// Connections of the open steps.
    #[arg(long, default_value_t = 512)]
    connections: usize,
    /// Multiples of the peak.
    #[arg(long, value_delimiter = ',', default_values_t = [0.8, 1.0, 2.0, 5.0, 10.0])]
    multiples: Vec<f64>,
    /// Rows of customers before the load.
    #[arg(long, default_value_t = 20_000)]
    customers: usize,
    /// Dealers.
    #[arg(long, default_value_t = 4)]
    dealers: usize,
    /// Seed of schedule and mix.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the figures are written as JSON too.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let marque = match flags.binary {
        Some(path) => Marque::at(path)?,
        None => Marque::of_this_build()?,
    };
    let folder = TempDir::new()?;
    let system = System::start(&marque, &folder.path().join("data"), flags.server_core).await?;
    let plan = Plan {
        stock: StockSize {
            customers: flags.customers,
            dealers: flags.dealers,
        },
        step: Duration::from_secs(flags.seconds),
        peak: Duration::from_secs(flags.peak_seconds),
        callers: flags.callers,
        connections: flags.connections,
        multiples: flags.multiples,
        seed: flags.seed,
    };
    let report = run_steps(&system, &plan).await?;
    std::io::stdout().write_all(report.text().as_bytes())?;
    if let Some(path) = flags.json {
        std::fs::write(path, serde_json::to_string_pretty(&report.json())?)?;
    }
    Ok(())
}
