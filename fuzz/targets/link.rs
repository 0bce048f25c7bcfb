//! `marque link` on a table of anything: columns recognised, rows compared, every row in one group.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marque_linkage::{
    batch::{BatchOptions, link},
    dealer::DealerRecords,
    general::GeneralRecords,
    schema::{parse_mapping, recognise},
    table::Table,
};

const MOST_COLUMNS: usize = 8;
const MOST_ROWS: usize = 12;

fuzz_target!(|input: (Vec<&str>, Vec<&str>, &str)| {
    let (headers, cells, pair) = input;
    if headers.is_empty() || headers.len() > MOST_COLUMNS {
        return;
    }
    let mut table = Table::new(headers.iter().map(|&header| header.to_owned()).collect());
    for row in cells.chunks(headers.len()).take(MOST_ROWS) {
        table.push_row(row.iter().copied()).expect("few rows fit");
    }
    let mut mapping = recognise(&table, None);
    let _ = parse_mapping(&table, &mut mapping, &[pair.to_owned()]);
    let dealers = DealerRecords::from_table(&table, &mapping);
    let linked = link(&dealers, None, DealerRecords::options(BatchOptions::default()));
    assert_eq!(linked.clusters.entity.len(), table.rows());
    if let Ok(records) = GeneralRecords::from_table(&table, &mapping) {
        let linked = link(&records, None, records.options(BatchOptions::default()));
        assert_eq!(linked.clusters.entity.len(), table.rows());
    }
});
