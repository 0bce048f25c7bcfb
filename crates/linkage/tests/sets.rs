//! The bars on the labelled sets: `../shared/data` relative to the workspace root; skipped with a notice where absent.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a step of a test that fails is a failed test; what is skipped says so"
)]

use std::path::{Path, PathBuf};

use marque_linkage::batch::{BatchOptions, Figures, evaluate, link};
use marque_linkage::dealer::{DealerRecords, is_dealer_table};
use marque_linkage::general::GeneralRecords;
use marque_linkage::schema::recognise;
use marque_linkage::score::Model;
use marque_linkage::table::Table;

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn table_of(path: &Path) -> Table {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .unwrap();
    let headers = reader
        .headers()
        .unwrap()
        .iter()
        .map(|header| header.trim_start_matches('\u{feff}').to_owned())
        .collect();
    let mut table = Table::new(headers);
    for row in reader.records() {
        table.push_row(row.unwrap().iter()).unwrap();
    }
    table
}

fn figures(path: &Path) -> Figures {
    let table = table_of(path);
    let truth = table
        .column("cluster")
        .expect("labelled sets have a column cluster");
    let mapping = recognise(&table, Some(truth));
    let options = BatchOptions::default();
    let linked = if is_dealer_table(&table, &mapping) {
        link(
            &DealerRecords::from_table(&table, &mapping),
            None,
            DealerRecords::options(options),
        )
    } else {
        let records = GeneralRecords::from_table(&table, &mapping).unwrap();
        link(&records, None, records.options(options))
    };
    let mut names: Vec<&str> = (0..table.rows())
        .map(|row| table.cell(row, truth))
        .collect();
    let values = names.clone();
    names.sort_unstable();
    let truth: Vec<u32> = values
        .iter()
        .map(|value| names.partition_point(|name| name < value) as u32)
        .collect();
    evaluate(&linked.clusters.entity, &truth)
}

fn reaches(name: &str, bar: f64) {
    let Some(path) = shared(name) else { return };
    let figures = figures(&path);
    println!("{name}: {figures:?}");
    assert!(
        figures.f1 >= bar,
        "{name}: F1 {:.4} is below {bar}",
        figures.f1
    );
    assert!(
        figures.max_cluster <= figures.max_true_cluster.max(15),
        "{name}: a cluster of {}",
        figures.max_cluster
    );
}

#[test]
fn febrl1_is_linked_without_an_error() {
    reaches("linkage/febrl1.csv", 0.999);
}

#[test]
fn febrl3_is_linked_without_an_error() {
    reaches("linkage/febrl3.csv", 0.999);
}

#[test]
fn fake_1000_beats_the_threshold_that_the_truth_would_choose_for_the_peer() {
    reaches("linkage/fake_1000.csv", 0.963);
}

#[test]
fn restaurants_are_found() {
    reaches("linkage/restaurants.csv", 0.93);
}

#[test]
fn childrens_centres_are_found() {
    reaches("linkage/early_childhood.csv", 0.948);
}

#[test]
fn dealers_customers_are_found() {
    reaches("dealers/customers_20k.csv", 0.984);
}

#[test]
fn a_model_used_again_gives_the_answer_of_its_training() {
    let Some(path) = shared("linkage/fake_1000.csv") else {
        return;
    };
    let table = table_of(&path);
    let mapping = recognise(&table, table.column("cluster"));
    let records = GeneralRecords::from_table(&table, &mapping).unwrap();
    let options = records.options(BatchOptions::default());
    let trained = link(&records, None, options);
    let model = Model::from_toml(&trained.model.to_toml()).unwrap();
    let again = link(&records, Some(model), options);
    assert_eq!(again.clusters.entity, trained.clusters.entity);
}
