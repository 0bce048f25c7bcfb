//! What must hold whatever the data: symmetry, neutrality to order, cuts that come to light.

#![expect(
    unreachable_pub,
    reason = "the included file is a module of another target"
)]

#[path = "support/dealers.rs"]
#[expect(
    dead_code,
    reason = "the header is needed only where a file is written"
)]
mod dealers;

use marque_linkage::batch::{BatchOptions, Linked, evaluate, link};
use marque_linkage::dealer::{
    DealerRecord, DealerRecords, Decider, Frequencies, Index, Kind, Prepared, compare,
    default_model, prepare,
};
use marque_linkage::general::GeneralRecords;
use marque_linkage::schema::recognise;
use marque_linkage::table::Table;
use proptest::prelude::*;

fn prepared(rows: &[[String; 13]]) -> Vec<Prepared> {
    rows.iter()
        .map(|row| {
            prepare(&DealerRecord {
                kind: Some(if row[3] == "O" {
                    Kind::Organisation
                } else {
                    Kind::Person
                }),
                name: &row[4],
                id_number: &row[5],
                phones: &[&row[6]],
                plate: &row[7],
                vin: &row[8],
                address: &row[9],
                birthday: &row[10],
                gender: &row[11],
                ..DealerRecord::default()
            })
        })
        .collect()
}

fn batch(records: Vec<Prepared>) -> Linked {
    link(
        &DealerRecords::new(records),
        Some(default_model()),
        DealerRecords::options(BatchOptions::default()),
    )
}

/// The clusters as numbers, told by the original place of each record.
fn in_order(entities: &[u32], order: &[usize]) -> Vec<u32> {
    let mut restored = vec![0; entities.len()];
    for (at, original) in order.iter().enumerate() {
        restored[*original] = entities[at];
    }
    restored
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut dice = dealers::Dice::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, dice.below(at + 1));
    }
    order
}

#[test]
fn an_invented_file_is_linked_by_the_shipped_model() {
    let rows = dealers::file(7, 6_000);
    let truth: Vec<u32> = rows
        .iter()
        .map(|row| row[12][1..].parse().unwrap())
        .collect();
    let figures = evaluate(&batch(prepared(&rows)).clusters.entity, &truth);
    println!("{figures:?}");
    assert!(figures.f1 > 0.95, "{figures:?}");
    assert!(figures.precision > 0.99, "{figures:?}");
}

#[test]
fn records_fed_one_by_one_in_any_order_end_in_the_clusters_of_the_batch() {
    let rows = dealers::file(11, 1_500);
    let records = prepared(&rows);
    let whole = batch(records.clone()).clusters.entity;
    for seed in 0..3 {
        let order = shuffled(records.len(), seed);
        let mut index = Index::new(Decider::new(default_model()));
        for original in &order {
            index.add(records[*original].clone());
        }
        let customers = |index: &Index| -> Vec<u32> {
            (0..records.len() as u32)
                .map(|id| index.customer(id).unwrap())
                .collect()
        };
        let before = evaluate(&in_order(&customers(&index), &order), &whole);
        index.reconcile();
        let after = evaluate(&in_order(&customers(&index), &order), &whole);
        println!(
            "order {seed}: agreement with the batch {:.4} live, {:.4} reconciled",
            before.f1, after.f1
        );
        assert!(before.f1 > 0.90, "live: {before:?}");
        // Ties in the order of joining are the only difference that the order of records can make.
        assert!(after.f1 > 0.998, "reconciled: {after:?}");
        assert!(
            index.reconcile().is_empty(),
            "a second reconciliation moves nothing"
        );
    }
}

#[test]
fn the_order_of_rows_does_not_change_a_trained_batch() {
    let rows = dealers::file(13, 2_000);
    let records = prepared(&rows);
    let straight = batch(records.clone());
    let order = shuffled(records.len(), 5);
    let mixed = batch(
        order
            .iter()
            .map(|original| records[*original].clone())
            .collect(),
    );
    let agreement = evaluate(
        &in_order(&mixed.clusters.entity, &order),
        &straight.clusters.entity,
    );
    assert!(agreement.f1 > 0.998, "{agreement:?}");
}

#[test]
fn every_large_cluster_is_true_or_cut_with_a_finding() {
    let rows = dealers::file(17, 4_000);
    let truth: Vec<u32> = rows
        .iter()
        .map(|row| row[12][1..].parse().unwrap())
        .collect();
    let linked = batch(prepared(&rows));
    let figures = evaluate(&linked.clusters.entity, &truth);
    assert!(
        figures.max_cluster <= figures.max_true_cluster.max(15),
        "{figures:?}"
    );
    let report = linked.report(None);
    assert_eq!(report.cuts.len(), linked.clusters.cuts.len());
    for cut in &report.cuts {
        let apart = linked.clusters.entity[cut.records.0 as usize]
            != linked.clusters.entity[cut.records.1 as usize];
        let joined_later =
            !apart && cut.why == marque_linkage::cluster::CutReason::TooLargeForItsEvidence;
        assert!(apart || joined_later, "a contradiction was joined: {cut:?}");
    }
}

#[test]
fn probabilities_mean_what_they_say() {
    let rows = dealers::file(19, 8_000);
    let truth: Vec<u32> = rows
        .iter()
        .map(|row| row[12][1..].parse().unwrap())
        .collect();
    let report = batch(prepared(&rows)).report(Some(&truth));
    for bin in report.calibration.iter().filter(|bin| bin.pairs >= 100) {
        println!(
            "stated {:.3} observed {:.3} of {}",
            bin.stated, bin.observed, bin.pairs
        );
        if bin.from >= 0.9 {
            assert!(bin.observed > 0.85, "{bin:?}");
        }
    }
}

fn any_record() -> impl Strategy<Value = Prepared> {
    (0_u64..40, 0_usize..60).prop_map(|(seed, at)| {
        let rows = dealers::file(seed, 60);
        prepared(&rows[at..=at]).remove(0)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn comparison_is_symmetric(left in any_record(), right in any_record()) {
        let frequencies = Frequencies::default();
        let weights = default_model().weights();
        let forward = compare(&left, &right, &frequencies, &frequencies);
        let backward = compare(&right, &left, &frequencies, &frequencies);
        prop_assert_eq!(forward.levels, backward.levels);
        prop_assert_eq!(forward.veto, backward.veto);
        prop_assert!((weights.evidence(&forward) - weights.evidence(&backward)).abs() < 1e-3);
    }

    #[test]
    fn a_record_stored_and_read_back_compares_the_same(left in any_record(), right in any_record()) {
        let again = Prepared::from_bytes(&left.to_bytes()).unwrap();
        let frequencies = Frequencies::default();
        prop_assert_eq!(
            compare(&left, &right, &frequencies, &frequencies).levels,
            compare(&again, &right, &frequencies, &frequencies).levels
        );
    }

    #[test]
    fn any_table_of_any_text_is_linked_without_panic(cells in proptest::collection::vec(".{0,12}", 6..60)) {
        let mut table = Table::new(["first_name", "surname", "dob", "address", "phone", "email"].map(str::to_owned).to_vec());
        for row in cells.chunks(6) {
            table.push_row(row.iter().map(String::as_str)).unwrap();
        }
        let mapping = recognise(&table, None);
        if let Ok(records) = GeneralRecords::from_table(&table, &mapping) {
            let linked = link(&records, None, BatchOptions { random_pairs: 100, ..records.options(BatchOptions::default()) });
            prop_assert_eq!(linked.clusters.entity.len(), table.rows());
        }
    }
}

#[test]
fn a_table_whose_columns_tell_nobody_apart_joins_nobody() {
    let mut table = Table::new(vec!["gender".to_owned()]);
    for gender in ["male", "female", "female", ""]
        .into_iter()
        .cycle()
        .take(300)
    {
        table.push_row([gender]).unwrap();
    }
    let records = GeneralRecords::from_table(&table, &recognise(&table, None)).unwrap();
    let linked = link(&records, None, records.options(BatchOptions::default()));
    let entities: std::collections::BTreeSet<u32> =
        linked.clusters.entity.iter().copied().collect();
    assert_eq!(entities.len(), table.rows());
}
