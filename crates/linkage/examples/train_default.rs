//! Trains the model that ships with the crate on an invented dealer file and prints it.
//!
//! `cargo run --release -p marque-linkage --example train_default > crates/linkage/src/dealer/default_model.toml`

#![expect(
    unreachable_pub,
    reason = "the included file is a module of another target"
)]

#[path = "../tests/support/dealers.rs"]
mod dealers;

use std::io::Write as _;

use marque_linkage::batch::{BatchOptions, link};
use marque_linkage::dealer::DealerRecords;
use marque_linkage::schema::recognise;
use marque_linkage::table::Table;

const SEED: u64 = 20_261_121;
const RECORDS: usize = 60_000;

fn main() -> anyhow::Result<()> {
    let mut table = Table::new(dealers::HEADER.map(str::to_owned).to_vec());
    for row in dealers::file(SEED, RECORDS) {
        table.push_row(row.iter().map(String::as_str))?;
    }
    let mapping = recognise(&table, table.column("cluster"));
    let mut model = link(
        &DealerRecords::from_table(&table, &mapping),
        None,
        BatchOptions::default(),
    )
    .model;
    model.provenance.trained_on =
        format!("an invented dealer file (tests/support/dealers.rs, seed {SEED}), without labels");
    writeln!(std::io::stdout(), "{}", model.to_toml())?;
    Ok(())
}
