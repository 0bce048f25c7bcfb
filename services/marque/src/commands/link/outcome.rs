//! What `marque link` tells about its work: figures on standard output, the match report.

use std::collections::HashMap;
use std::io::Write as _;

use marque_linkage::batch::{Linked, evaluate};
use marque_linkage::schema::Mapping;
use marque_linkage::table::Table;
use serde_json::json;

/// Numbers the values of the truth column; rows without one are alone.
pub(super) fn groups(table: &Table, column: usize) -> Vec<u32> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut next = 0;
    (0..table.rows())
        .map(|row| {
            let value = table.cell(row, column).trim();
            let fresh = next;
            let number = if value.is_empty() {
                fresh
            } else {
                *numbers.entry(value).or_insert(fresh)
            };
            next += u32::from(number == fresh);
            number
        })
        .collect()
}

/// The match report as JSON.
pub(super) fn report(
    table: &Table,
    mapping: &Mapping,
    linked: &Linked,
    truth: Option<&[u32]>,
) -> anyhow::Result<String> {
    let columns: serde_json::Map<String, serde_json::Value> = table
        .headers()
        .iter()
        .zip(&mapping.roles)
        .map(|(header, role)| (header.clone(), json!(role)))
        .collect();
    let report = json!({
        "columns": columns,
        "calibrated_against": if truth.is_some() { "truth" } else { "clusters" },
        "match": linked.report(truth),
    });
    Ok(serde_json::to_string_pretty(&report)?)
}

/// Prints one line of JSON.
pub(super) fn print(linked: &Linked, truth: Option<&[u32]>, seconds: f64) -> anyhow::Result<()> {
    let sizes = linked.clusters.sizes();
    let mut line = json!({
        "n": linked.clusters.entity.len(),
        "seconds": round(seconds, 3),
    });
    if let Some(truth) = truth {
        let figures = evaluate(&linked.clusters.entity, truth);
        line["precision"] = json!(round(figures.precision, 5));
        line["recall"] = json!(round(figures.recall, 5));
        line["f1"] = json!(round(figures.f1, 5));
        line["true_pairs"] = json!(figures.true_pairs);
        line["max_true_cluster"] = json!(figures.max_true_cluster);
    }
    line["entities"] = json!(sizes.len());
    line["max_cluster"] = json!(sizes.first());
    line["pairs_compared"] = json!(linked.pairs_compared);
    line["cuts"] = json!(linked.clusters.cuts.len());
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn round(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}
