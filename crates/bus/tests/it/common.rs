//! A producer that publishes numbers and a handler that writes them down.

use std::sync::atomic::{AtomicBool, Ordering};

use marque_api::events::v1::Event;
use marque_core::ManualClock;
use marque_db::{Conn, Database, StoreError};
use marque_events::{ApplyError, Handler, NewEvent, publish};
use marque_testkit::TestDb;

pub(crate) const PRODUCER: &str = "marque/numbers";

/// A service's schema and the table that the consumer writes to.
pub(crate) async fn prepared(db: TestDb) -> TestDb {
    let db = db.migrated(&marque_migrations::NETWORK).await;
    let tables =
        "CREATE TABLE applied (place BIGINT PRIMARY KEY, subject TEXT NOT NULL, n BIGINT NOT NULL)";
    db.as_login()
        .write(move |conn| conn.batch(tables))
        .await
        .unwrap();
    db
}

/// Publishes `n` about a subject; the data of `bad` ones cannot be read.
pub(crate) fn tell(
    conn: &mut Conn<'_>,
    subject: &str,
    n: i64,
    bad: bool,
) -> Result<(), StoreError> {
    let event = NewEvent {
        kind: "marque.numbers.number.told",
        subject: subject.to_owned(),
        dealer: None,
        data: if bad {
            vec![1]
        } else {
            n.to_be_bytes().to_vec()
        },
        traceparent: "",
    };
    publish(conn, &ManualClock::default(), &event)
}

pub(crate) async fn tell_each(db: &Database, numbers: impl IntoIterator<Item = i64>) {
    let numbers: Vec<i64> = numbers.into_iter().collect();
    for some in numbers.chunks(50) {
        let some = some.to_vec();
        db.write(move |conn| some.iter().try_for_each(|n| tell(conn, "a", *n, false)))
            .await
            .unwrap();
    }
}

/// What was applied, in the order of it.
pub(crate) async fn applied(db: &Database) -> Vec<(String, i64)> {
    db.read(|conn| {
        conn.query(
            "SELECT subject, n FROM applied ORDER BY place",
            &[],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    })
    .await
    .unwrap()
}

pub(crate) async fn numbers(db: &Database) -> Vec<i64> {
    applied(db).await.into_iter().map(|(_, n)| n).collect()
}

/// Writes events down. While `failing` its store fails after it has done so; while `knowing` it can read bad ones.
#[derive(Default)]
pub(crate) struct WriteDown {
    pub(crate) failing: AtomicBool,
    pub(crate) knowing: AtomicBool,
}

impl Handler for WriteDown {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let n = match event.data.as_slice().try_into() {
            Ok(bytes) => i64::from_be_bytes(bytes),
            Err(_) if self.knowing.load(Ordering::SeqCst) => event.position,
            Err(_) => return Err(ApplyError::Malformed("eight bytes expected".into())),
        };
        conn.execute(
            "INSERT INTO applied (place, subject, n) SELECT coalesce(max(place), 0) + 1, ?1, ?2 FROM applied",
            &[(&event.subject).into(), n.into()],
        )?;
        if self.failing.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut off after the effect".into()).into());
        }
        Ok(())
    }
}
