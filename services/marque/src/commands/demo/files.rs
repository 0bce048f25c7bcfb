//! The demo's files: written once, sent as any dealer would.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use marque_sample::{Config, Falsification, Generator, write_files};
use serde_json::Value;

/// A dealer and what he sends.
#[derive(Debug)]
pub(super) struct Dealer {
    pub(super) code: String,
    /// Kind and file, in the order a dealer would send them.
    pub(super) files: Vec<(&'static str, PathBuf)>,
}

/// Where the search for the demo's seed begins: the same people every time.
const SEED: u64 = 2026;
const DEALERS: u64 = 5;

/// Writes the files of five dealers.
pub(super) fn write(dir: &Path, customers: u64) -> anyhow::Result<Vec<Dealer>> {
    let generator = generator(customers);
    let create = |name: &str| {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(BufWriter::new(File::create(path)?))
    };
    write_files(&generator, create, |_| {})
        .with_context(|| format!("sample files in {}", dir.display()))?;
    let mut dealers = Vec::new();
    for dealer in generator.dealers() {
        let folder = dir.join(&dealer.code);
        let files = [
            ("customers", "customers.csv"),
            ("vehicles", "vehicles.csv"),
            ("visits", "visits.csv"),
            ("complaints", "complaints.csv"),
        ];
        dealers.push(Dealer {
            code: dealer.code.clone(),
            files: files.map(|(kind, name)| (kind, folder.join(name))).into(),
        });
    }
    Ok(dealers)
}

/// The first of the seeds by which one dealer invents phones and nothing else.
fn generator(customers: u64) -> Generator {
    let of = |seed| Generator::new(seed, Config::new(customers, DEALERS));
    let invents_phones = |generator: &Generator| {
        let ways = generator
            .dealers()
            .iter()
            .flat_map(|dealer| &dealer.falsifies);
        let ways: Vec<Falsification> = ways.copied().collect();
        ways == [Falsification::ShowroomPhone]
    };
    (SEED..SEED + 1000)
        .map(of)
        .find(invents_phones)
        .unwrap_or_else(|| of(SEED))
}

/// The network of the files, as the API takes it.
pub(super) fn network(dir: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(dir.join("network.toml"))?;
    let network: Value = toml::from_str(&text).context("network.toml")?;
    Ok(network)
}
