//! `marque sample`: writes believable dealer files, with the truth beside them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use marque_sample::{Config, Generator, write_files};

/// Writes believable dealer files, with the truth beside them.
///
/// Nobody in them exists; the same seed gives the same files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Customer rows over all dealers.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=16_000_000))]
    customers: u64,
    /// Number of dealers.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    dealers: u64,
    /// Folder to write into; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// The same seed gives the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of the dealers that falsify, 0 to 1.
    #[arg(long, default_value_t = 0.2)]
    falsify: f64,
    /// Share of the rows that are about somebody already recorded in another row, 0 to 0.25.
    #[arg(long, default_value_t = 0.2)]
    duplicates: f64,
    /// How much dirt: 0 none, 1 as usual, 2 twice as much.
    #[arg(long, default_value_t = 1.0)]
    dirt: f64,
    /// Vehicle rows per customer row.
    #[arg(long, default_value_t = 1.2)]
    vehicles_per_customer: f64,
    /// Visit rows per vehicle row.
    #[arg(long, default_value_t = 5.2)]
    visits_per_vehicle: f64,
    /// Complaint rows per customer row.
    #[arg(long, default_value_t = 0.25)]
    complaints_per_customer: f64,
}

/// Runs the command.
///
/// # Errors
/// When a share is out of range, the folder already holds a sample, or a file cannot be written.
pub fn run(args: Args) -> anyhow::Result<()> {
    let out = args.out.clone();
    let generator = Generator::new(args.seed, config(&args)?);
    if out.join("network.toml").exists() {
        bail!(
            "{} already holds a sample; choose another folder or remove it",
            out.display()
        );
    }
    let began = Instant::now();
    let create = |path: &str| create_file(&out, path);
    let written = write_files(&generator, create, |_| {})
        .with_context(|| format!("cannot write into {}", out.display()))?;
    let mut terminal = io::stdout().lock();
    writeln!(
        terminal,
        "{} customers ({} people and organisations), {} vehicles, {} visits, {} complaints of {} dealers in {} ({:.1} s)",
        written.customers,
        written.entities,
        written.vehicles,
        written.visits,
        written.complaints,
        generator.dealers().len(),
        out.display(),
        began.elapsed().as_secs_f64()
    )?;
    writeln!(
        terminal,
        "the truth about them is in {}",
        out.join("truth").display()
    )?;
    Ok(())
}

fn config(args: &Args) -> anyhow::Result<Config> {
    ensure!(
        (0.0..=1.0).contains(&args.falsify),
        "--falsify is a share: give a number from 0 to 1"
    );
    ensure!(
        (0.0..=0.25).contains(&args.duplicates),
        "--duplicates is a share: give a number from 0 to 0.25"
    );
    ensure!(
        (0.0..=10.0).contains(&args.dirt),
        "--dirt: give a number from 0 to 10"
    );
    let ratios = [
        args.vehicles_per_customer,
        args.visits_per_vehicle,
        args.complaints_per_customer,
    ];
    ensure!(
        ratios.iter().all(|ratio| (0.0..=100.0).contains(ratio)),
        "rows per row: give numbers from 0 to 100"
    );
    Ok(Config {
        vehicles_per_customer: args.vehicles_per_customer,
        visits_per_vehicle: args.visits_per_vehicle,
        complaints_per_customer: args.complaints_per_customer,
        duplicate_share: args.duplicates,
        dirt: args.dirt,
        falsifying_share: args.falsify,
        ..Config::new(args.customers, args.dealers)
    })
}

fn create_file(out: &Path, path: &str) -> io::Result<File> {
    let path = out.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}
