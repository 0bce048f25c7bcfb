//! Imports that do not go on: they end, and what came after them does not wait for ever.

use std::{fs, sync::Arc, time::Duration};

use marque_api::intake::v1::{Import, ImportState};
use marque_auth::{Role, Scope};
use marque_core::{ManualClock, SharedClock};
use marque_db::{Conn, StoreError};
use marque_intake::{
    Directory, Entry, Intake, IntakeSettings, Job, Outcome, RowView, Sink, Written,
};
use marque_rpc::RoleName;
use marque_tabular::{CUSTOMERS, Limits, Schema};
use marque_testkit::{ImportFile, Rig, TestDb, as_system, store_test_suite};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::common::{clean_file, queued, withhold};

store_test_suite!(
    a_file_that_is_lost_holds_nobody_up,
    what_never_goes_on_ends_after_half_a_day,
    a_disk_that_fails_is_waited_for_half_a_day,
    a_reader_that_panics_ends_its_import_alone,
);

const HOUR: Duration = Duration::from_secs(3600);

/// Another file of the same dealer, source and kind.
async fn later(rig: &Rig, rows: u32) -> Import {
    let file = ImportFile::of_customers("D1", clean_file(rows));
    rig.send_as(Role::HqAdmin, Scope::Headquarters, file)
        .await
        .unwrap()
}

async fn ended_with(rig: &Rig, import: &Import) -> (ImportState, String, i64) {
    let ended = rig.wait_for_import(&import.id).await;
    (ended.state(), ended.problem_reason, ended.received)
}

/// Waits until an import was tried in vain.
async fn until_held(rig: &Rig) {
    for _ in 0..1000 {
        let held = rig
            .customer_db()
            .read(|conn| {
                let sql = "SELECT count(*) FROM imports WHERE held_since > 0";
                conn.query_opt(sql, &[], |row| row.get::<i64>(0))
            })
            .await
            .unwrap();
        if held == Some(1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no import was tried in vain after ten seconds");
}

async fn a_file_that_is_lost_holds_nobody_up(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let lost = queued(&mut rig, clean_file(20)).await;
    let after = later(&rig, 10).await;
    fs::remove_file(rig.spooled(&lost.id)).unwrap();
    rig.crash_and_restart().await;
    assert_eq!(
        ended_with(&rig, &lost).await,
        (ImportState::Failed, "READ_FAILED".to_owned(), 0)
    );
    assert_eq!(
        ended_with(&rig, &after).await,
        (ImportState::Succeeded, String::new(), 10)
    );
}

async fn what_never_goes_on_ends_after_half_a_day(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let stuck = queued(&mut rig, clean_file(20)).await;
    rig.customer_db()
        .write(|conn| conn.execute("UPDATE imports SET mapping = 'no JSON'", &[]))
        .await
        .unwrap();
    let after = later(&rig, 10).await;
    // However long it waited in the queue.
    rig.clock().advance(30 * HOUR);
    rig.crash_and_restart().await;
    until_held(&rig).await;
    rig.clock().advance(11 * HOUR);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        rig.import_now(&stuck.id).await.state(),
        ImportState::Running
    );
    rig.clock().advance(HOUR);
    assert_eq!(
        ended_with(&rig, &stuck).await,
        (ImportState::Failed, "IMPORT_STALLED".to_owned(), 0)
    );
    assert_eq!(
        ended_with(&rig, &after).await,
        (ImportState::Succeeded, String::new(), 10)
    );
}

async fn a_disk_that_fails_is_waited_for_half_a_day(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let unread = queued(&mut rig, clean_file(20)).await;
    let after = later(&rig, 10).await;
    withhold(&rig, &unread);
    rig.crash_and_restart().await;
    until_held(&rig).await;
    rig.clock().advance(12 * HOUR);
    assert_eq!(
        ended_with(&rig, &unread).await,
        (ImportState::Failed, "READ_FAILED".to_owned(), 0)
    );
    assert_eq!(
        ended_with(&rig, &after).await,
        (ImportState::Succeeded, String::new(), 10)
    );
}

/// Cannot read one customer, as code that has a fault.
#[derive(Debug)]
struct Brittle;

impl Sink for Brittle {
    type Payload = ();

    fn schema(&self, _kind: &str) -> Option<&'static Schema> {
        Some(&CUSTOMERS)
    }

    fn prepare(&self, _job: &Job, rows: &[RowView<'_>]) -> Entry<()> {
        assert_ne!(rows[0].get(0), Some("C35"), "the fault");
        Entry {
            findings: Vec::new(),
            of_rows: Vec::new(),
            refusals: Vec::new(),
            payload: Some(()),
        }
    }

    fn record_id(&self, record: Uuid) -> String {
        record.to_string()
    }

    fn write(
        &self,
        _conn: &mut Conn<'_>,
        _job: &Job,
        batch: &[&()],
    ) -> Result<Vec<Written>, StoreError> {
        let stored = batch.iter().map(|()| Written {
            outcome: Outcome::Stored,
            record: None,
            findings: Vec::new(),
        });
        Ok(stored.collect())
    }
}

async fn a_reader_that_panics_ends_its_import_alone(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let faulty = queued(&mut rig, clean_file(50)).await;
    let after = later(&rig, 10).await;
    let clock: SharedClock = Arc::<ManualClock>::default();
    let settings = IntakeSettings {
        spool: rig.spool_before(),
        batch_rows: 10,
        parallel: 1,
        max_file_bytes: 1 << 20,
        limits: Limits::default(),
    };
    let intake = Intake::new(
        rig.customer_db().handle(),
        rig.vault().clone(),
        clock,
        Directory::new(rig.process().transport(RoleName::Network)),
        settings,
        Brittle,
    )
    .unwrap();
    let stop = CancellationToken::new();
    let worker = tokio::spawn(as_system(intake.run(stop.clone())));
    assert_eq!(
        ended_with(&rig, &faulty).await,
        (ImportState::Failed, "READER_FAILED".to_owned(), 30),
        "what was written before stays"
    );
    assert_eq!(
        ended_with(&rig, &after).await,
        (ImportState::Succeeded, String::new(), 10)
    );
    stop.cancel();
    worker.await.unwrap();
}
