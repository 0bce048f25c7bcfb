//! Escalation by itself: each step once, in order, whoever dies.

use std::{collections::HashMap, time::Duration};

use marque_api::complaint::v1::{self as pb, CasesChanged};
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;

use crate::world::{World, complaint};

store_test_suite!(
    the_ladder_is_climbed_step_by_step,
    what_was_missed_in_an_outage_is_caught_up_in_order_and_once,
    several_instances_take_each_step_once,
    a_scheduler_that_dies_in_between_holds_nobody_up,
    an_answer_ends_the_escalation,
);

const STEPS: &str = "SELECT count(*) FROM complaint_escalations";

async fn the_ladder_is_climbed_step_by_step(db: TestDb) {
    let world = World::start(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    // First response in an hour: warned at 45 minutes, then every half an hour further.
    for (minutes, steps, level) in [
        (44, 0, "none"),
        (1, 1, "warning"),
        (15, 2, "agent"),
        (30, 3, "manager"),
        (30, 4, "region"),
        (30, 5, "headquarters"),
    ] {
        world.pass(minutes);
        world.wait_for(STEPS, steps).await;
        assert_eq!(world.get(&case.id).await.escalated_to, level);
    }
    let shown = world.get(&case.id).await;
    let told: Vec<&str> = shown
        .entries
        .iter()
        .filter(|entry| entry.act == "escalated" && entry.from == "first_response")
        .map(|entry| entry.to.as_str())
        .collect();
    assert_eq!(
        told,
        ["warning", "agent", "manager", "region", "headquarters"]
    );
    let list = pb::ListComplaintsRequest {
        escalated_to: "region".into(),
        overdue: true,
        ..pb::ListComplaintsRequest::default()
    };
    let listed = world
        .complaints()
        .list_complaints(world.hq(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.complaints[0].id, case.id);
}

/// Opens so many cases a minute apart.
async fn open_many(world: &World, count: usize) {
    for n in 0..count {
        world.open(complaint("D1", &format!("c{n}"))).await;
        world.pass(1);
    }
}

/// The steps in the order in which the others heard of them, each with when it was due.
pub(crate) async fn told_steps(world: &World) -> Vec<i64> {
    let due: HashMap<(String, String, String), i64> = world
        .db
        .read(|conn| {
            conn.query(
                "SELECT complaint_id, kind, step, due_at FROM complaint_escalations",
                &[],
                |row| {
                    let id: uuid::Uuid = row.get(0)?;
                    let kind = ["", "first_response", "next_update", "resolution"]
                        [row.get::<i64>(1)? as usize];
                    let step = ["", "warning", "agent", "manager", "region", "headquarters"]
                        [row.get::<i64>(2)? as usize];
                    let key = (
                        format!("cmp_{}", id.as_simple()),
                        kind.to_owned(),
                        step.to_owned(),
                    );
                    Ok((key, row.get::<i64>(3)?))
                },
            )
        })
        .await
        .unwrap()
        .into_iter()
        .collect();
    let events = world
        .db
        .read(|conn| {
            conn.query(
                "SELECT data FROM outbox WHERE kind = 'marque.complaint.cases.escalated' ORDER BY seq",
                &[],
                |row| row.get::<Vec<u8>>(0),
            )
        })
        .await
        .unwrap();
    let mut told = Vec::new();
    for event in events {
        for change in CasesChanged::decode(event.as_slice()).unwrap().changes {
            told.push(due[&(change.id, change.clock, change.step)]);
        }
    }
    assert_eq!(told.len(), due.len(), "each step is told of once");
    told
}

async fn what_was_missed_in_an_outage_is_caught_up_in_order_and_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    open_many(&world, 30).await;
    // Four working days later all five steps of all three clocks of a serious case are over.
    world.pass(8 * 24 * 60);
    let _scheduler = world.another_scheduler();
    world.wait_for(STEPS, 30 * 3 * 5).await;
    let told = told_steps(&world).await;
    assert!(told.is_sorted(), "what fell due first comes first");
    assert_eq!(
        world
            .count("SELECT count(*) FROM complaints WHERE level = 5")
            .await,
        30
    );
    // And nothing more comes.
    world.pass(24 * 60);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(world.count(STEPS).await, 30 * 3 * 5);
}

async fn several_instances_take_each_step_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    open_many(&world, 40).await;
    world.pass(8 * 24 * 60);
    let _instances: Vec<_> = (0..3).map(|_| world.another_scheduler()).collect();
    world.wait_for(STEPS, 40 * 3 * 5).await;
    assert_eq!(told_steps(&world).await.len(), 40 * 3 * 5);
}

async fn a_scheduler_that_dies_in_between_holds_nobody_up(db: TestDb) {
    let world = World::without_scheduler(db).await;
    open_many(&world, 20).await;
    world.pass(8 * 24 * 60);
    // Instances that are cut off wherever they are, some of them with claims.
    for round in 0..12u64 {
        let instance = world.another_scheduler();
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        drop(instance);
    }
    // A claim of one that is dead for certain.
    world
        .db
        .handle()
        .write(|conn| {
            conn.execute(
                "UPDATE complaint_clocks SET claimed_by = ?1, claimed_until = next_at + 999999999999999
                 WHERE next_at IS NOT NULL AND kind = 3",
                &[uuid::Uuid::new_v4().into()],
            )
        })
        .await
        .unwrap();
    // The leases of those that died a moment ago run out; that of the other not for years.
    world.pass(1);
    let _survivor = world.another_scheduler();
    world
        .wait_for(
            "SELECT count(*) FROM complaint_escalations WHERE kind < 3",
            20 * 2 * 5,
        )
        .await;
    // The lease of the dead runs out by time alone.
    world.pass(40 * 365 * 24 * 60);
    world.wait_for(STEPS, 20 * 3 * 5).await;
    told_steps(&world).await;
}

async fn an_answer_ends_the_escalation(db: TestDb) {
    let world = World::start(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.pass(45);
    world.wait_for(STEPS, 1).await;
    world
        .go(&case.id, "acknowledged", "打了电话")
        .await
        .unwrap();
    world.pass(120);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let first_response = "SELECT count(*) FROM complaint_escalations WHERE kind = 1";
    assert_eq!(world.count(first_response).await, 1);
}
