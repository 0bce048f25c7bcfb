//! What is taken in is found at once, and stays found while its tokens move from segments to the large table.

use std::fmt::Write as _;

use marque_api::customer::v1::lookup_request::Key;
use marque_auth::Role;
use marque_testkit::{ImportFile, Rig, TestDb, id_number, phone, store_test_suite};

use crate::common::{HQ, lookup_as};

store_test_suite!(what_is_taken_in_is_found_at_once_and_ever_after);

const BATCH: usize = 32;
/// More batches than there are slices, so that the first segments are done with.
const ROWS: u32 = 36 * BATCH as u32;
/// Those whose look-up is tried.
const TRIED: std::ops::Range<u32> = 0..ROWS;
const STEP: usize = 97;

/// One person a row; `phone_of` says which phone he has.
fn file(first: u32, phone_of: impl Fn(u32) -> u32) -> String {
    let mut file = String::from("source_key,name,id_number,phone\n");
    for n in first..first + ROWS {
        let (id, phone) = (id_number(n), phone(phone_of(n)));
        writeln!(
            file,
            "C{n},王小{},{id},{phone}",
            ["明", "红", "力"][n as usize % 3]
        )
        .unwrap();
    }
    file
}

async fn found(rig: &Rig, phone: String) -> usize {
    let answer = lookup_as(rig, Role::Agent, HQ, Key::Phone(phone)).await;
    answer.unwrap().customers.len()
}

async fn what_is_taken_in_is_found_at_once_and_ever_after(db: TestDb) {
    let rig = Rig::with_batches_of(db, BATCH).await;
    let changed = |n: u32| if n.is_multiple_of(2) { n + 50_000 } else { n };
    let take_in = async |text: String| {
        let import = rig.import(ImportFile::of_customers("D1", text)).await;
        assert_eq!(import.received, i64::from(ROWS));
        assert_eq!(import.quarantined, 0);
    };
    take_in(file(0, |n| n)).await;
    for n in TRIED.step_by(STEP) {
        assert_eq!(found(&rig, phone(n)).await, 1, "row {n}");
    }
    // Every other person has a new phone: half of those are still in segments, half are not.
    take_in(file(0, changed)).await;
    for n in TRIED.step_by(STEP) {
        assert_eq!(found(&rig, phone(changed(n))).await, 1, "row {n}");
        let old = usize::from(changed(n) == n);
        assert_eq!(found(&rig, phone(n)).await, old, "the old phone of row {n}");
    }
    // The old phones again, then so many others that everything is settled.
    take_in(file(0, |n| n)).await;
    take_in(file(ROWS, |n| n)).await;
    for n in TRIED.step_by(STEP) {
        assert_eq!(found(&rig, phone(n)).await, 1, "row {n} in the end");
        if changed(n) != n {
            assert_eq!(
                found(&rig, phone(changed(n))).await,
                0,
                "row {n} for a while"
            );
        }
    }
}
