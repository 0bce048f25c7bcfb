//! The second wall between dealers (reliability.md A3): what a forgotten clause finds, what every schema has, who may pass.
//! SQLite has no such wall.

use std::{collections::BTreeMap, error::Error as _};

use marque_core::Timestamp;
use marque_db::{
    Backend, Conn, Database, Migration, Migrator, Settings, StoreError, Value, Wall, behind,
};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    a_query_without_a_clause_finds_nothing_foreign,
    nothing_is_written_for_others,
    who_has_passed_the_gate_sees_all,
    a_question_among_all_dealers_is_asked_and_over,
    a_region_sees_its_dealers,
    a_migration_changes_rows_of_all_dealers,
    every_table_with_a_dealer_is_behind_the_wall,
    unique_keys_tell_nothing_of_others,
    a_login_that_may_step_over_is_reported,
    a_login_that_inherits_sees_nothing_before_it_says_as_whom_it_acts,
    a_login_that_may_not_make_the_schema_is_told_who_may,
);

const THINGS: Migration = Migration {
    name: "0001_things",
    up:
        "CREATE TABLE things (dealer TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (dealer, name));
         CREATE TABLE dealer_regions (dealer TEXT PRIMARY KEY, region TEXT NOT NULL);",
    down: "DROP TABLE things; DROP TABLE dealer_regions;",
};
const NAMED: Migration = Migration {
    name: "0002_named",
    up: "UPDATE things SET name = 'new ' || name;",
    down: "",
};
const FIRST: Migrator = Migrator {
    service: "things",
    migrations: &[THINGS],
};
const SECOND: Migrator = Migrator {
    service: "things",
    migrations: &[THINGS, NAMED],
};

fn now() -> Timestamp {
    Timestamp::from_micros(0)
}

fn dealer(code: &str) -> Wall {
    Wall::Dealer(code.to_owned())
}

/// Three dealers, the first two in the east, with a thing each; the first has two.
async fn with_things(db: TestDb) -> TestDb {
    FIRST.up(&db, now()).await.unwrap();
    db.write(|conn| {
        conn.batch(
            "INSERT INTO dealer_regions VALUES ('D1', 'east'), ('D2', 'east'), ('D3', 'west');
             INSERT INTO things VALUES ('D1', 'a'), ('D1', 'b'), ('D2', 'a'), ('D3', 'a'), ('', 'of nobody')",
        )
    })
    .await
    .unwrap();
    db
}

fn count(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let found = conn.query_opt("SELECT count(*) FROM things", &[], |row| row.get(0))?;
    Ok(found.unwrap_or(-1))
}

/// All things that a wall lets a read and a write see without any clause.
async fn seen(db: &Database, wall: Wall) -> (i64, i64) {
    let (read, write) = (db.clone(), db.clone());
    behind(wall, async move {
        (
            read.scan(count).await.unwrap(),
            write.write(count).await.unwrap(),
        )
    })
    .await
}

async fn a_query_without_a_clause_finds_nothing_foreign(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let db = with_things(db).await;
    // Many rounds, so that each session has served others before: what was said to it must not stay.
    for _ in 0..8 {
        assert_eq!(seen(&db, dealer("D1")).await, (2, 2));
        assert_eq!(seen(&db, Wall::Nobody).await, (0, 0));
        assert_eq!(seen(&db, dealer("D3")).await, (1, 1));
        assert_eq!(seen(&db, dealer("")).await, (0, 0), "rows of nobody");
        assert_eq!(seen(&db, dealer("D1' OR 'a'='a")).await, (0, 0));
        assert_eq!(seen(&db, Wall::Everything).await, (5, 5));
    }
    let unsaid = Database::open(&db.settings()).unwrap();
    let found = tokio::spawn(async move { unsaid.scan(count).await.unwrap() });
    assert_eq!(found.await.unwrap(), 0, "a task that nobody confined");
}

async fn nothing_is_written_for_others(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let db = with_things(db).await;
    let own = db.handle();
    behind(dealer("D1"), async move {
        let sql = "INSERT INTO things VALUES ('D2', 'smuggled')";
        let told = own.write(move |conn| conn.batch(sql)).await.unwrap_err();
        assert!(
            format!("{told:?}").contains("row-level security"),
            "{told:?}"
        );
        let moved = own
            .write(|conn| conn.execute("UPDATE things SET dealer = 'D2' WHERE name = 'b'", &[]))
            .await;
        assert!(moved.is_err(), "given away");
        let touched = own
            .write(|conn| conn.execute("UPDATE things SET name = name || '!'", &[]))
            .await;
        assert_eq!(touched.unwrap(), 2, "his own alone");
        let gone = own.write(|conn| conn.execute("DELETE FROM things WHERE dealer <> 'D1'", &[]));
        assert_eq!(gone.await.unwrap(), 0);
        // Many at once take another way than COPY, which PostgreSQL refuses here.
        let put = |code: &'static str| {
            own.write(move |conn| {
                let row: [Value<'_>; 2] = [code.into(), "many".into()];
                conn.insert_many("things", &["dealer", "name"], "", &row)
            })
        };
        put("D1").await.unwrap();
        assert!(put("D2").await.is_err());
    })
    .await;
    assert_eq!(seen(&db, Wall::Everything).await.0, 6);
}

async fn who_has_passed_the_gate_sees_all(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let db = with_things(db).await;
    let (own, across) = (db.handle(), db.across());
    let seen = behind(dealer("D1"), async move {
        let steps = own.read(|conn| {
            let before = count(conn)?;
            conn.see_all_dealers()?;
            Ok::<_, StoreError>((before, count(conn)?))
        });
        let steps = steps.await.unwrap();
        (
            steps,
            own.scan(count).await.unwrap(),
            across.scan(count).await.unwrap(),
        )
    });
    assert_eq!(seen.await, ((2, 5), 2, 5), "for this unit of work alone");
}

async fn a_question_among_all_dealers_is_asked_and_over(db: TestDb) {
    let is_postgres = db.is_postgres();
    let db = with_things(db).await;
    let own = db.handle();
    let seen = behind(dealer("D1"), async move {
        let steps = own.write(|conn| {
            let among_all = conn.among_all_dealers(count)?;
            Ok::<_, StoreError>((among_all, count(conn)?))
        });
        steps.await.unwrap()
    });
    assert_eq!(seen.await, (5, if is_postgres { 2 } else { 5 }));
}

async fn a_region_sees_its_dealers(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let db = with_things(db).await;
    assert_eq!(seen(&db, Wall::Region("east".to_owned())).await, (3, 3));
    assert_eq!(seen(&db, Wall::Region("nowhere".to_owned())).await, (0, 0));
    assert_eq!(seen(&db, Wall::Region(String::new())).await, (0, 0));
}

/// The same database over another login.
fn as_user(db: &TestDb, user: &str) -> Database {
    let Settings::Postgres { url, schema, .. } = db.settings() else {
        panic!("only on PostgreSQL");
    };
    Database::open(&Settings::Postgres {
        url: url.replace("//marque@", &format!("//{user}@")),
        schema,
        readers: 1,
        writers: 1,
        replica: None,
    })
    .unwrap()
}

/// FORCE binds owners too: without care a migration would change no row and say nothing.
async fn a_migration_changes_rows_of_all_dealers(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let Settings::Postgres { schema, .. } = db.settings() else {
        unreachable!()
    };
    let made = format!(
        "DO $$ BEGIN IF to_regrole('marque_owner') IS NULL THEN CREATE ROLE marque_owner LOGIN; END IF; END $$;
         CREATE SCHEMA {schema} AUTHORIZATION marque_owner"
    );
    let aside = db.sibling();
    // Another process may make the role at the same moment.
    while aside
        .write({
            let made = made.clone();
            move |conn| conn.batch(&made)
        })
        .await
        .is_err()
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let owner = as_user(&db, "marque_owner");
    FIRST.up(&owner, now()).await.unwrap();
    let sql = "INSERT INTO things VALUES ('D1', 'a'), ('D2', 'a')";
    db.write(move |conn| conn.batch(sql)).await.unwrap();
    assert_eq!(SECOND.up(&owner, now()).await.unwrap(), 1);
    let names: Vec<String> = db
        .scan(|conn| conn.query("SELECT name FROM things", &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(names, ["new a", "new a"]);
    let service = as_user(&db, "marque_service");
    assert_eq!(seen(&service, dealer("D1")).await, (1, 1), "raised again");
    let told = owner.wall_problem().await.unwrap().unwrap();
    assert!(told.contains("marque_owner owns the tables"), "{told}");
}

async fn every_table_with_a_dealer_is_behind_the_wall(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    for migrator in marque_migrations::ALL {
        let own = db.sibling().migrated(migrator).await;
        let tables: Vec<(String, bool)> = own
            .scan(|conn| {
                let sql = "SELECT class.relname::text, relrowsecurity AND relforcerowsecurity AND (
                      SELECT count(*) = 2 AND bool_and(polqual IS NOT NULL AND polwithcheck IS NOT NULL)
                             AND bool_and(cardinality(polroles) = 1 AND polroles[1] <> 0)
                      FROM pg_policy WHERE polrelid = class.oid)
                    FROM pg_class class JOIN pg_attribute a ON attrelid = class.oid AND NOT attisdropped
                    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                      AND (attname = 'dealer' OR (relname, attname) IN (('dealers', 'code')))
                      -- Where a customer came last, which is no owner.
                      AND relname <> 'loyalty'";
                conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .await
            .unwrap();
        assert!(tables.len() >= 4, "{}: {tables:?}", migrator.service);
        for (table, is_behind) in tables {
            assert!(is_behind, "{}.{table}", migrator.service);
        }
        let owned: Option<i64> = own
            .scan(|conn| {
                let sql = "SELECT (SELECT count(*) FROM pg_class WHERE relowner = role.oid)
                    + (SELECT count(*) FROM pg_namespace WHERE nspowner = role.oid)
                    + (SELECT count(*) FROM pg_proc WHERE proowner = role.oid)
                    + CASE WHEN rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb THEN 1 ELSE 0 END
                    FROM pg_roles role WHERE rolname = 'marque_app'";
                conn.query_opt(sql, &[], |row| row.get(0))
            })
            .await
            .unwrap();
        assert_eq!(
            owned,
            Some(0),
            "the role of services owns nothing and is nothing more"
        );
    }
}

/// A unique key that does not begin with the dealer may tell him that another has it: each has a reason in the list.
async fn unique_keys_tell_nothing_of_others(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let list = include_str!("../../../../migrations/dealer-keys.txt");
    let mut listed: BTreeMap<&str, &str> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap())
        .collect();
    let mut unlisted = Vec::new();
    for migrator in marque_migrations::ALL {
        let own = db.sibling().migrated(migrator).await;
        let keys: Vec<(String, String)> = own
            .scan(|conn| {
                let sql = "SELECT class.relname::text, string_agg(a.attname::text, ' ' ORDER BY place)
                    FROM pg_index i JOIN pg_class class ON class.oid = indrelid
                    CROSS JOIN LATERAL unnest(indkey::int2[]) WITH ORDINALITY AS k(number, place)
                    JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = number
                    WHERE indisunique AND relnamespace = current_schema()::regnamespace AND relrowsecurity
                    GROUP BY class.relname, i.indexrelid
                    HAVING (array_agg(a.attname ORDER BY place))[1] <> 'dealer'";
                conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .await
            .unwrap();
        for (table, columns) in keys {
            let key = format!("{}.{table} ({columns})", migrator.service);
            if listed.remove(key.as_str()).is_none_or(str::is_empty) {
                unlisted.push(key);
            }
        }
    }
    assert!(
        unlisted.is_empty() && listed.is_empty(),
        "migrations/dealer-keys.txt: say why of {unlisted:#?}; gone are {listed:#?}"
    );
}

async fn a_login_that_may_step_over_is_reported(db: TestDb) {
    if !db.is_postgres() {
        assert_eq!(db.wall_problem().await.unwrap(), None);
        return;
    }
    assert_eq!(db.backend(), Backend::Postgres);
    let db = with_things(db).await;
    let told = db.wall_problem().await.unwrap().unwrap();
    assert!(told.contains("marque is a superuser"), "{told}");
    let service = as_user(&db, "marque_service");
    assert_eq!(service.wall_problem().await.unwrap(), None);
    assert_eq!(seen(&service, dealer("D1")).await, (2, 2));
    assert_eq!(seen(&service, Wall::Everything).await, (5, 5));
    assert!(FIRST.is_current(&service).await.unwrap());
    assert!(FIRST.is_answering(&service).await.unwrap());
    let changed = service
        .write(|conn| conn.batch("ALTER TABLE things ADD COLUMN x TEXT"))
        .await;
    assert!(changed.is_err(), "it owns nothing");
    let edited = service
        .write(|conn| conn.batch("DELETE FROM things_migrations"))
        .await;
    assert!(edited.is_err(), "nor may it touch the list of versions");
}

async fn a_login_that_inherits_sees_nothing_before_it_says_as_whom_it_acts(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let db = with_things(db).await;
    let made = "DO $$ BEGIN IF to_regrole('marque_heir') IS NULL THEN
            CREATE ROLE marque_heir LOGIN INHERIT IN ROLE marque_app, marque_hq; END IF; END $$;";
    // Another process may make the role at the same moment.
    let login = db.as_login();
    let mut tries = 0;
    while let Err(error) = login.write(move |conn| conn.batch(made)).await {
        tries += 1;
        assert!(tries < 100, "{error:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let heir = as_user(&db, "marque_heir");
    assert_eq!(heir.as_login().scan(count).await.unwrap(), 0);
    let written = heir.as_login();
    let written = written.write(|conn| conn.batch("INSERT INTO things VALUES ('D1', 'c')"));
    assert!(written.await.is_err(), "nor does it write");
    assert_eq!(seen(&heir, Wall::Everything).await, (5, 5));
    let told = heir.wall_problem().await.unwrap().unwrap();
    assert!(told.contains("marque_heir inherits"), "{told}");
}

async fn a_login_that_may_not_make_the_schema_is_told_who_may(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let service = as_user(&db, "marque_service");
    let refused = FIRST.is_current(&service).await.unwrap_err();
    let told = refused.source().unwrap().to_string();
    assert!(told.contains("run `marque migrate`"), "{told}");
}

/// `cargo nextest run --workspace --run-ignored only --no-capture -E 'test(what_the_wall_costs)'`
#[test]
#[ignore = "a measurement"]
fn what_the_wall_costs() {
    let Some(db) = TestDb::postgres() else { return };
    marque_testkit::block_on(async {
        let bare = db.sibling();
        bare.write(|conn| conn.batch(THINGS.up)).await.unwrap();
        FIRST.up(&db, now()).await.unwrap();
        for each in [&bare, &db] {
            let fill = "INSERT INTO things SELECT 'D' || n % 100, 'n' || n FROM generate_series(1, 100000) n";
            each.write(move |conn| conn.batch(fill)).await.unwrap();
        }
        // Turn and turn about, so that what else the machine does meets all of them.
        let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for _ in 0..10 {
            for (name, of, wall) in [
                ("no wall", &bare, Wall::Everything),
                ("headquarters", &db, Wall::Everything),
                ("dealer", &db, dealer("D7")),
            ] {
                let (read, written) = behind(wall, one_round(of)).await;
                times.entry(name).or_default().push(read);
                let writing = ["no wall, write", "headquarters, write", "dealer, write"];
                let name = writing
                    .into_iter()
                    .find(|each| each.starts_with(name))
                    .unwrap();
                times.entry(name).or_default().push(written);
            }
        }
        for (name, mut rounds) in times {
            rounds.sort_by(f64::total_cmp);
            println!("{name}: {:.1} µs", rounds[rounds.len() / 2]);
        }
    });
}

/// Mean microseconds of a point read and of a write of one row.
async fn one_round(db: &Database) -> (f64, f64) {
    const TIMES: u32 = 1000;
    let mean = |began: std::time::Instant| began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES);
    let began = std::time::Instant::now();
    for n in 0..TIMES {
        let name = format!("n{}", 7 + n % 900 * 100);
        let found: Option<String> = db
            .read(move |conn| {
                let sql = "SELECT name FROM things WHERE dealer = 'D7' AND name = ?1";
                conn.query_opt(sql, &[(&name).into()], |row| row.get(0))
            })
            .await
            .unwrap();
        assert!(found.is_some());
    }
    let read = mean(began);
    let began = std::time::Instant::now();
    for n in 0..TIMES {
        let name = format!("n{}", 7 + n % 900 * 100);
        db.write(move |conn| {
            let sql = "UPDATE things SET name = name WHERE dealer = 'D7' AND name = ?1";
            conn.execute(sql, &[(&name).into()])
        })
        .await
        .unwrap();
    }
    (read, mean(began))
}
