//! Schema versions: applied once, taken back, guarded against edits.

use marque_core::Timestamp;
use marque_db::{Migration, Migrator, StoreError};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    versions_go_up_down_and_up,
    an_edited_version_is_refused,
    an_older_binary_lives_with_what_was_added_and_not_with_what_was_taken_away,
    a_version_that_fails_leaves_nothing,
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
    let older = Migrator {
        migrations: &[FIRST],
        ..BOTH
    };
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
    Migrator {
        migrations: &[FIRST],
        ..BOTH
    }
    .up(&db, now())
    .await
    .unwrap();
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
