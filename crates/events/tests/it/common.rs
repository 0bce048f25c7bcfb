//! A producer that publishes numbers.

use marque_core::ManualClock;
use marque_db::{Conn, Database, StoreError};
use marque_events::{NewEvent, publish};
use marque_testkit::TestDb;

pub(crate) const PRODUCER: &str = "marque/numbers";

/// A service's schema.
pub(crate) async fn prepared(db: TestDb) -> TestDb {
    db.migrated(&marque_migrations::NETWORK).await
}

/// Publishes `n` about a subject.
pub(crate) fn tell(conn: &mut Conn<'_>, subject: &str, n: i64) -> Result<(), StoreError> {
    let event = NewEvent {
        kind: "marque.numbers.number.told",
        subject: subject.to_owned(),
        dealer: None,
        data: n.to_be_bytes().to_vec(),
        traceparent: "",
    };
    publish(conn, &ManualClock::default(), &event)
}

pub(crate) async fn tell_each(db: &Database, numbers: impl IntoIterator<Item = i64>) {
    for n in numbers {
        db.write(move |conn| tell(conn, "a", n)).await.unwrap();
    }
}
