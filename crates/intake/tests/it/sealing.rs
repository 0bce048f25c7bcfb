//! Files that wait lie sealed, and are read as they were sent or not at all.

use std::{fs, time::Duration};

use marque_api::intake::v1::{Import, ImportState};
use marque_intake::survey_spool;
use marque_reseal::Survey;
use marque_testkit::{ImportFile, Rig, TestDb, store_test_suite};
use marque_vault::Keyring;

use crate::common::{clean_file, queued};

store_test_suite!(
    a_file_that_waits_is_not_in_clear,
    a_file_that_was_exchanged_cut_or_never_sealed_fails_whole,
    a_file_of_the_release_before_is_read_and_removed,
    a_file_outlives_a_change_of_keys_and_tells_which_it_needs,
    a_file_whose_key_comes_late_waits_for_it,
);

/// Bytes of a sealed frame: a file cut here is cut between two.
const SEALED_FRAME: usize = (64 << 10) + 33;
/// Rows of more than a frame.
const LONG: u32 = 2_000;

async fn a_file_that_waits_is_not_in_clear(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let text = clean_file(LONG);
    let import = queued(&mut rig, text.clone()).await;
    let lying = fs::read(rig.spooled(&import.id)).unwrap();
    assert!(lying.len() > text.len() && lying.len() > SEALED_FRAME);
    // Names, ID numbers and phones; what is shorter may be there by chance.
    let values = text.lines().step_by(97).flat_map(|line| line.split(','));
    for (number, value) in values.filter(|value| value.len() >= 6).enumerate() {
        let value = value.as_bytes();
        let found = lying.windows(value.len()).any(|part| part == value);
        assert!(!found, "value {number} lies in clear");
    }
    let seen = fs::read_dir(rig.spool_before()).unwrap();
    assert_eq!(
        seen.count(),
        0,
        "a process of the release before sees nothing"
    );

    rig.crash_and_restart().await;
    let ended = rig.wait_for_import(&import.id).await;
    assert_eq!(
        (ended.state(), ended.received),
        (ImportState::Succeeded, i64::from(LONG))
    );
}

async fn a_file_that_was_exchanged_cut_or_never_sealed_fails_whole(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let untouched = queued(&mut rig, clean_file(10)).await;
    let another = async |key: &str| -> Import {
        let file = ImportFile::of_customers("D1", clean_file(LONG));
        rig.send_once(key, file).await.unwrap()
    };
    let (exchanged, cut, plain) = (
        another("exchanged").await,
        another("cut").await,
        another("plain").await,
    );
    fs::copy(rig.spooled(&untouched.id), rig.spooled(&exchanged.id)).unwrap();
    let whole = fs::read(rig.spooled(&cut.id)).unwrap();
    fs::write(rig.spooled(&cut.id), &whole[..SEALED_FRAME]).unwrap();
    fs::write(rig.spooled(&plain.id), clean_file(LONG)).unwrap();
    rig.crash_and_restart().await;
    for import in [exchanged, cut, plain] {
        let ended = rig.wait_for_import(&import.id).await;
        assert_eq!(
            (ended.state(), ended.problem_reason.as_str(), ended.received),
            (ImportState::Failed, "READ_FAILED", 0)
        );
    }
    let ended = rig.wait_for_import(&untouched.id).await;
    assert_eq!(
        (ended.state(), ended.received),
        (ImportState::Succeeded, 10)
    );
    rig.until_nothing_is_spooled().await;
}

async fn a_file_of_the_release_before_is_read_and_removed(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let import = queued(&mut rig, clean_file(10)).await;
    fs::remove_file(rig.spooled(&import.id)).unwrap();
    let plain = rig.spool_before().join(&import.id);
    fs::write(&plain, clean_file(10)).unwrap();
    let name = import.id.clone();
    rig.customer_db()
        .write(move |conn| conn.execute("UPDATE imports SET spool = ?1", &[(&name).into()]))
        .await
        .unwrap();
    rig.crash_and_restart().await;
    let ended = rig.wait_for_import(&import.id).await;
    assert_eq!(
        (ended.state(), ended.received),
        (ImportState::Succeeded, 10)
    );
    for _ in 0..500 {
        if !plain.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the file is left behind");
}

async fn a_file_outlives_a_change_of_keys_and_tells_which_it_needs(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let mut ring = Keyring::generate().unwrap();
    rig.vault().replace(&ring);
    let import = queued(&mut rig, clean_file(10)).await;
    let folder = rig.spool_before();
    let survey = async |rig: &Rig| {
        let db = rig.customer_db().handle();
        survey_spool(&db, &folder, rig.vault()).await.unwrap()
    };
    let found = |values, stale, unreadable| Survey {
        values,
        stale,
        unreadable,
    };
    assert_eq!(survey(&rig).await, found(1, 0, 0));
    ring.rotate_data_key().unwrap();
    rig.vault().replace(&ring);
    assert_eq!(survey(&rig).await, found(1, 1, 0));
    // On another machine, perhaps: nobody can say here that the old key is needed no more.
    let (spooled, aside) = (rig.spooled(&import.id), folder.join("aside"));
    fs::rename(&spooled, &aside).unwrap();
    assert_eq!(survey(&rig).await, found(1, 1, 0));
    fs::rename(&aside, &spooled).unwrap();

    let mut without = ring.clone();
    assert!(without.retire_data_key(1));
    rig.vault().replace(&without);
    assert_eq!(survey(&rig).await, found(1, 1, 1));

    rig.vault().replace(&ring);
    rig.crash_and_restart().await;
    let ended = rig.wait_for_import(&import.id).await;
    assert_eq!(
        (ended.state(), ended.received),
        (ImportState::Succeeded, 10)
    );
    rig.until_nothing_is_spooled().await;
    assert_eq!(survey(&rig).await, found(0, 0, 0));
}

async fn a_file_whose_key_comes_late_waits_for_it(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let before = Keyring::generate().unwrap();
    let mut ring = before.clone();
    ring.rotate_data_key().unwrap();
    rig.vault().replace(&ring);
    let import = queued(&mut rig, clean_file(10)).await;
    // As if another process worked it off, which has not read the ring yet.
    rig.vault().replace(&before);
    rig.crash_and_restart().await;
    rig.wait_for_state(&import.id, &[ImportState::Running])
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        rig.import_now(&import.id).await.state(),
        ImportState::Running
    );
    rig.vault().replace(&ring);
    rig.clock().advance(Duration::from_secs(61));
    let ended = rig.wait_for_import(&import.id).await;
    assert_eq!(
        (ended.state(), ended.accepted),
        (ImportState::Succeeded, 10)
    );
}
