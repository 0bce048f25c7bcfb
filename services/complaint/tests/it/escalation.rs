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
    a_task_that_is_not_done_in_time_climbs_from_the_manager_up,
    a_task_due_on_a_day_is_nobodys_matter_before_the_next_morning,
    a_task_of_which_nobody_says_until_when_climbs_too,
    another_due_time_begins_anew_and_an_outcome_ends_it,
    tasks_are_escalated_once_whoever_dies,
    a_task_that_an_older_binary_gives_or_puts_off_climbs_too,
);

const STEPS: &str = "SELECT count(*) FROM complaint_escalations";
const TASK_STEPS: &str = "SELECT count(*) FROM complaint_task_escalations";

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
        .chain(task_steps(world).await)
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
            let of = if change.clock == "task" {
                change.task_id
            } else {
                change.clock
            };
            told.push(due[&(change.id, of, change.step)]);
        }
    }
    assert_eq!(told.len(), due.len(), "each step is told of once");
    told
}

/// The steps of tasks, by case, task and step, each with when it was due.
async fn task_steps(world: &World) -> Vec<((String, String, String), i64)> {
    let read = world.db.read(|conn| {
        conn.query(
            "SELECT complaint_id, task_id, step, due_at FROM complaint_task_escalations",
            &[],
            |row| {
                let (case, task): (uuid::Uuid, uuid::Uuid) = (row.get(0)?, row.get(1)?);
                let step = ["manager", "region", "headquarters"][row.get::<i64>(2)? as usize - 3];
                let names = (
                    format!("cmp_{}", case.as_simple()),
                    format!("tsk_{}", task.as_simple()),
                    step.to_owned(),
                );
                Ok((names, row.get::<i64>(3)?))
            },
        )
    });
    read.await.unwrap()
}

/// How the course of a serious case of ten o'clock begins that has a task for the next noon, whenever its steps were taken.
const CAUGHT_UP: [&str; 9] = [
    "first_response: warning",
    "first_response: agent",
    "first_response: manager",
    "first_response: region",
    "first_response: headquarters",
    "next_update: warning",
    "next_update: agent",
    "task: parts: manager",
    "next_update: manager",
];

/// The first steps in the course of a case, as many as [`CAUGHT_UP`] has.
async fn first_steps(world: &World, id: &str) -> Vec<String> {
    let entries = world.get(id).await.entries.into_iter();
    entries
        .filter(|entry| entry.act == "escalated")
        .map(|entry| format!("{}: {}", entry.from, entry.to))
        .take(CAUGHT_UP.len())
        .collect()
}

async fn what_was_missed_in_an_outage_is_caught_up_in_order_and_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let mut ids = Vec::new();
    for n in 0..30 {
        let case = world.open(complaint("D1", &format!("c{n}"))).await;
        give(&world, &case, "2026-03-03T12:00:00+08:00").await;
        ids.push(case.id);
        world.pass(1);
    }
    // Four working days later all five steps of all three clocks of a serious case are over, and the three of its task.
    world.pass(8 * 24 * 60);
    let _scheduler = world.another_scheduler();
    world.wait_for(STEPS, 30 * 3 * 5).await;
    world.wait_for(TASK_STEPS, 30 * 3).await;
    let told = told_steps(&world).await;
    assert!(told.is_sorted(), "what fell due first comes first");
    assert_eq!(first_steps(&world, &ids[0]).await, CAUGHT_UP);
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

/// A case that is in no hurry, so that its tasks alone climb.
async fn quiet_case(world: &World) -> pb::Complaint {
    let request = pb::OpenComplaintRequest {
        severity: "low".into(),
        ..complaint("D1", "c1")
    };
    world.open(request).await
}

async fn give(world: &World, case: &pb::Complaint, due_at: &str) -> pb::Task {
    let message = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: "查配件".into(),
        owner: "S17".into(),
        due_at: due_at.into(),
        ..pb::AddTaskRequest::default()
    };
    let request = world.desk("D1", message);
    let added = world.complaints().add_task(request).await.unwrap();
    added.into_inner().task.unwrap()
}

/// Long enough for a scheduler to have taken what is due.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(700)).await;
}

async fn a_task_that_is_not_done_in_time_climbs_from_the_manager_up(db: TestDb) {
    let world = World::start(db).await;
    let case = quiet_case(&world).await;
    give(&world, &case, "2026-03-02T11:00:00+08:00").await;
    world.pass(59);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 0);
    world.pass(1);
    world.wait_for(TASK_STEPS, 1).await;
    let list = pb::ListComplaintsRequest {
        escalated_to: "manager".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    assert_eq!(listed.unwrap().into_inner().complaints[0].id, case.id);
    for steps in 2..=3 {
        world.pass(24 * 60);
        world.wait_for(TASK_STEPS, steps).await;
    }
    let shown = world.get(&case.id).await;
    let climbed: Vec<&str> = shown
        .entries
        .iter()
        .filter(|entry| entry.act == "escalated" && entry.from == "task: parts")
        .map(|entry| entry.to.as_str())
        .collect();
    assert_eq!(climbed, ["manager", "region", "headquarters"]);
    assert_eq!(shown.tasks[0].escalated_to, "headquarters");
    told_steps(&world).await;
    // There is nobody above headquarters.
    world.pass(7 * 24 * 60);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 3);
}

async fn a_task_due_on_a_day_is_nobodys_matter_before_the_next_morning(db: TestDb) {
    let world = World::start(db).await;
    let case = quiet_case(&world).await;
    give(&world, &case, "2026-03-02").await;
    // A quarter past midnight.
    world.pass(14 * 60 + 15);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 0);
    world.pass(9 * 60);
    world.wait_for(TASK_STEPS, 1).await;
    let morning = "SELECT count(*) FROM complaint_task_escalations WHERE due_at = 1772499600000000";
    assert_eq!(world.count(morning).await, 1, "nine o'clock on Tuesday");
}

async fn a_task_of_which_nobody_says_until_when_climbs_too(db: TestDb) {
    let world = World::start(db).await;
    let case = quiet_case(&world).await;
    give(&world, &case, "").await;
    // Five working days: until Monday at ten.
    world.pass(7 * 24 * 60 - 1);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 0);
    world.pass(1);
    world.wait_for(TASK_STEPS, 1).await;
    let task = world.get(&case.id).await.tasks.remove(0);
    assert_eq!(task.escalated_to, "manager");
}

async fn another_due_time_begins_anew_and_an_outcome_ends_it(db: TestDb) {
    let world = World::start(db).await;
    let case = quiet_case(&world).await;
    let task = give(&world, &case, "2026-03-02T11:00:00+08:00").await;
    world.pass(60);
    world.wait_for(TASK_STEPS, 1).await;
    let escalated_to = async || world.get(&case.id).await.tasks.remove(0).escalated_to;
    assert_eq!(escalated_to().await, "manager");
    let later = pb::AmendTaskRequest {
        id: case.id.clone(),
        task_id: task.id.clone(),
        due_at: "2026-03-04T11:00:00+08:00".into(),
        note: "配件周三到".into(),
        ..pb::AmendTaskRequest::default()
    };
    let request = world.desk("D1", later);
    let amended = world.complaints().amend_task(request).await.unwrap();
    let amended = amended.into_inner().task.unwrap();
    assert_eq!(amended.escalated_to, "none");
    assert_eq!(escalated_to().await, "none");
    world.pass(24 * 60);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 1, "it has time again");
    world.pass(24 * 60);
    world.wait_for(TASK_STEPS, 2).await;
    let second = "SELECT count(*) FROM complaint_task_escalations WHERE round = 2 AND step = 3";
    assert_eq!(world.count(second).await, 1, "the manager hears again");
    let done = pb::FinishTaskRequest {
        id: case.id.clone(),
        task_id: task.id,
        outcome: "已到货".into(),
        ..pb::FinishTaskRequest::default()
    };
    let request = world.desk("D1", done);
    world.complaints().finish_task(request).await.unwrap();
    world.pass(7 * 24 * 60);
    a_while().await;
    assert_eq!(world.count(TASK_STEPS).await, 2);
}

async fn tasks_are_escalated_once_whoever_dies(db: TestDb) {
    let world = World::without_scheduler(db).await;
    for n in 0..20 {
        let case = world.open(complaint("D1", &format!("c{n}"))).await;
        give(&world, &case, &format!("2026-03-02T11:{n:02}:00+08:00")).await;
    }
    // An outage, and instances that are cut off wherever they are, some of them with claims.
    world.pass(8 * 24 * 60);
    for round in 0..12u64 {
        let instance = world.another_scheduler();
        tokio::time::sleep(Duration::from_millis(round * 3)).await;
        drop(instance);
    }
    // A claim of one that is dead for certain.
    let dead = world.db.handle();
    let claimed = dead.write(|conn| {
        conn.execute(
            "UPDATE complaint_tasks SET claimed_by = ?1, claimed_until = next_at + 999999999999999
             WHERE next_at IS NOT NULL",
            &[uuid::Uuid::new_v4().into()],
        )
    });
    claimed.await.unwrap();
    world.pass(40 * 365 * 24 * 60);
    let _instances: Vec<_> = (0..3).map(|_| world.another_scheduler()).collect();
    world.wait_for(TASK_STEPS, 20 * 3).await;
    world.wait_for(STEPS, 20 * 3 * 5).await;
    assert_eq!(told_steps(&world).await.len(), 20 * 3 * 6);
}

async fn a_task_that_an_older_binary_gives_or_puts_off_climbs_too(db: TestDb) {
    let world = World::start(db).await;
    let case = quiet_case(&world).await;
    let id: marque_core::ComplaintId = case.id.parse().unwrap();
    // As the release before writes them: it knows no steps of tasks.
    let older = world.db.handle();
    let given = older.write(move |conn| {
        conn.execute(
            "INSERT INTO complaint_tasks
                 (complaint_id, id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome,
                  kind)
             VALUES (?1, ?1, 'parts', '', 1772420400000000, ?2, 'open', ?3, NULL, ?4, ?4, '')",
            &[
                id.uuid().into(),
                true.into(),
                marque_core::Timestamp::default().into(),
                [].as_slice().into(),
            ],
        )
    });
    given.await.unwrap();
    // Eleven o'clock.
    world.pass(60);
    world.wait_for(TASK_STEPS, 1).await;
    let put_off = older.write(|conn| {
        conn.execute(
            "UPDATE complaint_tasks SET due_at = due_at + 86400000000",
            &[],
        )
    });
    put_off.await.unwrap();
    world.pass(24 * 60);
    world.wait_for(TASK_STEPS, 2).await;
    let second = "SELECT count(*) FROM complaint_task_escalations WHERE round = 2 AND step = 3";
    assert_eq!(world.count(second).await, 1);
}
