//! Schema versions: applied once, taken back, guarded against edits.

use std::{sync::mpsc, time::Duration};

use marque_core::Timestamp;
use marque_db::{Migration, Migrator, StoreError};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    versions_go_up_down_and_up,
    an_edited_version_is_refused,
    an_older_binary_lives_with_what_was_added_and_not_with_what_was_taken_away,
    a_version_that_fails_leaves_nothing,
    versions_before_one_that_fails_stay_and_the_rest_follows,
    what_a_version_locks_is_free_before_the_next,
    two_processes_that_start_at_once_apply_each_version_once,
    every_services_schema_goes_up_down_and_up,
);

const FIRST: Migration = Migration {
    name: "0001_create",
    up: "CREATE TABLE things (seq {serial}, name TEXT NOT NULL);\n{postgres: CREATE SEQUENCE things_extra}\n",
    down: "{postgres: DROP SEQUENCE things_extra}\nDROP TABLE things;",
};
const SECOND: Migration = Migration {
    name: "0002_note",
    up: "ALTER TABLE things ADD COLUMN note TEXT NOT NULL DEFAULT '';",
    down: "ALTER TABLE things DROP COLUMN note;",
};
const BOTH: Migrator = Migrator {
    service: "a-test",
    migrations: &[FIRST, SECOND],
};
const FIRST_ALONE: Migrator = Migrator {
    migrations: &[FIRST],
    ..BOTH
};

fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000)
}

async fn versions_go_up_down_and_up(db: TestDb) {
    assert!(!BOTH.is_current(&db).await.unwrap());
    assert_eq!(BOTH.up(&db, now()).await.unwrap(), 2);
    assert_eq!(
        BOTH.up(&db, now()).await.unwrap(),
        0,
        "the second time there is nothing to do"
    );
    assert!(BOTH.is_current(&db).await.unwrap());
    insert_with_note(&db).await.unwrap();
    BOTH.down(&db, 1).await.unwrap();
    assert!(insert_with_note(&db).await.is_err(), "the column is gone");
    assert!(!BOTH.is_current(&db).await.unwrap());
    assert_eq!(BOTH.up(&db, now()).await.unwrap(), 1);
    insert_with_note(&db).await.unwrap();
    BOTH.down(&db, 2).await.unwrap();
    assert_eq!(BOTH.up(&db, now()).await.unwrap(), 2);
}

async fn insert_with_note(db: &TestDb) -> Result<u64, StoreError> {
    db.write(|conn| conn.execute("INSERT INTO things (name, note) VALUES ('x', 'y')", &[]))
        .await
}

async fn an_edited_version_is_refused(db: TestDb) {
    BOTH.up(&db, now()).await.unwrap();
    const EDITED: Migration = Migration {
        up: "CREATE TABLE things (seq {serial}, name TEXT);",
        ..FIRST
    };
    let edited = Migrator {
        migrations: &[EDITED, SECOND],
        ..BOTH
    };
    let refused = edited.up(&db, now()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "schema: 0001_create was edited after it was applied"
    );
}

async fn an_older_binary_lives_with_what_was_added_and_not_with_what_was_taken_away(db: TestDb) {
    const TAKEN: Migration = Migration {
        name: "0003_no_notes_contract",
        up: "DELETE FROM a_test_migrations WHERE name = ''",
        down: "",
    };
    let older = FIRST_ALONE;
    BOTH.up(&db, now()).await.unwrap();
    assert_eq!(older.up(&db, now()).await.unwrap(), 0);
    assert!(older.is_current(&db).await.unwrap());
    assert!(older.is_answering(&db).await.unwrap());
    let newest = Migrator {
        migrations: &[FIRST, SECOND, TAKEN],
        ..BOTH
    };
    newest.up(&db, now()).await.unwrap();
    let refused = older.up(&db, now()).await.unwrap_err().to_string();
    assert!(
        refused.contains("0003_no_notes_contract") && refused.contains("use a newer binary"),
        "{refused}"
    );
    assert!(older.is_current(&db).await.is_err());
}

async fn a_version_that_fails_leaves_nothing(db: TestDb) {
    const BROKEN: Migration = Migration {
        name: "0002_broken",
        up: "CREATE TABLE half (n BIGINT);\nCREATE TABLE things (n BIGINT);",
        down: "",
    };
    FIRST_ALONE.up(&db, now()).await.unwrap();
    let broken = Migrator {
        migrations: &[FIRST, BROKEN],
        ..BOTH
    };
    assert!(broken.up(&db, now()).await.is_err());
    let half = db
        .write(|conn| conn.execute("INSERT INTO half (n) VALUES (1)", &[]))
        .await;
    assert!(half.is_err(), "the first statement did not stay");
    assert_eq!(
        BOTH.up(&db, now()).await.unwrap(),
        1,
        "the mended version is applied"
    );
}

async fn versions_before_one_that_fails_stay_and_the_rest_follows(db: TestDb) {
    const BROKEN: Migration = Migration {
        name: "0003_more",
        up: "CREATE TABLE more (n BIGINT);\nCREATE TABLE things (n BIGINT);",
        down: "",
    };
    const MENDED: Migration = Migration {
        up: "CREATE TABLE more (n BIGINT);",
        ..BROKEN
    };
    FIRST_ALONE.up(&db, now()).await.unwrap();
    let broken = Migrator {
        migrations: &[FIRST, SECOND, BROKEN],
        ..BOTH
    };
    assert!(broken.up(&db, now()).await.is_err());
    insert_with_note(&db).await.unwrap();
    assert!(BOTH.is_current(&db).await.unwrap());
    let mended = Migrator {
        migrations: &[FIRST, SECOND, MENDED],
        ..BOTH
    };
    assert_eq!(mended.up(&db, now()).await.unwrap(), 1);
    assert!(mended.is_current(&db).await.unwrap());
}

/// SQLite has one writer, who waits for a version as for any other writer.
async fn what_a_version_locks_is_free_before_the_next(db: TestDb) {
    const LONG: Migration = Migration {
        name: "0003_long",
        up: "{postgres: SELECT pg_advisory_xact_lock(4711)}",
        down: "",
    };
    if !db.is_postgres() {
        return;
    }
    FIRST_ALONE.up(&db, now()).await.unwrap();
    let (taken, is_taken) = mpsc::channel();
    let (release, is_released) = mpsc::channel();
    let holder = db.handle();
    let holding = tokio::spawn(async move {
        holder
            .write(move |conn| {
                conn.lock_keys(&mut vec![4711])?;
                taken.send(()).unwrap();
                is_released.recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || is_taken.recv().unwrap())
        .await
        .unwrap();
    let other = db.from_another_process();
    let migrating = tokio::spawn(async move {
        Migrator {
            migrations: &[FIRST, SECOND, LONG],
            ..BOTH
        }
        .up(&other, now())
        .await
    });
    tokio::time::timeout(Duration::from_secs(20), async {
        while insert_with_note(&db).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the second version's table can be written during the third");
    assert!(!migrating.is_finished());
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    assert_eq!(migrating.await.unwrap().unwrap(), 2);
}

async fn two_processes_that_start_at_once_apply_each_version_once(db: TestDb) {
    let other = db.from_another_process();
    let (here, there) = tokio::join!(BOTH.up(&db, now()), BOTH.up(&other, now()));
    assert_eq!(here.unwrap() + there.unwrap(), 2);
}

async fn every_services_schema_goes_up_down_and_up(db: TestDb) {
    for migrator in marque_migrations::ALL {
        let own = db.sibling();
        assert_eq!(
            migrator.up(&own, now()).await.unwrap(),
            migrator.migrations.len()
        );
        migrator
            .down(&own, migrator.migrations.len())
            .await
            .unwrap();
        assert_eq!(
            migrator.up(&own, now()).await.unwrap(),
            migrator.migrations.len(),
            "{}",
            migrator.service
        );
        assert!(migrator.is_current(&own).await.unwrap());
    }
}
