//! Clocks set anew: by severity, by tier, by a dealer's hours, by a word to the customer.

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, block_on, store_test_suite};
use tonic::Code;

use crate::world::{World, complaint};

store_test_suite!(
    a_graver_case_has_less_time_from_then_on,
    a_small_customer_is_shown_as_such_and_has_the_time_of_an_ordinary_one,
    a_clock_put_right_in_time_is_not_overdue,
    a_dealers_hours_set_his_clocks_anew,
    a_case_that_comes_while_the_hours_change_runs_by_the_new_ones,
    a_dealers_hours_move_no_due_time_that_has_passed,
    a_closed_day_that_is_told_afterwards_counts,
    a_clock_that_ran_out_before_a_pause_keeps_when_it_did,
    a_word_to_the_customer_starts_the_next_update_anew,
    a_case_that_waits_for_the_customer_does_not_wait_for_ever,
    a_resolved_case_that_nobody_follows_up_climbs_like_others,
    a_demand_by_law_has_clocks_of_its_own,
    the_law_watches_again_what_was_no_remedy,
);

fn due(case: &pb::Complaint, kind: &str) -> String {
    let clock = case.clocks.iter().find(|clock| clock.kind == kind);
    clock.map_or_else(String::new, |clock| clock.due_local.clone())
}

/// The hours of most dealers, of D1.
fn ordinary_hours() -> pb::Calendar {
    pb::Calendar {
        dealer: "D1".into(),
        opens: "09:00".into(),
        closes: "18:00".into(),
        offset_minutes: 480,
        ..pb::Calendar::default()
    }
}

async fn put_calendar(
    world: &World,
    calendar: pb::Calendar,
) -> Result<pb::PutCalendarResponse, tonic::Status> {
    let message = pb::PutCalendarRequest {
        calendar: Some(calendar),
    };
    let manager = Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(Role::Manager, manager, message);
    Ok(world.complaints().put_calendar(request).await?.into_inner())
}

async fn a_graver_case_has_less_time_from_then_on(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.pass(30);
    let amend = pb::AmendComplaintRequest {
        id: case.id.clone(),
        severity: "critical".into(),
        tier: "vip".into(),
        note: "他不敢开了".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = world
        .complaints()
        .amend_complaint(world.desk("D1", amend))
        .await
        .unwrap()
        .into_inner()
        .complaint
        .unwrap();
    assert_eq!(due(&amended, "first_response"), "2026-03-02T10:15:00+08:00");
    assert_eq!(due(&amended, "resolution"), "2026-03-03T10:00:00+08:00");
    assert!(
        amended.clocks[0].overdue,
        "it ran out a quarter of an hour ago"
    );
    let changes: Vec<&str> = amended
        .entries
        .iter()
        .map(|entry| entry.to.as_str())
        .collect();
    assert!(changes.contains(&"severity=critical") && changes.contains(&"tier=vip"));
}

async fn a_clock_put_right_in_time_is_not_overdue(db: TestDb) {
    let world = World::start(db).await;
    let typed = pb::OpenComplaintRequest {
        severity: "critical".into(),
        ..complaint("D1", "c1")
    };
    let case = world.open(typed).await;
    world.pass(40);
    let ran_out = "SELECT count(*) FROM complaint_clocks WHERE is_overdue";
    world.wait_for(ran_out, 1).await;
    let right = pb::AmendComplaintRequest {
        id: case.id.clone(),
        severity: "low".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let request = world.desk("D1", right);
    let amended = world.complaints().amend_complaint(request).await.unwrap();
    let first = amended.into_inner().complaint.unwrap().clocks[0].clone();
    assert_eq!(first.due_local, "2026-03-03T10:00:00+08:00");
    assert!(!first.overdue);
    assert_eq!(first.escalated_to, "agent", "what was told stays told");
    let answered = world.go(&case.id, "acknowledged", "").await.unwrap();
    assert!(!answered.clocks[0].overdue);
}

async fn a_small_customer_is_shown_as_such_and_has_the_time_of_an_ordinary_one(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let ordinary = world.open(complaint("D1", "c1")).await;
    let mut said = complaint("D1", "c2");
    said.tier = "small".into();
    let small = world.open(said).await;
    assert_eq!(small.tier, "small");
    assert_eq!(due(&small, "resolution"), due(&ordinary, "resolution"));
    let amend = pb::AmendComplaintRequest {
        id: ordinary.id.clone(),
        tier: "small".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = world
        .complaints()
        .amend_complaint(world.desk("D1", amend))
        .await
        .unwrap()
        .into_inner()
        .complaint
        .unwrap();
    assert_eq!(amended.tier, "small");
    assert!(amended.version > ordinary.version);
}

async fn a_dealers_hours_set_his_clocks_anew(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let other = world.open(complaint("D2", "c1")).await;
    world.pass(60);
    let calendar = pb::Calendar {
        dealer: "D1".into(),
        opens: "08:00".into(),
        closes: "20:00".into(),
        offset_minutes: 480,
        every_day: true,
        closed_days: vec!["2026-03-03".into()],
        open_days: Vec::new(),
    };
    let answer = put_calendar(&world, calendar.clone()).await.unwrap();
    assert_eq!(answer.recomputed, 1);
    // An hour of 27 was used; nine remain today, the third of March is closed, twelve on the fourth, five on the fifth.
    let [after, untouched] = [world.get(&case.id).await, world.get(&other.id).await];
    assert_eq!(due(&after, "resolution"), "2026-03-05T13:00:00+08:00");
    assert_eq!(due(&untouched, "resolution"), "2026-03-05T10:00:00+08:00");
    // Whoever has read the case sees by its version that it is another, and the feed says so.
    assert!(after.version > case.version);
    assert_eq!(untouched.version, other.version);
    let list = world.hq(pb::ListComplaintsRequest::default());
    let listed = world.complaints().list_complaints(list).await.unwrap();
    for shown in listed.into_inner().complaints {
        let whole = if shown.id == after.id {
            &after
        } else {
            &untouched
        };
        assert_eq!(due(&shown, "resolution"), due(whole, "resolution"));
    }
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.rescheduled' AND dealer = 'D1'";
    assert_eq!(world.count(told).await, 1);
    let get = pb::GetCalendarRequest {
        dealer: "D1".into(),
    };
    let got = world
        .complaints()
        .get_calendar(world.desk("D1", get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(got.calendar.unwrap(), calendar);
    let wrong = pb::Calendar {
        closes: "07:00".into(),
        ..calendar
    };
    assert!(put_calendar(&world, wrong.clone()).await.is_err());
    let both = pb::Calendar {
        closes: "20:00".into(),
        closed_days: vec!["2026-03-07".into()],
        open_days: vec!["2026-03-07".into()],
        ..wrong
    };
    let refused = put_calendar(&world, both).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

async fn a_case_that_comes_while_the_hours_change_runs_by_the_new_ones(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let mut cases: Vec<String> = Vec::new();
    for round in 0..8 {
        let (opens, by_then) = if round % 2 == 0 {
            ("08:00", "2026-03-04T17:00:00+08:00")
        } else {
            ("09:00", "2026-03-05T10:00:00+08:00")
        };
        let hours = pb::Calendar {
            opens: opens.into(),
            ..ordinary_hours()
        };
        let open = |desk: u32| {
            let request = complaint("D1", &format!("c{round}-{desk}"));
            Box::pin(world.open(request))
        };
        let put = Box::pin(put_calendar(&world, hours));
        let (put, one, other, third) = tokio::join!(put, open(1), open(2), open(3));
        put.unwrap();
        cases.extend([one, other, third].map(|case| case.id));
        for case in &cases {
            assert_eq!(due(&world.get(case).await, "resolution"), by_then);
        }
    }
}

#[test]
fn hours_of_a_dealer_with_more_open_cases_than_postgres_has_locks() {
    if let Some(db) = TestDb::postgres() {
        block_on(hours_of_many_cases(db));
    }
}

async fn hours_of_many_cases(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world.open(complaint("D1", "c1")).await;
    // The places there are for locks of tables and keys, of all connections together; memory that is left over makes it twice as many.
    let places = "SELECT CAST(current_setting('max_locks_per_transaction') AS BIGINT)
                  * (CAST(current_setting('max_connections') AS BIGINT)
                     + CAST(current_setting('max_prepared_transactions') AS BIGINT))";
    let open = world.count(places).await * 3;
    let columns = "dealer, source, complaint_key, vin, visit, channel, category, severity, tier, department, part, fault, state,
                   is_open, level, opened_at, recorded_at, updated_at, reopened, satisfied_resolution, satisfied_handling, version,
                   content, body";
    let cases = format!(
        "INSERT INTO complaints (id, serial, {columns})
         SELECT gen_random_uuid(), 1000000 + n, {columns} FROM complaints, generate_series(2, ?1::bigint) AS n"
    );
    let columns = "dealer, round, standing, begun_at, budget, used, since, due_at, next_step, next_at, is_overdue, claimed_until";
    let clocks = format!(
        "INSERT INTO complaint_clocks (complaint_id, kind, {columns})
         SELECT c.id, 3, k.{} FROM complaints AS c, complaint_clocks AS k WHERE k.kind = 3 AND c.id <> k.complaint_id",
        columns.replace(", ", ", k.")
    );
    let write = world.db.write(move |conn| {
        conn.execute(&cases, &[open.into()])?;
        conn.execute(&clocks, &[])
    });
    write.await.unwrap();
    let put = put_calendar(&world, ordinary_hours()).await.unwrap();
    assert_eq!(i64::from(put.recomputed), open);
}

async fn a_dealers_hours_move_no_due_time_that_has_passed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.pass(300);
    put_calendar(&world, ordinary_hours()).await.unwrap();
    let after = world.get(&case.id).await;
    assert_eq!(due(&after, "first_response"), "2026-03-02T11:00:00+08:00");
    assert!(after.clocks[0].overdue);
    assert_eq!(after.version, case.version, "nothing of it is another");
    let longer = pb::Calendar {
        opens: "08:00".into(),
        ..ordinary_hours()
    };
    put_calendar(&world, longer).await.unwrap();
    let after = world.get(&case.id).await;
    assert_eq!(due(&after, "first_response"), "2026-03-02T11:00:00+08:00");
    assert!(after.version > case.version, "its other clocks are");
}

async fn a_closed_day_that_is_told_afterwards_counts(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let closed_on = |day: &str| pb::Calendar {
        closed_days: vec![day.to_owned()],
        ..ordinary_hours()
    };
    // Monday is known to be closed; of Tuesday it is told on Wednesday, and Monday is left out, for it is past.
    put_calendar(&world, closed_on("2026-03-02")).await.unwrap();
    let case = world.open(complaint("D1", "c1")).await;
    world.pass(2 * 24 * 60 - 30);
    put_calendar(&world, closed_on("2026-03-03")).await.unwrap();
    let first = world.get(&case.id).await.clocks[0].clone();
    assert_eq!(first.used_seconds, 1_800, "since nine on Wednesday");
    assert_eq!(first.due_local, "2026-03-04T10:00:00+08:00");
    assert!(!first.overdue);
}

async fn a_clock_that_ran_out_before_a_pause_keeps_when_it_did(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "acknowledged", "").await.unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    let ran_out = due(&case, "resolution");
    world.pass(7 * 24 * 60);
    let waiting = world.go(&case.id, "waiting_parts", "订货").await.unwrap();
    assert_eq!(due(&waiting, "resolution"), ran_out);
    world.pass(24 * 60);
    let again = world.go(&case.id, "in_progress", "").await.unwrap();
    assert_eq!(due(&again, "resolution"), ran_out);
    let resolution = again.clocks.iter().find(|clock| clock.kind == "resolution");
    assert!(resolution.unwrap().overdue);
}

async fn a_word_to_the_customer_starts_the_next_update_anew(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.pass(120);
    let note = |told_customer| pb::AddNoteRequest {
        id: case.id.clone(),
        note: "配件明天到".into(),
        told_customer,
        law_answer: false,
        expected_version: 0,
    };
    let kept = world
        .complaints()
        .add_note(world.desk("D1", note(false)))
        .await
        .unwrap();
    let kept = kept.into_inner().complaint.unwrap();
    assert_eq!(due(&kept, "next_update"), "2026-03-03T10:00:00+08:00");
    let told = world
        .complaints()
        .add_note(world.desk("D1", note(true)))
        .await
        .unwrap();
    let told = told.into_inner().complaint.unwrap();
    assert_eq!(due(&told, "next_update"), "2026-03-03T12:00:00+08:00");
    assert_eq!(told.entries.last().unwrap().note, "配件明天到");
}

async fn a_resolved_case_that_nobody_follows_up_climbs_like_others(db: TestDb) {
    let world = World::start(db).await;
    let resolve = async |key| {
        let id = world.open(complaint("D1", key)).await.id;
        world.go(&id, "acknowledged", "").await.unwrap();
        world.go(&id, "in_progress", "").await.unwrap();
        world.go(&id, "resolved", "换了原厂片").await.unwrap()
    };
    let left = resolve("c1").await;
    let asked = resolve("c2").await;
    assert_eq!(
        due(&left, "next_update"),
        "2026-03-09T10:00:00+08:00",
        "five working days after it was resolved, whatever its severity"
    );
    // The customer of one of them is asked how it is; of the other headquarters hears in the end.
    let asked = world.go(&asked.id, "followed_up", "满意").await.unwrap();
    assert_eq!(due(&asked, "next_update"), "");
    world.pass(12 * 24 * 60);
    let top = "SELECT count(*) FROM complaint_escalations WHERE kind = 2 AND step = 5";
    world.wait_for(top, 1).await;
    assert_eq!(world.get(&left.id).await.escalated_to, "headquarters");
    assert_eq!(world.get(&asked.id).await.escalated_to, "none");
    let overdue = pb::ListComplaintsRequest {
        state: "resolved".into(),
        overdue: true,
        ..pb::ListComplaintsRequest::default()
    };
    let listed = world.complaints().list_complaints(world.hq(overdue)).await;
    let listed = listed.unwrap().into_inner().complaints;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, left.id);
}

async fn a_case_that_waits_for_the_customer_does_not_wait_for_ever(db: TestDb) {
    let world = World::start(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "acknowledged", "").await.unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    world.pass(60);
    let waiting = world.go(&case.id, "waiting_customer", "请他提供行车记录");
    let waiting = waiting.await.unwrap();
    assert_eq!(due(&waiting, "resolution"), "");
    assert_eq!(
        due(&waiting, "next_update"),
        "2026-03-03T11:00:00+08:00",
        "a day after he was asked"
    );
    // He does not answer, and nobody reminds him: two and a half working days later headquarters knows.
    world.pass(3 * 24 * 60);
    let top = "SELECT count(*) FROM complaint_escalations WHERE kind = 2 AND step = 5";
    world.wait_for(top, 1).await;
}

async fn a_demand_by_law_has_clocks_of_its_own(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let demand = pb::OpenComplaintRequest {
        category: "三包".into(),
        opened_at: "2026-02-27".into(),
        ..complaint("D1", "c1")
    };
    let case = world.open(demand).await;
    // Ten and twenty working days after Friday, 27 February; Saturday, 28 February is worked.
    assert_eq!(due(&case, "law_answer"), "2026-03-13T00:00:00+08:00");
    assert_eq!(due(&case, "law_remedy"), "2026-03-27T00:00:00+08:00");
    world.go(&case.id, "acknowledged", "").await.unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    let waiting = world.go(&case.id, "waiting_oem", "x").await.unwrap();
    assert_eq!(
        due(&waiting, "law_answer"),
        "2026-03-13T00:00:00+08:00",
        "the law knows no pause"
    );
    assert_eq!(due(&waiting, "resolution"), "");
}

async fn the_law_watches_again_what_was_no_remedy(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let demand = pb::OpenComplaintRequest {
        category: "三包".into(),
        opened_at: "2026-02-27".into(),
        ..complaint("D1", "c1")
    };
    let case = world.open(demand).await;
    let [answer, remedy] = ["2026-03-13T00:00:00+08:00", "2026-03-27T00:00:00+08:00"];
    let dues = |case: &pb::Complaint| [due(case, "law_answer"), due(case, "law_remedy")];
    let amend = async |category: &str| {
        let message = pb::AmendComplaintRequest {
            id: case.id.clone(),
            category: category.into(),
            ..pb::AmendComplaintRequest::default()
        };
        let amended = world
            .complaints()
            .amend_complaint(world.desk("D1", message))
            .await;
        amended.unwrap().into_inner().complaint.unwrap()
    };
    // Another category, and back.
    assert_eq!(dues(&amend("价格").await), ["", ""]);
    assert_eq!(dues(&amend("三包").await), [answer, remedy]);
    // The reasoned answer ends the first of them, and is a word to the customer.
    let note = pb::AddNoteRequest {
        id: case.id.clone(),
        note: "已书面答复".into(),
        told_customer: false,
        law_answer: true,
        expected_version: 0,
    };
    let told = world.complaints().add_note(world.desk("D1", note)).await;
    let told = told.unwrap().into_inner().complaint.unwrap();
    assert_eq!(dues(&told), ["", remedy]);
    let first = told
        .clocks
        .iter()
        .find(|clock| clock.kind == "first_response");
    assert_eq!(first.unwrap().state, "met");
    // What was called resolved and is re-opened is watched again, from the day of the demand.
    for (to, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("resolved", "换件"),
    ] {
        world.go(&case.id, to, note).await.unwrap();
    }
    assert_eq!(dues(&world.get(&case.id).await), ["", ""]);
    let again = world.go(&case.id, "reopened", "又响了").await.unwrap();
    assert_eq!(
        dues(&again),
        ["", remedy],
        "he was answered; the remedy was none"
    );
    // What is no matter of the law any more has no clock of the law when it is re-opened.
    assert_eq!(dues(&amend("价格").await), ["", ""]);
    for (to, note) in [("in_progress", ""), ("resolved", "退款")] {
        world.go(&case.id, to, note).await.unwrap();
    }
    let price = world.go(&case.id, "reopened", "太少").await.unwrap();
    assert_eq!(dues(&price), ["", ""]);
    // Nor is it answered as the law asks.
    let answer = pb::AddNoteRequest {
        id: case.id.clone(),
        note: "已书面答复".into(),
        law_answer: true,
        ..pb::AddNoteRequest::default()
    };
    let refused = world.complaints().add_note(world.desk("D1", answer)).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(world.get(&case.id).await.version, price.version);
}
