//! The scheduler of complaints: what is due is escalated once, in order, never early, whoever dies with a claim in his hands.
//!
//! What runs is the service's own task over SQLite, one to three instances with connections of their own; beside them a desk
//! answers cases. A turn is one unit of work, so that an instance can be killed or left standing between its claim and its act
//! while the clock goes on. One that went to sleep is begun anew at its next turn: nothing of it lives in memory but its name.

mod ladder;
mod world;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use marque_api::complaint::v1::{Calendar, OpenComplaintRequest, PutCalendarRequest};
use marque_auth::{Role, Scope};
use marque_core::Timestamp;
use marque_db::Database;
use world::World;

use super::{
    seeds,
    services::{DEALERS, Ground, Services},
    stores,
};

/// Seeds at each run of the tests.
const SEEDS: u64 = 40;
const CASES: u32 = 6;
/// A Monday morning at ten in China.
const MONDAY: &str = "2026-03-02T10:00:00+08:00";
/// Cases are opened so long apart that the first step is due when all of them are open.
const APART: Duration = Duration::from_secs(7 * 60);
/// Claims of the dead count for ever.
const ENDLESS_LEASE: &str = "CREATE TRIGGER planted AFTER UPDATE OF claimed_until ON complaint_clocks WHEN NEW.claimed_until > 0
    BEGIN UPDATE complaint_clocks SET claimed_until = 9000000000000000
    WHERE complaint_id = NEW.complaint_id AND kind = NEW.kind; END";
/// Clocks that are saved are due a minute before their time.
const EARLY: &str =
    "CREATE TRIGGER planted AFTER UPDATE OF next_at ON complaint_clocks WHEN NEW.next_at > 0
    BEGIN UPDATE complaint_clocks SET next_at = NEW.next_at - 60000000
    WHERE complaint_id = NEW.complaint_id AND kind = NEW.kind; END";
/// One event in seven is not written.
const UNTOLD: &str = "CREATE TRIGGER planted AFTER INSERT ON outbox WHEN NEW.seq % 7 = 0
    BEGIN DELETE FROM outbox WHERE seq = NEW.seq; END";

/// What a seed came to.
#[derive(Debug, Default)]
struct Outcome {
    steps: usize,
    kills: u64,
    /// Kills of instances with something in their hands.
    cut_off: u64,
    answers: u64,
    /// Steps that fell due while nobody was there.
    late: usize,
    trace: u64,
}

#[test]
fn whatever_order_a_seed_chooses_each_step_is_taken_once_in_order_and_never_early() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(&ground, folder.path());
    let outcomes = seeds::hold("simulation::schedule", SEEDS, |seed| {
        run(&ground, &template, seed, None)
    });
    if outcomes.len() == 1 {
        return;
    }
    let seeds = outcomes.len() as u64;
    let all = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>();
    // A simulation in which nothing goes wrong shows nothing.
    assert!(
        all(|outcome| outcome.kills) > seeds
            && all(|outcome| outcome.cut_off) > 0
            && all(|outcome| outcome.answers) > 0
            && all(|outcome| outcome.late as u64) > 0
            && all(|outcome| outcome.steps as u64) > seeds,
        "{outcomes:?}"
    );
}

#[test]
fn a_lease_without_end_a_step_too_early_and_one_untold_are_found() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(&ground, folder.path());
    for fault in [ENDLESS_LEASE, EARLY, UNTOLD] {
        let found =
            seeds::first_that_fails(SEEDS, |seed| run(&ground, &template, seed, Some(fault)));
        assert!(found.is_some(), "nobody noticed: {fault}");
    }
}

#[test]
fn the_same_seed_is_the_same_trace_and_another_is_another() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(&ground, folder.path());
    let traces = || -> Vec<u64> {
        (1000..1004)
            .map(|seed| run(&ground, &template, seed, None).unwrap().trace)
            .collect()
    };
    let (once, again) = (traces(), traces());
    assert_eq!(once, again);
    assert_ne!(once[0], once[1]);
}

fn run(
    ground: &Arc<Ground>,
    template: &Path,
    seed: u64,
    planted: Option<&'static str>,
) -> Result<Outcome, String> {
    stores::runtime().block_on(async {
        let mut world = World::new(ground, template, seed).await;
        if let Some(sql) = planted {
            world.plant(sql).await;
        }
        world.run().await?;
        world.end().await
    })
}

/// A store with cases that were opened one after the other.
fn template(ground: &Arc<Ground>, folder: &Path) -> PathBuf {
    stores::template(folder, marque_migrations::COMPLAINT, |db| {
        open_cases(Services::new(ground, monday()), db)
    })
}

fn monday() -> Timestamp {
    Timestamp::parse_rfc3339(MONDAY).unwrap()
}

fn of_dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

async fn open_cases(services: Services, db: Database) {
    let mut desk = services.desk(db);
    for dealer in DEALERS {
        let message = PutCalendarRequest {
            calendar: Some(always(dealer)),
        };
        let request = services.ask(Role::Manager, of_dealer(dealer), message);
        desk.put_calendar(request).await.unwrap();
    }
    for n in 0..CASES {
        let dealer = DEALERS[n as usize % DEALERS.len()];
        let request = services.ask(Role::Service, of_dealer(dealer), complaint(dealer, n));
        desk.open_complaint(request).await.unwrap();
        services.clock.advance(APART);
    }
}

/// The hours of a dealer who never closes: working time is time.
fn always(dealer: &str) -> Calendar {
    Calendar {
        dealer: dealer.to_owned(),
        opens: "00:00".to_owned(),
        closes: "24:00".to_owned(),
        offset_minutes: 480,
        every_day: true,
        ..Calendar::default()
    }
}

fn complaint(dealer: &str, n: u32) -> OpenComplaintRequest {
    OpenComplaintRequest {
        dealer: dealer.to_owned(),
        source: "dms".to_owned(),
        customer_key: format!("c{n}"),
        channel: "400热线".to_owned(),
        category: "维修质量".to_owned(),
        severity: "high".to_owned(),
        text: "刹车修了三次还是响".to_owned(),
        ..OpenComplaintRequest::default()
    }
}
