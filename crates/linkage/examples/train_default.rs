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
use marque_linkage::score::Model;
use marque_linkage::table::Table;

const SEED: u64 = 20_261_121;
const RECORDS: usize = 60_000;

/// By field and level the least probability among records of one customer. In the invented file nobody moves house, no
/// gender is ticked wrongly and no foreign name is written; in life one record in twelve has an older address, one in fifty the
/// wrong gender, and foreign names stand in either order or shortened.
const LEAST_M: [(&str, &str, f64); 4] = [
    ("name", "same characters in another order", 0.0001),
    ("name", "name resembles", 0.001),
    ("address", "addresses differ", 0.08),
    ("gender", "genders differ", 0.02),
];

/// Raises m of what the invented file does not hold; the other levels of the field make room.
fn bound(model: &mut Model) {
    for field in model.classes.iter_mut().flat_map(|class| &mut class.fields) {
        let least: Vec<f64> = field
            .levels
            .iter()
            .map(|level| least_m(&field.name, &level.name))
            .collect();
        let (mut rest, mut room) = (0.0, 1.0);
        for (level, least) in field.levels.iter().zip(&least) {
            if level.m < *least {
                room -= least;
            } else {
                rest += level.m;
            }
        }
        for (level, least) in field.levels.iter_mut().zip(&least) {
            level.m = if level.m < *least {
                *least
            } else {
                level.m * room / rest
            };
        }
    }
}

fn least_m(field: &str, level: &str) -> f64 {
    let mut bounds = LEAST_M.iter();
    let found = bounds.find(|(of, name, _)| *of == field && *name == level);
    found.map_or(0.0, |(.., least)| *least)
}

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
    bound(&mut model);
    model.provenance.trained_on = format!(
        "an invented dealer file (tests/support/dealers.rs, seed {SEED}), without labels; no m below what life shows"
    );
    writeln!(std::io::stdout(), "{}", model.to_toml())?;
    Ok(())
}
