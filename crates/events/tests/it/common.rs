//! A producer that publishes numbers and a consumer that writes them down.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use marque_api::events::v1::{Event, PullRequest, PullResponse, event_feed_server::EventFeed as _};
use marque_core::ManualClock;
use marque_db::{Conn, Database, StoreError};
use marque_events::{ApplyError, Consumer, Feed, Handler, NewEvent, Source, publish};
use marque_testkit::TestDb;
use tonic::{Request, Status, async_trait};

pub(crate) const PRODUCER: &str = "marque/numbers";

/// A service's schema and the table that the consumer writes to.
pub(crate) async fn prepared(db: TestDb) -> TestDb {
    let db = db.migrated(&marque_migrations::NETWORK).await;
    let tables =
        "CREATE TABLE applied (place BIGINT PRIMARY KEY, subject TEXT NOT NULL, n BIGINT NOT NULL)";
    db.write(move |conn| conn.batch(tables)).await.unwrap();
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
        kind: "marque.numbers.told",
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
    for n in numbers {
        db.write(move |conn| tell(conn, "a", n, false))
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

/// A feed asked directly.
pub(crate) struct Direct(pub(crate) Feed);

#[async_trait]
impl Source for Direct {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        Ok(self.0.pull(Request::new(request)).await?.into_inner())
    }
}

/// Writes events down; fails after having done so while `failing`.
#[derive(Default)]
pub(crate) struct WriteDown {
    pub(crate) failing: AtomicBool,
}

impl Handler for WriteDown {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let n = event
            .data
            .as_slice()
            .try_into()
            .map_err(|_| ApplyError::Malformed("eight bytes expected".into()))?;
        conn.execute(
            "INSERT INTO applied (place, subject, n) SELECT coalesce(max(place), 0) + 1, ?1, ?2 FROM applied",
            &[(&event.subject).into(), i64::from_be_bytes(n).into()],
        )?;
        if self.failing.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut off after the effect".into()).into());
        }
        Ok(())
    }
}

/// A consumer in `db` of the feed of `producer`.
pub(crate) fn consumer(db: &Database, producer: &Database, handler: Arc<WriteDown>) -> Consumer {
    Consumer {
        name: "writer",
        producer: PRODUCER,
        source: Arc::new(Direct(Feed::new(producer.clone(), PRODUCER))),
        db: db.clone(),
        handler,
        clock: Arc::new(ManualClock::default()),
    }
}
