//! Imports that are cut off, and imports at the same time.

use std::time::Duration;

use marque_api::intake::v1::ImportState;
use marque_auth::{Role, Scope};
use marque_testkit::{ImportFile, Rig, TestDb, store_test_suite};

use crate::common::{clean_file, count, left_by, queued, withhold};

store_test_suite!(
    an_import_cut_off_anywhere_ends_as_if_it_was_not,
    two_imports_of_overlapping_files_end_with_each_record_once,
    a_file_the_disk_does_not_give_now_is_read_later,
    a_worker_that_lost_its_claim_ends_nothing,
    files_of_one_dealer_are_worked_off_in_the_order_in_which_they_came,
    a_file_sent_again_with_its_key_is_one_import,
);

/// Clean rows with a fault among every thirty.
fn file() -> String {
    let mut file = String::new();
    for (n, line) in clean_file(600).lines().enumerate() {
        file.push_str(line);
        file.push_str("\r\n");
        if n % 30 == 29 {
            file.push_str("a row of the wrong width\r\n");
        }
    }
    file
}

async fn an_import_cut_off_anywhere_ends_as_if_it_was_not(db: TestDb) {
    let undisturbed = Rig::with_batches_of(db.sibling(), 25).await;
    let expected = undisturbed
        .import(ImportFile::of_customers("D1", file()))
        .await;
    let mut rig = Rig::with_batches_of(db, 25).await;
    let queued = rig
        .send_as(
            Role::HqAdmin,
            Scope::Headquarters,
            ImportFile::of_customers("D1", file()),
        )
        .await
        .unwrap();
    let mut interrupted = 0;
    for round in 0..12_u64 {
        tokio::time::sleep(Duration::from_millis(5 + round * 31 % 60)).await;
        rig.crash_and_restart().await;
        // The claim of a process that is gone runs out after a minute.
        rig.clock().advance(Duration::from_secs(61));
        interrupted += u32::from(rig.import_now(&queued.id).await.state() == ImportState::Running);
    }
    let resumed = rig.wait_for_import(&queued.id).await;
    assert!(interrupted > 0, "it was cut off while running");
    let counts = |import: &marque_api::intake::v1::Import| {
        (
            import.state,
            import.received,
            import.accepted,
            import.with_findings,
            import.quarantined,
            import.unchanged,
        )
    };
    assert_eq!(counts(&resumed), counts(&expected));
    assert_eq!(resumed.received, 620);
    assert_eq!(left_by(&rig).await, left_by(&undisturbed).await);
    assert_eq!(
        count(rig.customer_db(), "import_batches").await,
        count(undisturbed.customer_db(), "import_batches").await
    );
}

async fn two_imports_of_overlapping_files_end_with_each_record_once(db: TestDb) {
    let rig = Rig::with_batches_of(db, 20).await;
    let all = clean_file(300);
    let header = all.lines().next().unwrap();
    let part = |from: usize, to: usize| -> String {
        let rows = all.lines().skip(1).skip(from).take(to - from);
        std::iter::once(header)
            .chain(rows)
            .map(|line| format!("{line}\r\n"))
            .collect()
    };
    let send = async |text: String| {
        rig.send_as(
            Role::HqAdmin,
            Scope::Headquarters,
            ImportFile::of_customers("D1", text),
        )
        .await
        .unwrap()
        .id
    };
    let (one, two) = (send(part(0, 200)).await, send(part(100, 300)).await);
    let (one, two) = (
        rig.wait_for_import(&one).await,
        rig.wait_for_import(&two).await,
    );
    assert_eq!(
        (one.state(), two.state()),
        (ImportState::Succeeded, ImportState::Succeeded)
    );
    assert_eq!(
        (one.unchanged + two.unchanged, one.accepted + two.accepted),
        (100, 300)
    );
    let undisturbed = Rig::new(rig.customer_db().sibling()).await;
    undisturbed
        .import(ImportFile::of_customers("D1", all.clone()))
        .await;
    assert_eq!(left_by(&rig).await, left_by(&undisturbed).await);
}

async fn a_file_the_disk_does_not_give_now_is_read_later(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let import = queued(&mut rig, clean_file(10)).await;
    let (spooled, aside) = withhold(&rig, &import);
    rig.crash_and_restart().await;
    rig.wait_for_state(&import.id, &[ImportState::Running])
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        rig.import_now(&import.id).await.state(),
        ImportState::Running
    );
    std::fs::rename(&aside, &spooled).unwrap();
    rig.clock().advance(Duration::from_secs(61));
    let ended = rig.wait_for_import(&import.id).await;
    assert_eq!(
        (ended.state(), ended.accepted),
        (ImportState::Succeeded, 10)
    );
    rig.until_nothing_is_spooled().await;
}

async fn a_worker_that_lost_its_claim_ends_nothing(db: TestDb) {
    let mut rig = Rig::with_batches_of(db, 25).await;
    let import = queued(&mut rig, clean_file(3000)).await;
    rig.crash_and_restart().await;
    rig.wait_for_state(&import.id, &[ImportState::Running])
        .await;
    // Whatever it has written by now, the import is somebody else's from here on.
    rig.customer_db()
        .write(|conn| {
            let taken =
                "UPDATE imports SET claimed_by = 'another', state = 'running', claimed_until = ?1";
            conn.execute(taken, &[marque_db::Value::Int(i64::MAX)])
        })
        .await
        .unwrap();
    let before = rig.import_now(&import.id).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = rig.import_now(&import.id).await;
    assert_eq!(
        (after.state(), after.received),
        (ImportState::Running, before.received)
    );
    assert_eq!(rig.spooled_files(), 1, "the file is the other's now");
}

/// The earlier file cannot be read for a while: the later one of the same dealer waits, in any process and after a
/// restart, and another dealer's does not.
async fn files_of_one_dealer_are_worked_off_in_the_order_in_which_they_came(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let earlier = queued(&mut rig, clean_file(50)).await;
    let send = async |rig: &Rig, dealer: &str| {
        let file = ImportFile::of_customers(dealer, clean_file(10));
        rig.send_as(Role::HqAdmin, Scope::Headquarters, file)
            .await
            .unwrap()
    };
    let (later, others) = (send(&rig, "D1").await, send(&rig, "D2").await);
    let (spooled, aside) = withhold(&rig, &earlier);
    rig.crash_and_restart().await;
    let others = rig.wait_for_import(&others.id).await;
    assert_eq!((others.accepted, others.unchanged), (10, 0));
    rig.wait_for_state(&earlier.id, &[ImportState::Running])
        .await;
    // A SQLite file belongs to one process.
    let is_shared = rig.customer_db().is_postgres();
    let beside = is_shared.then(|| rig.another_process());
    rig.crash_and_restart().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rig.import_now(&later.id).await.state(), ImportState::Queued);
    std::fs::rename(&aside, &spooled).unwrap();
    rig.clock().advance(Duration::from_secs(61));
    let (earlier, later) = (
        rig.wait_for_import(&earlier.id).await,
        rig.wait_for_import(&later.id).await,
    );
    assert_eq!((earlier.accepted, earlier.unchanged), (50, 0));
    assert_eq!((later.accepted, later.unchanged), (0, 10));
    drop(beside);
}

async fn a_file_sent_again_with_its_key_is_one_import(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let file = |rows| ImportFile::of_customers("D1", clean_file(rows));
    let first = rig.send_once("k1", file(10)).await.unwrap();
    rig.wait_for_import(&first.id).await;
    rig.crash().await;
    let again = rig.send_once("k1", file(10)).await.unwrap();
    assert_eq!(again.id, first.id);
    assert_eq!(rig.spooled_files(), 0, "the second copy is not kept");
    assert_eq!(count(rig.customer_db(), "imports").await, 1);
    let other = rig.send_once("k1", file(11)).await.unwrap_err();
    assert_eq!(other.code(), tonic::Code::FailedPrecondition);
    let new = rig.send_once("k2", file(10)).await.unwrap();
    assert_ne!(new.id, first.id);
}
