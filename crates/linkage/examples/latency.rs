//! How long one record takes against a full in-memory index: `latency FILE.csv` (a dealer file with a column `cluster`).

use std::io::Write as _;
use std::time::Instant;

use marque_linkage::dealer::{DealerRecords, Decider, Index, default_model};
use marque_linkage::schema::recognise;
use marque_linkage::table::Table;

/// Every so many records the time of adding is noted.
const NOTE_EVERY: usize = 50;

fn main() -> anyhow::Result<()> {
    let path = std::env::args()
        .nth(1)
        .ok_or_else(|| anyhow::anyhow!("usage: latency FILE.csv"))?;
    let mut reader = csv::Reader::from_path(path)?;
    let mut table = Table::new(reader.headers()?.iter().map(str::to_owned).collect());
    for row in reader.records() {
        table.push_row(row?.iter())?;
    }
    let mapping = recognise(&table, table.column("cluster"));
    let records = DealerRecords::from_table(&table, &mapping)
        .records()
        .to_vec();
    let mut index = Index::new(Decider::new(default_model()));
    let mut micros = Vec::new();
    let tail = records.len() - records.len() / 10;
    for (at, record) in records.into_iter().enumerate() {
        let started = Instant::now();
        index.add(record);
        if at >= tail && at % NOTE_EVERY == 0 {
            micros.push(started.elapsed().as_micros());
        }
    }
    micros.sort_unstable();
    let quantile = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    writeln!(
        std::io::stdout(),
        "{{\"records\":{},\"p50_us\":{},\"p99_us\":{},\"max_us\":{}}}",
        index.len(),
        quantile(0.5),
        quantile(0.99),
        quantile(1.0)
    )?;
    Ok(())
}
