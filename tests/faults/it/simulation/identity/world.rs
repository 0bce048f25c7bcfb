//! Dealers who write, processes that die, and a seed.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use marque_api::{
    customer::v1::{
        PutSourceRecordRequest, PutSourceRecordResponse,
        customer_service_client::CustomerServiceClient,
    },
    events::v1::PullRequest,
};
use marque_auth::{Role, Scope};
use marque_core::{Clock as _, CustomerId, ManualClock, SourceRecordId};
use marque_db::Database;
use marque_events::{Feed, Source as _};
use marque_load::Dice;
use marque_rpc::RpcTransport;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    Outcome,
    kept::{Kept, Story},
    people::{PERSONS, Record, records},
};
use crate::simulation::{
    seeds::{Trace, expect},
    services::{DEALERS, Ground, Services},
    stores,
    walker::Walker,
};

/// Turns given while things go wrong, and at most afterwards until everybody was answered.
const TURNS: usize = 130;
const CALM_TURNS: usize = 600;
/// Times that some record or other is written with other content than before.
const CHANGES: usize = 8;
/// What a record says besides, by its version: a hobby changes nothing of who somebody is.
const HOBBIES: [&str; 4] = ["", "chess", "tea", "hiking"];

/// A record to be written with the content of a version.
#[derive(Debug, Clone)]
struct Write {
    record: usize,
    version: i64,
    idempotency_key: Option<String>,
}

type Answer = Result<PutSourceRecordResponse, String>;

/// A write on its way.
struct Call {
    write: Write,
    /// The process it goes through.
    through: usize,
    walker: Walker<Answer>,
}

/// One of several that write to the store.
struct Process {
    db: Database,
    client: CustomerServiceClient<RpcTransport>,
}

impl Process {
    fn start(services: &Services, db: Database) -> Self {
        let client = services.customer(db.clone());
        Self { db, client }
    }
}

/// A dealer's system: it writes one record after the other.
#[derive(Default)]
struct Dms {
    waiting: VecDeque<Write>,
    call: Option<Call>,
}

/// A write that was acknowledged.
#[derive(Debug, Clone, Copy)]
struct Acknowledged {
    record: usize,
    version: i64,
    customer: CustomerId,
}

pub(super) struct World<'a> {
    seed: u64,
    dice: Dice,
    trace: Trace,
    services: Services,
    /// Opens the store as another process does.
    open: &'a dyn Fn() -> Database,
    watcher: Database,
    processes: Vec<Process>,
    records: Vec<Record>,
    /// Versions of each record that were to be written.
    versions: Vec<i64>,
    dealers: Vec<Dms>,
    acknowledged: Vec<Acknowledged>,
    refusal: String,
    outcome: Outcome,
}

impl<'a> World<'a> {
    pub(super) fn new(ground: &Arc<Ground>, open: &'a dyn Fn() -> Database, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let services = Services::new(ground, ManualClock::default().now());
        let processes = 2 + dice.below(2);
        let records = records(seed);
        let mut world = Self {
            seed,
            dice,
            trace: Trace::default(),
            processes: (0..processes)
                .map(|_| Process::start(&services, open()))
                .collect(),
            services,
            open,
            watcher: open(),
            versions: vec![0; records.len()],
            records,
            dealers: DEALERS.iter().map(|_| Dms::default()).collect(),
            acknowledged: Vec::new(),
            refusal: String::new(),
            outcome: Outcome::default(),
        };
        world.give_out();
        world
    }

    /// Puts a fault into the store, where the program cannot know of it.
    pub(super) async fn plant(&self, sql: &'static str) {
        let planted = self.watcher.write(move |conn| conn.batch(sql));
        planted.await.unwrap();
    }

    /// Gives each dealer his records to write, in an order of the seed, some of them several times.
    fn give_out(&mut self) {
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        for _ in 0..CHANGES {
            order.push(self.dice.below(self.records.len()));
        }
        while !order.is_empty() {
            let record = order.swap_remove(self.dice.below(order.len()));
            // One that was changed often enough is written as it was.
            let version = (self.versions[record] + 1).min(HOBBIES.len() as i64);
            self.versions[record] = version;
            let is_keyed = self.dice.below(2) == 0;
            let write = Write {
                record,
                version,
                idempotency_key: is_keyed.then(|| format!("s{}-r{record}-v{version}", self.seed)),
            };
            self.dealers[self.records[record].dealer]
                .waiting
                .push_back(write);
        }
    }

    /// Turns in an order of the seed; processes die, and the clock goes on.
    pub(super) async fn run(&mut self) {
        for _ in 0..TURNS {
            match self.dice.below(16) {
                0 => self.kill(),
                1 => self.services.clock.advance(Duration::from_secs(1)),
                _ => {
                    let at = self.dice.below(self.dealers.len());
                    self.turn(at).await;
                }
            }
        }
    }

    /// Everybody in turn until all was acknowledged; then it is there, and as it ought to be.
    pub(super) async fn end(mut self) -> Result<Outcome, String> {
        for turn in 0..CALM_TURNS {
            self.turn(turn % DEALERS.len()).await;
        }
        let is_idle = |dms: &Dms| dms.waiting.is_empty() && dms.call.is_none();
        expect(self.dealers.iter().all(is_idle), || {
            format!(
                "not everything was acknowledged, and last: {}",
                self.refusal
            )
        })?;
        let kept = self.kept().await?;
        self.is_acknowledged_kept(&kept)?;
        self.are_persons_customers(&kept)?;
        self.story().await?.is_of(&kept)?;
        let merged = kept.customers.values().filter(|(_, into)| into.is_some());
        self.outcome.merged = merged.count();
        self.outcome.acknowledged = self.acknowledged.len();
        self.trace.note(format!("{} merged", self.outcome.merged));
        self.outcome.trace = self.trace.number();
        Ok(self.outcome)
    }

    /// One unit of work of a dealer's write.
    async fn turn(&mut self, at: usize) {
        let going = self.dealers[at].call.take();
        let Some(mut call) = going.or_else(|| self.begin(at)) else {
            return;
        };
        let held = stores::hold(&self.processes[call.through].db).await;
        let answer = call.walker.walk();
        drop(held);
        if let Some(answer) = answer {
            self.hear(at, call.write, answer);
            return;
        }
        call.walker.arrival().await;
        self.trace
            .note(format!("{at} goes on with {}", call.write.record));
        self.dealers[at].call = Some(call);
    }

    /// Sends a dealer's next write through one of the processes.
    fn begin(&mut self, at: usize) -> Option<Call> {
        let write = self.dealers[at].waiting.pop_front()?;
        let through = self.dice.below(self.processes.len());
        let request = self.request(&write);
        let mut process = self.processes[through].client.clone();
        let walker = Walker::new(async move {
            let answer = process.put_source_record(request).await;
            answer
                .map(Response::into_inner)
                .map_err(|status| format!("{:?}: {}", status.code(), status.message()))
        });
        Some(Call {
            write,
            through,
            walker,
        })
    }

    fn request(&self, write: &Write) -> Request<PutSourceRecordRequest> {
        let record = &self.records[write.record];
        let hobby = HOBBIES[write.version as usize - 1];
        let message = record
            .says
            .clone()
            .who_likes(hobby)
            .put(DEALERS[record.dealer], &record.key);
        let dealer = Scope::Dealer(DEALERS[record.dealer].parse().unwrap());
        let mut request = self.services.ask(Role::Dms, dealer, message);
        if let Some(key) = &write.idempotency_key {
            let key = key.parse().expect("a key of ASCII");
            request.metadata_mut().insert("idempotency-key", key);
        }
        request
    }

    fn hear(&mut self, at: usize, write: Write, answer: Answer) {
        match answer {
            Ok(answer) => {
                self.trace.note(format!(
                    "{at} is answered: {} in version {}",
                    write.record, answer.version
                ));
                self.acknowledged.push(Acknowledged {
                    record: write.record,
                    version: answer.version,
                    customer: answer.customer_id.parse().unwrap(),
                });
            }
            Err(why) => {
                self.trace.note(format!("{at} is refused: {why}"));
                self.refusal = why;
                self.dealers[at].waiting.push_front(write);
            }
        }
    }

    /// Kills a process with all that goes through it; another takes its place and knows nothing. Who was not answered writes again.
    fn kill(&mut self) {
        let process = self.dice.below(self.processes.len());
        self.outcome.kills += 1;
        self.trace.note(format!("process {process} dies"));
        for dms in &mut self.dealers {
            if let Some(call) = dms.call.take_if(|call| call.through == process) {
                self.outcome.cut_off += 1;
                dms.waiting.push_front(call.write);
            }
        }
        self.processes[process] = Process::start(&self.services, (self.open)());
    }

    async fn kept(&self) -> Result<Kept, String> {
        let customers = self.watcher.read(|conn| {
            let sql = "SELECT number, id, merged_into FROM customers";
            conn.query(sql, &[], |row| {
                let id: CustomerId = row.get::<Uuid>(1)?.into();
                Ok((row.get::<i64>(0)?, (id, row.get::<Option<i64>>(2)?)))
            })
        });
        let customers = customers.await.map_err(|error| error.to_string())?;
        let records = self.watcher.read(|conn| {
            let sql = "SELECT id, customer, version FROM source_records";
            conn.query(sql, &[], |row| {
                let id: SourceRecordId = row.get::<Uuid>(0)?.into();
                Ok((id, (row.get::<i64>(1)?, row.get::<i64>(2)?)))
            })
        });
        let records = records.await.map_err(|error| error.to_string())?;
        Ok(Kept {
            customers: customers.into_iter().collect(),
            records: records.into_iter().collect(),
        })
    }

    /// Whether what was acknowledged is there, and under the id that was answered or the one it became.
    fn is_acknowledged_kept(&self, kept: &Kept) -> Result<(), String> {
        let versions = self.records.iter().zip(&self.versions);
        for (record, version) in versions {
            let (_, found) = kept.record(record)?;
            expect(found == *version, || {
                format!("record {} has version {found} of {version}", record.key)
            })?;
        }
        for heard in &self.acknowledged {
            let (owner, version) = kept.record(&self.records[heard.record])?;
            expect(heard.version <= version, || {
                format!("{heard:?} is not kept")
            })?;
            let customer = kept.current_of(heard.customer)?;
            expect(customer == owner, || {
                format!("{heard:?} answers with {customer}, and the record is {owner}'s")
            })?;
        }
        Ok(())
    }

    /// Whether each person is one customer and no two are the same, and no customer is nobody.
    fn are_persons_customers(&self, kept: &Kept) -> Result<(), String> {
        let mut taken: HashSet<i64> = HashSet::new();
        for person in 0..PERSONS {
            let own = self.records.iter().filter(|record| record.person == person);
            let owners: Result<HashSet<i64>, String> = own
                .map(|record| kept.record(record).map(|(owner, _)| owner))
                .collect();
            let owners = owners?;
            expect(owners.len() == 1, || {
                format!("person {person} is {} customers", owners.len())
            })?;
            expect(owners.iter().all(|owner| taken.insert(*owner)), || {
                format!("person {person} is another's customer")
            })?;
        }
        let living = kept.customers.values().filter(|(_, into)| into.is_none());
        let living = living.count();
        expect(living == taken.len(), || {
            format!("{living} customers of {} persons", taken.len())
        })
    }

    /// What somebody knows who has heard every event.
    async fn story(&self) -> Result<Story, String> {
        let feed = Feed::new(self.watcher.clone(), "marque/customer");
        let (mut story, mut after) = (Story::default(), 0);
        loop {
            let request = PullRequest {
                after,
                limit: 100,
                ..PullRequest::default()
            };
            let answer = feed.pull(request).await;
            let events = answer.map_err(|status| status.to_string())?.events;
            let Some(last) = events.last() else {
                return Ok(story);
            };
            after = last.position;
            for event in &events {
                story.hear(event)?;
            }
        }
    }
}
