//! Who is who is looked at again in the background: what late evidence joins or parts, and what stewards decided.

use std::{collections::BTreeMap, time::Duration};

use marque_api::customer::v1::{
    ListMovesRequest, ListReconciliationsRequest, Move, MoveReason, Reconciliation,
    SourceRecordsMoved, StartReconciliationRequest,
};
use marque_auth::Role;
use marque_core::SourceRecordId;
use marque_linkage::{
    batch::{BatchOptions, link},
    dealer::{DealerRecord, DealerRecords, default_model, prepare},
};
use marque_testkit::{ACustomer, Rig, TestDb, a_customer, id_number, phone, store_test_suite, vin};
use prost::Message as _;

use crate::common::{HQ, count, duplicates, get, history_as, left_behind, merge, put, undo};

store_test_suite!(
    a_record_with_the_wrong_customer_finds_its_own,
    what_stewards_decided_stands,
    a_word_stands_for_whoever_is_parted_off,
    whoever_is_parted_off_is_not_joined_again,
    one_unreadable_record_holds_nobody_up,
    a_likely_pair_is_asked_once,
    the_order_of_writes_does_not_matter,
    one_that_was_cut_off_goes_on,
    two_instances_do_the_work_of_one,
    it_comes_by_itself_when_somebody_changed,
    an_operator_starts_it_and_a_steward_sees_it,
);

pub(crate) async fn start(rig: &Rig, whole: bool) -> Reconciliation {
    let message = StartReconciliationRequest { whole };
    rig.customer()
        .start_reconciliation(rig.ask(Role::HqAdmin, HQ, message))
        .await
        .unwrap()
        .into_inner()
        .reconciliation
        .unwrap()
}

async fn last(rig: &Rig) -> Option<Reconciliation> {
    let message = ListReconciliationsRequest {};
    let list = rig
        .customer()
        .list_reconciliations(rig.ask(Role::Steward, HQ, message))
        .await
        .unwrap()
        .into_inner();
    list.reconciliations.into_iter().next()
}

/// The last one, as soon as it is done.
pub(crate) async fn done(rig: &Rig) -> Reconciliation {
    for _ in 0..3000 {
        if let Some(last) = last(rig).await.filter(|last| last.state == "done") {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the reconciliation is not done after half a minute");
}

/// Looks at everybody, and waits until that is done.
pub(crate) async fn reconcile(rig: &Rig) -> Reconciliation {
    rig.clock().advance(Duration::from_secs(1));
    start(rig, true).await;
    done(rig).await
}

/// A record lies with a customer whose it is not, as a release with a worse model might have left it.
async fn misplace(rig: &Rig, record: &str, with: &str) {
    let record: SourceRecordId = record.parse().unwrap();
    let with: marque_core::CustomerId = with.parse().unwrap();
    rig.customer_db()
        .write(move |conn| {
            conn.execute(
                "UPDATE source_records SET customer = (SELECT number FROM customers WHERE id = ?2) WHERE id = ?1",
                &[record.uuid().into(), with.uuid().into()],
            )
        })
        .await
        .unwrap();
}

pub(crate) fn anna() -> ACustomer {
    a_customer()
        .named("欧阳晓岚")
        .with_phone(phone(1))
        .with_id_number(id_number(1))
}

pub(crate) fn bo() -> ACustomer {
    a_customer()
        .named("周大勇")
        .with_phone(phone(2))
        .with_id_number(id_number(2))
}

async fn a_record_with_the_wrong_customer_finds_its_own(db: TestDb) {
    let rig = Rig::new(db).await;
    let hers = put(&rig, anna().put("D1", "1")).await;
    let other = put(&rig, anna().put("D2", "2")).await;
    let his = put(&rig, bo().put("D3", "3")).await;
    put(&rig, bo().put("D1", "4")).await;
    misplace(&rig, &other.source_record_id, &his.customer_id).await;
    let looked = reconcile(&rig).await;
    assert_eq!((looked.parted, looked.joined), (1, 1), "{looked:?}");
    assert_eq!(get(&rig, &hers.customer_id).await.source_records, 2);
    assert_eq!(get(&rig, &his.customer_id).await.source_records, 2);
    // Each act has its reason, in the history and for the other services, and changed no fact.
    let history = history_as(&rig, Role::Steward, HQ, &his.customer_id)
        .await
        .unwrap();
    let parted = history.iter().find(|entry| entry.act == "split").unwrap();
    assert!(
        parted
            .reason
            .contains("two different valid identity numbers"),
        "{parted:?}"
    );
    assert_eq!(parted.actor, "customer.reconcile");
    assert_eq!(
        told(&rig).await,
        [
            ("split".to_owned(), MoveReason::FellApart, false),
            ("merged".to_owned(), MoveReason::Reconciled, false)
        ]
    );
    // A steward finds both among what was moved, the last one first.
    let moves = moves(&rig, "linkage").await;
    let told: Vec<(&str, &str, i32)> = moves
        .iter()
        .map(|moved| (moved.act.as_str(), moved.actor.as_str(), moved.records))
        .collect();
    assert_eq!(told, [("merged", "linkage", 1), ("split", "linkage", 1)]);
    assert_eq!(moves[1].from, his.customer_id);
    assert!(self::moves(&rig, "people").await.is_empty());
    // The same again: there is nothing left to do.
    let again = reconcile(&rig).await;
    assert_eq!(again.joined + again.parted + again.moved + again.asked, 0);
    // Each act can be taken back, the last one first; what a steward took back is not done again.
    let merged = history_as(&rig, Role::Steward, HQ, &hers.customer_id)
        .await
        .unwrap();
    let merged = merged.iter().find(|entry| entry.act == "merged").unwrap();
    undo(&rig, id_of(&merged.reason)).await.unwrap();
    let taken_back = undo(&rig, id_of(&parted.reason)).await.unwrap();
    assert_eq!(taken_back.customers.len(), 1);
    assert_eq!(get(&rig, &his.customer_id).await.source_records, 3);
    let after = reconcile(&rig).await;
    assert_eq!(after.joined + after.parted + after.moved, 0, "{after:?}");
    assert_eq!(left_behind(&rig).await, 0);
}

async fn moves(rig: &Rig, by: &str) -> Vec<Move> {
    let message = ListMovesRequest {
        by: by.to_owned(),
        ..ListMovesRequest::default()
    };
    rig.customer()
        .list_moves(rig.ask(Role::Steward, HQ, message))
        .await
        .unwrap()
        .into_inner()
        .moves
}

fn id_of(reason: &str) -> &str {
    reason.split(' ').next().unwrap()
}

/// What was told of moves, in order.
async fn told(rig: &Rig) -> Vec<(String, MoveReason, bool)> {
    let sql =
        "SELECT data FROM outbox WHERE kind = 'marque.customer.source_records.moved' ORDER BY seq";
    let read = rig
        .customer_db()
        .read(move |conn| conn.query(sql, &[], |row| row.get::<Vec<u8>>(0)));
    let read = read.await.unwrap();
    read.iter()
        .map(|data| SourceRecordsMoved::decode(data.as_slice()).unwrap())
        .map(|moved| (moved.act.clone(), moved.reason(), moved.undone))
        .collect()
}

async fn what_stewards_decided_stands(db: TestDb) {
    let rig = Rig::new(db).await;
    // Called different although everything speaks for one.
    let one = put(&rig, anna().put("D1", "1")).await;
    let two = put(&rig, anna().put("D2", "2")).await;
    assert_eq!(one.customer_id, two.customer_id);
    let message = marque_api::customer::v1::SplitRequest {
        customer_id: one.customer_id.clone(),
        source_record_ids: vec![two.source_record_id],
        reason: "twins".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request = rig.ask(Role::Steward, HQ, message);
    let split = rig.customer().split(request).await.unwrap().into_inner();
    let twin = split.customer.unwrap().id;
    // Called the same although everything speaks against it.
    let left = put(&rig, bo().put("D1", "3")).await.customer_id;
    let right = a_customer().named("李小红").with_id_number(id_number(9));
    let right = put(&rig, right.put("D2", "4")).await.customer_id;
    merge(&rig, &right, &left).await.unwrap();
    let looked = reconcile(&rig).await;
    assert_eq!(
        (looked.joined, looked.parted, looked.moved, looked.asked),
        (0, 0, 0, 0)
    );
    assert_ne!(
        get(&rig, &one.customer_id).await.id,
        get(&rig, &twin).await.id
    );
    assert_eq!(get(&rig, &right).await.id, get(&rig, &left).await.id);
}

async fn a_word_stands_for_whoever_is_parted_off(db: TestDb) {
    let rig = Rig::new(db).await;
    let hers = put(&rig, anna().put("D1", "1")).await;
    let other = put(&rig, anna().put("D2", "2")).await;
    let his = put(&rig, bo().put("D3", "3")).await;
    put(&rig, bo().put("D1", "4")).await;
    // A steward takes back that they are one: they are different.
    let merged = merge(&rig, &hers.customer_id, &his.customer_id).await;
    undo(&rig, &merged.unwrap().merge_id).await.unwrap();
    misplace(&rig, &other.source_record_id, &his.customer_id).await;
    let looked = reconcile(&rig).await;
    assert_eq!((looked.parted, looked.joined), (1, 0), "{looked:?}");
    assert_eq!(get(&rig, &hers.customer_id).await.source_records, 1);
    assert_eq!(get(&rig, &his.customer_id).await.source_records, 2);
}

async fn whoever_is_parted_off_is_not_joined_again(db: TestDb) {
    let rig = Rig::new(db).await;
    let plain = || {
        a_customer()
            .named("欧阳晓岚")
            .with_phone(phone(1))
            .driving(vin(1))
    };
    let first = plain().with_id_number(id_number(1));
    put(&rig, first.put("D1", "first")).await;
    for n in 0..20 {
        put(&rig, plain().put("D2", &format!("K{n}"))).await;
    }
    // The newest records agree with this one; the first, which is not among them, does not.
    let last = plain().with_id_number(id_number(3));
    put(&rig, last.put("D3", "last")).await;
    let looked = reconcile(&rig).await;
    assert_eq!(looked.joined, 0, "{looked:?}");
    let standing = "SELECT count(*) FROM customers WHERE merged_into IS NULL";
    assert_eq!(count(&rig, standing).await, 2);
    let again = reconcile(&rig).await;
    assert_eq!(again.joined + again.parted + again.moved, 0, "{again:?}");
}

async fn one_unreadable_record_holds_nobody_up(db: TestDb) {
    let rig = Rig::new(db).await;
    let broken = a_customer().named("孙小美").with_phone(phone(7));
    let broken = put(&rig, broken.put("D1", "9")).await;
    let hers = put(&rig, anna().put("D1", "1")).await;
    let other = put(&rig, anna().put("D2", "2")).await;
    let his = put(&rig, bo().put("D3", "3")).await;
    misplace(&rig, &other.source_record_id, &his.customer_id).await;
    let id: SourceRecordId = broken.source_record_id.parse().unwrap();
    rig.customer_db()
        .write(move |conn| {
            let sql = "UPDATE source_records SET sealed = ?2 WHERE id = ?1";
            conn.execute(sql, &[id.uuid().into(), [0_u8; 40].as_slice().into()])
        })
        .await
        .unwrap();
    let looked = reconcile(&rig).await;
    assert_eq!((looked.parted, looked.joined), (1, 1), "{looked:?}");
    assert_eq!(get(&rig, &hers.customer_id).await.source_records, 2);
}

async fn a_likely_pair_is_asked_once(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, anna().put("D1", "1")).await;
    let twin = anna().with_id_number(id_number(3));
    put(&rig, twin.put("D2", "2")).await;
    let waiting = duplicates(&rig, "open").await.len();
    assert_eq!(waiting, 1);
    rig.customer_db()
        .write(|conn| conn.execute("DELETE FROM duplicates", &[]))
        .await
        .unwrap();
    assert_eq!(reconcile(&rig).await.asked, 1, "nobody was asked so far");
    let pair = &duplicates(&rig, "open").await[0];
    assert!(!pair.reasons.is_empty());
    assert_eq!(reconcile(&rig).await.asked, 0, "never twice");
}

/// What dealers may know of one of many people: three rows, each with something missing.
fn rows() -> Vec<ACustomer> {
    let surnames: Vec<char> = "李王张刘陈杨赵黄周吴".chars().collect();
    let given: Vec<char> = "志强建国丽华文博海燕春梅玉兰明辉雪松".chars().collect();
    let mut rows = Vec::new();
    for n in 0..24_u32 {
        let at = n as usize;
        let name: String = [
            surnames[at % 10],
            given[(at * 5) % 18],
            given[(at * 7 + 3) % 18],
        ]
        .iter()
        .collect();
        let person = || a_customer().named(name.clone());
        let (phone, other) = (phone(2 * n), phone(2 * n + 1));
        rows.push(person().with_phone(phone.clone()).driving(vin(n)));
        let second = person().with_second_phone(other.clone());
        rows.push(second.with_id_number(id_number(n)));
        let third = match n % 4 {
            0 => person().with_phone(phone).with_second_phone(other),
            1 => person().with_phone(other).driving(vin(n)),
            2 => person().with_id_number(id_number(n)).with_phone(phone),
            _ => person().with_id_number(id_number(n)).driving(vin(n)),
        };
        rows.push(third);
        // A relative with the same phone, and somebody else of the same name.
        if n % 6 == 0 {
            let relative = a_customer().named(format!("{}秀英", surnames[(at + 1) % 10]));
            rows.push(relative.with_phone(self::phone(2 * n)));
            rows.push(person().with_id_number(id_number(500 + n)));
        }
    }
    rows
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..count).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        order.swap(at, (state >> 33) as usize % (at + 1));
    }
    order
}

/// Which rows are one customer: of each row the first row of its customer.
fn groups(customers: &[String]) -> Vec<usize> {
    let mut first = BTreeMap::new();
    let of = |(at, customer)| *first.entry(customer).or_insert(at);
    customers.iter().enumerate().map(of).collect()
}

async fn the_order_of_writes_does_not_matter(db: TestDb) {
    let rows = rows();
    let mut answers = Vec::new();
    for seed in 0..3 {
        let rig = Rig::new(db.sibling()).await;
        for at in shuffled(rows.len(), seed) {
            let dealer = ["D1", "D2", "D3"][at % 3];
            put(&rig, rows[at].clone().put(dealer, &format!("K{at}"))).await;
        }
        reconcile(&rig).await;
        let mut customers = Vec::new();
        for at in 0..rows.len() {
            customers.push(customer_of(&rig, at).await);
        }
        answers.push(groups(&customers));
        assert_eq!(left_behind(&rig).await, 0);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    // Sure links only: whom the service joins the batch engine joins too, and of its clusters none is missing.
    let batch = batch(&rows);
    let both = |answer: &[usize], other: &[usize]| {
        let pairs =
            (0..rows.len()).flat_map(|one| (one + 1..rows.len()).map(move |two| (one, two)));
        let joined: Vec<(usize, usize)> = pairs.filter(|(a, b)| answer[*a] == answer[*b]).collect();
        let agreed = joined.iter().filter(|(a, b)| other[*a] == other[*b]);
        agreed.count() as f64 / joined.len() as f64
    };
    assert!(
        both(&answers[0], &batch) > 0.99,
        "joins what the batch does"
    );
    assert!(
        both(&batch, &answers[0]) > 0.95,
        "joins all that the batch does"
    );
}

async fn customer_of(rig: &Rig, at: usize) -> String {
    let key = format!("K{at}");
    rig.customer_db()
        .read(move |conn| {
            let sql = "SELECT customer FROM source_records WHERE source_key = ?1";
            conn.query_opt(sql, &[(&key).into()], |row| row.get::<i64>(0))
        })
        .await
        .unwrap()
        .unwrap()
        .to_string()
}

fn batch(rows: &[ACustomer]) -> Vec<usize> {
    let prepared = rows
        .iter()
        .map(|row| {
            let row = &row.columns;
            prepare(&DealerRecord {
                name: &row.name,
                id_number: &row.id_number,
                phones: &[&row.phone, &row.phone2],
                vin: &row.vin,
                ..DealerRecord::default()
            })
        })
        .collect();
    let linked = link(
        &DealerRecords::new(prepared),
        Some(default_model()),
        DealerRecords::options(BatchOptions::default()),
    );
    let entities = linked.clusters.entity.iter();
    entities.map(|entity| *entity as usize).collect()
}

async fn many(rig: &Rig, count: u32) {
    for n in 0..count {
        let person = a_customer()
            .named("王小明")
            .with_id_number(id_number(n))
            .put("D1", &format!("K{n}"));
        put(rig, person).await;
    }
}

async fn one_that_was_cut_off_goes_on(db: TestDb) {
    let mut rig = Rig::new(db).await;
    many(&rig, 80).await;
    let hers = put(&rig, anna().put("D1", "1")).await;
    let other = put(&rig, anna().put("D2", "2")).await;
    let his = put(&rig, bo().put("D3", "3")).await;
    misplace(&rig, &other.source_record_id, &his.customer_id).await;
    start(&rig, true).await;
    rig.crash().await;
    // Whoever died with it holds nobody up for longer than a lease.
    rig.clock().advance(Duration::from_secs(61));
    rig.crash_and_restart().await;
    let done = done(&rig).await;
    assert!(done.whole && done.looked_at >= 82, "{done:?}");
    assert_eq!(get(&rig, &hers.customer_id).await.source_records, 2);
    assert_eq!(left_behind(&rig).await, 0);
}

async fn two_instances_do_the_work_of_one(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    many(&rig, 80).await;
    let _other = rig.another_process();
    let looked = reconcile(&rig).await;
    assert_eq!(looked.looked_at, 80, "each customer once");
    assert_eq!(count(&rig, "SELECT count(*) FROM reconciliations").await, 1);
}

async fn it_comes_by_itself_when_somebody_changed(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, anna().put("D1", "1")).await;
    rig.clock().advance(Duration::from_secs(3601));
    let looked = done(&rig).await;
    assert_eq!(
        (looked.started_by.as_str(), looked.looked_at),
        ("customer.reconcile", 1)
    );
}

async fn an_operator_starts_it_and_a_steward_sees_it(db: TestDb) {
    let rig = Rig::new(db).await;
    let message = StartReconciliationRequest { whole: true };
    let refused = rig
        .customer()
        .start_reconciliation(rig.ask(Role::Steward, HQ, message))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    assert_eq!(last(&rig).await, None);
    let started = start(&rig, true).await;
    assert!(started.whole && started.started_at.is_some());
    let done = done(&rig).await;
    assert_eq!(done.started_by, "somebody");
    assert!(done.finished_at.is_some());
}
