//! One producer with two relays, one consuming service in two instances, and a seed.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use marque_api::events::v1::Event;
use marque_bus::{Line, Relay};
use marque_core::ManualClock;
use marque_db::{Conn, Database, StoreError};
use marque_events::{ApplyError, Consumer, Feed, Handler, NewEvent, publish};
use marque_load::Dice;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{
    broker::{Stream, Way},
    gate::{Gate, Keeper},
};
use crate::simulation::stores;

const PRODUCER: &str = "marque/numbers";
/// Turns given while things go wrong, and afterwards until all has come to rest.
const TURNS: usize = 120;
const CALM_TURNS: usize = 240;
/// The producer, two relays, two instances of the consumer.
const ACTORS: usize = 5;

/// What a seed came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) told: u64,
    pub(super) kills: u64,
    pub(super) wipes: u64,
    pub(super) refused: u64,
    pub(super) redelivered: u64,
    pub(super) trace: u64,
}

impl Outcome {
    pub(super) fn add(&mut self, other: &Self) {
        self.told += other.told;
        self.kills += other.kills;
        self.wipes += other.wipes;
        self.refused += other.refused;
        self.redelivered += other.redelivered;
    }
}

pub(super) struct World {
    seed: u64,
    dice: Dice,
    keeper: Keeper,
    stream: Arc<Mutex<Stream>>,
    producer: Database,
    consumer: Database,
    numbers: Arc<AtomicU64>,
    actors: Vec<JoinHandle<()>>,
    kills: u64,
    wipes: u64,
    _folder: TempDir,
}

/// What the consumer writes down.
pub(super) async fn add_effects(db: Database) {
    let made = |conn: &mut Conn<'_>| {
        conn.execute(
            "CREATE TABLE effects (seq INTEGER PRIMARY KEY, number BIGINT NOT NULL)",
            &[],
        )
    };
    db.write(made).await.unwrap();
}

impl World {
    pub(super) async fn new(template: &Path, seed: u64) -> Self {
        let folder = stores::memory_folder();
        let open = |name: &str| stores::open(&stores::copy(template, &folder, name));
        let mut dice = Dice::new(seed);
        let mut world = Self {
            seed,
            keeper: Keeper::new(ACTORS),
            stream: Arc::new(Mutex::new(Stream::new(Dice::new(dice.roll())))),
            producer: open("producer.db"),
            consumer: open("consumer.db"),
            dice,
            numbers: Arc::default(),
            actors: Vec::new(),
            kills: 0,
            wipes: 0,
            _folder: folder,
        };
        for actor in 0..ACTORS {
            let begun = world.begin(actor);
            world.actors.push(begun);
            world.keeper.await_arrival(actor).await;
        }
        world
    }

    /// Turns in an order of the seed, with kills and a broker that forgets.
    pub(super) async fn run(&mut self) {
        for _ in 0..TURNS {
            let actor = self.dice.below(ACTORS);
            match self.dice.below(24) {
                0 | 1 => self.kill(actor).await,
                2 => {
                    self.wipes += 1;
                    self.keeper.gate().note("wiped".to_owned());
                    self.stream.lock().unwrap().wipe();
                }
                3 => self.stream.lock().unwrap().forget_end(),
                _ => self.keeper.give(actor).await,
            }
        }
    }

    /// Everybody in turn until all has come to rest; then the effects are exactly what was told.
    pub(super) async fn end(mut self) -> Outcome {
        self.stream.lock().unwrap().is_calm = true;
        for turn in 0..CALM_TURNS {
            // The producer tells nothing more.
            self.keeper.give(1 + turn % (ACTORS - 1)).await;
        }
        let told = numbers(&self.producer, "SELECT data FROM outbox ORDER BY seq").await;
        let effects = numbers(&self.consumer, "SELECT number FROM effects ORDER BY seq").await;
        assert_eq!(effects, told, "seed {}", self.seed);
        self.actors.iter().for_each(JoinHandle::abort);
        let stream = self.stream.lock().unwrap();
        Outcome {
            told: told.len() as u64,
            kills: self.kills,
            wipes: self.wipes,
            refused: stream.refused,
            redelivered: stream.redelivered,
            trace: self.keeper.trace(),
        }
    }

    /// Kills an actor where it stands; another takes its place and knows nothing.
    async fn kill(&mut self, actor: usize) {
        self.kills += 1;
        self.keeper.gate().note(format!("{actor} dies"));
        self.actors[actor].abort();
        let _ = (&mut self.actors[actor]).await;
        self.actors[actor] = self.begin(actor);
        self.keeper.await_arrival(actor).await;
    }

    fn begin(&self, actor: usize) -> JoinHandle<()> {
        let gate = self.keeper.gate();
        let way = Way {
            stream: Arc::clone(&self.stream),
            gate: gate.clone(),
            actor,
        };
        match actor {
            0 => tokio::spawn(tell(
                gate,
                self.producer.clone(),
                Arc::clone(&self.numbers),
                self.seed,
            )),
            1 | 2 => tokio::spawn(relay(gate, way, Feed::new(self.producer.clone(), PRODUCER))),
            _ => tokio::spawn(consume(gate, way, self.consumer.clone())),
        }
    }
}

async fn numbers(db: &Database, sql: &'static str) -> Vec<i64> {
    let is_data = sql.contains("data");
    let read = move |conn: &mut Conn<'_>| {
        conn.query(sql, &[], |row| {
            if is_data {
                return Ok(number_of(&row.get::<Vec<u8>>(0)?));
            }
            row.get::<i64>(0)
        })
    };
    db.read(read).await.unwrap()
}

fn number_of(data: &[u8]) -> i64 {
    i64::from_be_bytes(data.try_into().expect("eight bytes"))
}

/// Publishes a few numbers in one commit; every fourth commit is taken back, and nobody may hear of it.
async fn tell(gate: Gate, db: Database, numbers: Arc<AtomicU64>, seed: u64) {
    loop {
        gate.turn(0).await;
        let first = numbers.fetch_add(4, Ordering::Relaxed);
        let count = 1 + (first / 4 + seed) % 4;
        let is_kept = !(first / 4 + seed / 4).is_multiple_of(4);
        let told = db.write(move |conn| {
            for number in first..first + count {
                tell_one(conn, number as i64)?;
            }
            if is_kept {
                Ok(())
            } else {
                Err(StoreError::Other("taken back".into()))
            }
        });
        gate.note(format!("0 tells {count}: {}", told.await.is_ok()));
    }
}

fn tell_one(conn: &mut Conn<'_>, number: i64) -> Result<(), StoreError> {
    let event = NewEvent {
        kind: "marque.numbers.number.told",
        subject: "a".to_owned(),
        dealer: None,
        data: number.to_be_bytes().to_vec(),
        traceparent: "",
    };
    publish(conn, &ManualClock::default(), &event)
}

async fn relay(gate: Gate, way: Way, feed: Feed) {
    let actor = way.actor;
    let line: Arc<dyn Line> = Arc::new(way);
    let mut relay = Relay::new(line, PRODUCER, feed);
    loop {
        gate.turn(actor).await;
        let _ = relay.step(0).await;
    }
}

async fn consume(gate: Gate, way: Way, db: Database) {
    let actor = way.actor;
    let consumer = Consumer {
        name: "counting",
        producer: PRODUCER,
        source: Arc::new(way),
        db,
        handler: Arc::new(Effects),
        clock: Arc::new(ManualClock::default()),
    };
    loop {
        gate.turn(actor).await;
        let _ = consumer.step(0).await;
    }
}

/// Notes every event it is given: one that is given twice stands there twice.
struct Effects;

impl Handler for Effects {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let number = number_of(&event.data);
        conn.execute("INSERT INTO effects (number) VALUES (?1)", &[number.into()])?;
        Ok(())
    }
}
