//! A producer and a consumer with a bus between them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use marque_bus::{Broker, Settings};
use marque_core::ManualClock;
use marque_db::Database;
use marque_events::{Consumer, Feed, Source};
use marque_testkit::TestDb;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::common::{PRODUCER, WriteDown, prepared};

/// Longest without any progress on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Two services, each with a database of its own.
pub(crate) struct World {
    pub(crate) producer: TestDb,
    pub(crate) own: TestDb,
    /// `None`: the embedded bus.
    pub(crate) broker: Option<Broker>,
    relay: Option<JoinHandle<()>>,
}

/// How quickly a broker gives up on an acknowledgement in tests.
pub(crate) fn settings(url: impl Into<String>) -> Settings {
    Settings {
        prefix: format!("test_{}", uuid::Uuid::new_v4().simple()),
        redeliver_after: Duration::from_millis(300),
        ..Settings::at(url)
    }
}

impl World {
    pub(crate) async fn embedded(db: TestDb) -> Self {
        Self {
            own: prepared(db.sibling()).await,
            producer: prepared(db).await,
            broker: None,
            relay: None,
        }
    }

    pub(crate) async fn jetstream(db: TestDb, url: &str) -> Self {
        let mut world = Self::embedded(db).await;
        world.broker = Some(Broker::connect(settings(url)).await.unwrap());
        world.start_relay();
        world
    }

    /// Starts the relay, as a process with a memory of its own.
    pub(crate) fn start_relay(&mut self) {
        let feed = Feed::new(self.producer.handle(), PRODUCER);
        if let Some(broker) = &self.broker {
            let relay = broker.relay(PRODUCER, feed);
            self.relay = Some(tokio::spawn(relay.run(CancellationToken::new())));
        }
    }

    /// Cuts the relay off wherever it is.
    pub(crate) fn kill_relay(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.abort();
        }
    }

    /// A consumer without a memory, as a process that has just started.
    pub(crate) fn consumer(&self, handler: Arc<WriteDown>) -> Consumer {
        let source: Arc<dyn Source> = match &self.broker {
            Some(broker) => Arc::new(broker.source(PRODUCER)),
            None => Arc::new(Feed::new(self.producer.handle(), PRODUCER)),
        };
        Consumer {
            name: "writer",
            producer: PRODUCER,
            source,
            db: self.own.handle(),
            handler,
            clock: Arc::new(ManualClock::default()),
        }
    }

    /// Lets a consumer read until it has passed over everything that was published.
    pub(crate) async fn catch_up(&self, consumer: &Consumer) {
        let head = head(&self.producer).await;
        let mut last = (position(&self.own).await, Instant::now());
        while last.0 < head {
            if let Err(error) = consumer.step(200).await {
                // What a consumer logs and tries again.
                tracing::warn!(%error, "events have to wait");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let now = position(&self.own).await;
            if now > last.0 {
                last = (now, Instant::now());
            }
            let (at, since) = last;
            assert!(
                since.elapsed() < PATIENCE,
                "the consumer is stuck at {at} of {head}"
            );
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill_relay();
    }
}

/// How many events were published and committed: a position is given to each.
pub(crate) async fn head(db: &Database) -> i64 {
    let sql = "SELECT count(*) FROM outbox";
    db.scan(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap()
        .unwrap_or(0)
}

/// How far the consumer is.
pub(crate) async fn position(db: &Database) -> i64 {
    let sql = "SELECT position FROM event_cursors";
    db.read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap()
        .unwrap_or(0)
}

/// Makes of each `async fn name(world: World)` four tests: two buses on two databases. Once a module.
macro_rules! bus_test_suite {
    ($($test:ident),+ $(,)?) => {
        mod embedded {
            use marque_testkit::{TestDb, block_on};
            use super::super::world::World;
            $(
                mod $test {
                    use super::*;
                    #[test]
                    fn sqlite() {
                        block_on(async { super::super::$test(World::embedded(TestDb::sqlite()).await).await });
                    }
                    #[test]
                    fn postgres() {
                        if let Some(db) = TestDb::postgres() {
                            block_on(async { super::super::$test(World::embedded(db).await).await });
                        }
                    }
                }
            )+
        }
        mod jetstream {
            use marque_testkit::{TestDb, TestNats, block_on};
            use super::super::world::World;
            $(
                mod $test {
                    use super::*;
                    #[test]
                    fn sqlite() {
                        if let Some(url) = TestNats::shared() {
                            block_on(async { super::super::$test(World::jetstream(TestDb::sqlite(), &url).await).await });
                        }
                    }
                    #[test]
                    fn postgres() {
                        if let (Some(db), Some(url)) = (TestDb::postgres(), TestNats::shared()) {
                            block_on(async { super::super::$test(World::jetstream(db, &url).await).await });
                        }
                    }
                }
            )+
        }
    };
}
pub(crate) use bus_test_suite;
