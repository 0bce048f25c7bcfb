//! Many keys, many rows.

use marque_db::{StoreError, Value};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    a_list_of_any_length_finds_each_row_once,
    rows_are_inserted_at_once,
    rows_that_are_there_are_updated,
    every_type_comes_back_as_it_went_in,
    a_literal_is_a_number_too,
);

async fn with_squares(db: &TestDb, rows: i64) {
    db.write(move |conn| {
        conn.batch(
            "CREATE TABLE squares (n BIGINT PRIMARY KEY, square BIGINT NOT NULL, note TEXT)",
        )?;
        let squares: Vec<i64> = (0..rows).map(|n| n * n).collect();
        let values: Vec<Value<'_>> = (0..rows)
            .flat_map(|n| [n.into(), squares[n as usize].into(), Value::Null])
            .collect();
        conn.insert_many("squares", &["n", "square", "note"], "", &values)
    })
    .await
    .unwrap();
}

async fn a_list_of_any_length_finds_each_row_once(db: TestDb) {
    with_squares(&db, 2500).await;
    for count in [0, 1, 9, 600, 2000] {
        let mut found = db
            .read(move |conn| {
                // From the far end and with one key that nobody has.
                let keys: Vec<Value<'_>> = (0..count)
                    .map(|n| Value::Int(2499 - n))
                    .chain([Value::Int(-1)])
                    .collect();
                let keys = if count == 0 { &[][..] } else { &keys };
                let sql = "SELECT n, square FROM squares WHERE square >= ?1 AND n IN (??)";
                conn.query_in(sql, &[Value::Int(0)], keys, |row| {
                    Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
                })
            })
            .await
            .unwrap();
        found.sort_unstable();
        let expected: Vec<(i64, i64)> = (2500 - count..2500).map(|n| (n, n * n)).collect();
        assert_eq!(found, expected, "{count} keys");
    }
}

async fn rows_are_inserted_at_once(db: TestDb) {
    with_squares(&db, 1003).await;
    let again = db
        .write(|conn| {
            let row = [
                Value::Int(2000),
                Value::Int(0),
                Value::Null,
                Value::Int(7),
                Value::Int(0),
                Value::Null,
            ];
            conn.insert_many("squares", &["n", "square", "note"], "", &row)
        })
        .await;
    assert!(
        matches!(again, Err(StoreError::Unique(_))),
        "row 7 is there"
    );
    let count: Option<i64> = db
        .read(|conn| conn.query_opt("SELECT count(*) FROM squares", &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(count, Some(1003), "row 2000 did not stay either");
}

async fn rows_that_are_there_are_updated(db: TestDb) {
    with_squares(&db, 10).await;
    db.write(|conn| {
        let values: Vec<Value<'_>> = (0..1600)
            .flat_map(|n| [n.into(), Value::Int(1), "late".into()])
            .collect();
        let conflict = "ON CONFLICT (n) DO UPDATE SET note = excluded.note";
        conn.insert_many("squares", &["n", "square", "note"], conflict, &values)
    })
    .await
    .unwrap();
    let sums: Option<(i64, i64)> = db
        .read(|conn| {
            let sql = "SELECT count(*), count(CASE WHEN square = 81 THEN 1 END) FROM squares WHERE note = 'late'";
            conn.query_opt(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
        .unwrap();
    assert_eq!(sums, Some((1600, 1)));
}

async fn every_type_comes_back_as_it_went_in(db: TestDb) {
    db.write(|conn| {
        conn.batch(
            "CREATE TABLE kinds (i BIGINT, r DOUBLE PRECISION, b BOOLEAN, t TEXT, y BYTEA, u UUID, d TEXT, z BIGINT)",
        )
    })
    .await
    .unwrap();
    let id = uuid::Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
    let day: chrono::NaiveDate = "2024-02-29".parse().unwrap();
    for with_copy in [true, false] {
        db.write(move |conn| {
            conn.execute("DELETE FROM kinds", &[])?;
            let bytes = vec![0, 255, 7];
            let row = [
                Value::Int(i64::MIN),
                Value::Real(-0.5),
                Value::Bool(true),
                "王小明 \u{1f697}".into(),
                (&bytes).into(),
                id.into(),
                day.into(),
                Value::Null,
            ];
            let columns = ["i", "r", "b", "t", "y", "u", "d", "z"];
            conn.insert_many(
                "kinds",
                &columns,
                if with_copy {
                    ""
                } else {
                    "ON CONFLICT DO NOTHING"
                },
                &row,
            )
        })
        .await
        .unwrap();
        let found = db
            .read(|conn| {
                conn.query_opt("SELECT i, r, b, t, y, u, d, z FROM kinds", &[], |row| {
                    let numbers = (row.get::<i64>(0)?, row.get::<f64>(1)?, row.get::<bool>(2)?);
                    let texts = (
                        row.get::<String>(3)?,
                        row.get::<Vec<u8>>(4)?,
                        row.get::<uuid::Uuid>(5)?,
                    );
                    Ok((
                        numbers,
                        texts,
                        row.get::<chrono::NaiveDate>(6)?,
                        row.get::<Option<i64>>(7)?,
                    ))
                })
            })
            .await
            .unwrap();
        let texts = ("王小明 \u{1f697}".to_owned(), vec![0, 255, 7], id);
        assert_eq!(found, Some(((i64::MIN, -0.5, true), texts, day, None)));
    }
}

async fn a_literal_is_a_number_too(db: TestDb) {
    // PostgreSQL has it as four bytes, SQLite as eight.
    let one: Option<i64> = db
        .read(|conn| conn.query_opt("SELECT 1", &[], |row| row.get(0)))
        .await
        .unwrap();
    let none: Option<Option<i64>> = db
        .read(|conn| conn.query_opt("SELECT CASE WHEN 1 = 2 THEN 1 END", &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!((one, none), (Some(1), Some(None)));
}
