//! Cases from their opening to their end.

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_errors::Problem;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, complaint, reason};

store_test_suite!(
    a_case_is_opened_with_a_number_clocks_and_a_course,
    the_call_centre_opens_a_case_at_the_dealer_it_is_about,
    a_second_case_of_the_same_matter_shows_the_first,
    a_case_runs_its_course_and_a_refused_move_names_what_is_allowed,
    who_is_waited_for_is_said_once,
    a_needed_task_keeps_a_case_from_being_resolved,
    a_needed_task_keeps_a_case_from_being_closed,
    a_closed_case_is_reopened_in_time_and_not_later,
    what_is_written_twice_with_a_key_happens_once,
    nothing_is_written_on_a_case_that_somebody_has_changed,
    a_case_of_a_customer_points_at_his_record,
    wrong_fields_are_named,
    a_channel_that_nobody_knows_is_refused_with_those_there_are,
    what_is_too_long_is_refused_with_its_limit,
    a_list_for_what_is_no_customer_is_refused,
    cases_are_listed_by_what_is_due_next,
    a_repeat_within_thirty_days_is_marked,
    a_repeat_is_marked_in_whatever_order_cases_are_recorded_and_faults_are_typed,
);

async fn a_case_is_opened_with_a_number_clocks_and_a_course(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!(
        (
            case.state.as_str(),
            case.category.as_str(),
            case.channel.as_str(),
            case.severity.as_str()
        ),
        ("received", "service.repair", "phone", "high")
    );
    assert_eq!(
        (case.department.as_str(), case.version, case.open),
        ("service", 1, true)
    );
    let clocks: Vec<(&str, &str)> = case
        .clocks
        .iter()
        .map(|clock| (clock.kind.as_str(), clock.due_local.as_str()))
        .collect();
    assert_eq!(
        clocks,
        [
            ("first_response", "2026-03-02T11:00:00+08:00"),
            ("next_update", "2026-03-03T10:00:00+08:00"),
            ("resolution", "2026-03-05T10:00:00+08:00"),
        ]
    );
    assert_eq!(case.next_states, ["acknowledged", "withdrawn"]);
    // By id and by the number as it is said, the same case.
    let spoken = format!("{} {}", &case.number[..4], &case.number[4..]);
    for name in [case.id.as_str(), spoken.as_str()] {
        let found = world.get(name).await;
        assert_eq!(
            (found.text.as_str(), &found.id),
            ("刹车修了三次还是响", &case.id)
        );
        assert_eq!(found.entries[0].act, "opened");
    }
    // What was said is nowhere in clear.
    let clear = world
        .db
        .read(|conn| {
            conn.query(
                "SELECT body FROM complaints UNION ALL SELECT data FROM outbox",
                &[],
                |row| row.get::<Vec<u8>>(0),
            )
        })
        .await
        .unwrap();
    assert_eq!(clear.len(), 2);
    let said = "刹车".as_bytes();
    assert!(
        clear
            .iter()
            .all(|bytes| bytes.windows(said.len()).all(|part| part != said))
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM audit WHERE act = 'complaint_opened'")
            .await,
        1
    );
}

async fn the_call_centre_opens_a_case_at_the_dealer_it_is_about(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let request = world.ask(Role::Agent, Scope::Headquarters, complaint("D3", "c1"));
    let opened = world.complaints().open_complaint(request).await.unwrap();
    let id = opened.into_inner().complaint.unwrap().id;
    let message = pb::GetComplaintRequest {
        id,
        personal_data: false,
    };
    let request = world.desk("D3", message);
    let seen = world.complaints().get_complaint(request).await.unwrap();
    let seen = seen.into_inner().complaint.unwrap();
    assert_eq!((seen.dealer.as_str(), seen.clocks.len()), ("D3", 3));
}

async fn a_second_case_of_the_same_matter_shows_the_first(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let first = world.open(complaint("D1", "c1")).await;
    let again = world
        .complaints()
        .open_complaint(world.desk("D1", complaint("D1", "c1")))
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert!(
        again.message().contains(&first.number),
        "{}",
        again.message()
    );
    let find = pb::FindRepeatsRequest {
        dealer: "D1".into(),
        vin: first.vin.clone(),
        ..pb::FindRepeatsRequest::default()
    };
    let found = world
        .complaints()
        .find_repeats(world.desk("D1", find))
        .await
        .unwrap();
    assert_eq!(found.into_inner().complaints[0].id, first.id);
    let other = pb::OpenComplaintRequest {
        another_matter: true,
        ..complaint("D1", "c1")
    };
    let opened = world
        .complaints()
        .open_complaint(world.desk("D1", other))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(opened.possible_repeats[0].id, first.id);
    assert!(opened.possible_repeats[0].text.is_empty());
    // What is no longer open is in nobody's way.
    let elsewhere = pb::OpenComplaintRequest {
        category: "收费争议".into(),
        ..complaint("D1", "c1")
    };
    assert_eq!(world.open(elsewhere).await.category, "service.charges");
}

async fn a_case_runs_its_course_and_a_refused_move_names_what_is_allowed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let refused = world.go(&case.id, "closed", "done").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused.message().contains("acknowledged, withdrawn"),
        "{}",
        refused.message()
    );
    assert_eq!(
        world.go(&case.id, "gone", "").await.unwrap_err().code(),
        Code::InvalidArgument
    );
    world.pass(30);
    world
        .go(&case.id, "acknowledged", "打了电话")
        .await
        .unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    let unsaid = world.go(&case.id, "waiting_parts", " ").await.unwrap_err();
    assert_eq!(unsaid.code(), Code::InvalidArgument, "the note is missing");
    world
        .go(&case.id, "waiting_parts", "等刹车片")
        .await
        .unwrap();
    world.pass(60);
    world.go(&case.id, "in_progress", "").await.unwrap();
    world.go(&case.id, "resolved", "换了原厂片").await.unwrap();
    world.go(&case.id, "followed_up", "回访满意").await.unwrap();
    let closed = world.go(&case.id, "closed", "").await.unwrap();
    assert!(!closed.open && closed.closed_at.is_some() && closed.acknowledged_at.is_some());
    assert!(
        closed
            .clocks
            .iter()
            .all(|clock| clock.state == "met" && !clock.overdue)
    );
    let course: Vec<(&str, &str, &str)> = closed
        .entries
        .iter()
        .map(|entry| (entry.act.as_str(), entry.from.as_str(), entry.to.as_str()))
        .collect();
    let expected = [
        ("opened", "", "received"),
        ("moved", "received", "acknowledged"),
        ("moved", "acknowledged", "in_progress"),
        ("moved", "in_progress", "waiting_parts"),
        ("paused", "resolution", ""),
        ("moved", "waiting_parts", "in_progress"),
        ("resumed", "resolution", ""),
        ("moved", "in_progress", "resolved"),
        ("moved", "resolved", "followed_up"),
        ("moved", "followed_up", "closed"),
        ("task_added", "customer_care", "open"),
        ("task_finished", "customer_care", "done"),
    ];
    for step in expected {
        assert!(course.contains(&step), "{step:?} is not in {course:?}");
    }
    // The satisfaction call: asked for with the resolution, done with the follow-up, and once more after closing.
    assert_eq!(course.len(), expected.len() + 1, "{course:?}");
    assert_eq!(closed.entries[1].note, "打了电话");
    let moves = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.moved'";
    assert_eq!(world.count(moves).await, 7);
}

async fn who_is_waited_for_is_said_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "acknowledged", "").await.unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    let wait = async |to: &str, waiting_for: &str| {
        let message = pb::MoveComplaintRequest {
            id: case.id.clone(),
            to: to.into(),
            note: "等".into(),
            waiting_for: waiting_for.into(),
            ..pb::MoveComplaintRequest::default()
        };
        let request = world.desk("D1", message);
        let moved = world.complaints().move_complaint(request).await?;
        Ok::<_, tonic::Status>(moved.into_inner().complaint.unwrap().state)
    };
    let refused = wait("waiting_customer", "parts").await.unwrap_err();
    assert_eq!(Problem::from(refused).violations[0].field, "waiting_for");
    assert_eq!(wait("waiting_oem", "oem").await.unwrap(), "waiting_oem");
}

async fn a_needed_task_keeps_a_case_from_being_resolved(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "acknowledged", "").await.unwrap();
    world.go(&case.id, "in_progress", "").await.unwrap();
    let add = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "配件".into(),
        text: "调一套刹车片".into(),
        owner: "S17".into(),
        due_at: "2026-03-03".into(),
        optional: false,
        expected_version: 0,
    };
    let added = world
        .complaints()
        .add_task(world.desk("D1", add))
        .await
        .unwrap()
        .into_inner();
    let task = added.task.unwrap();
    assert_eq!(
        (task.department.as_str(), task.state.as_str()),
        ("parts", "open")
    );
    let refused = world.go(&case.id, "resolved", "好了").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let finish = |outcome: &str| pb::FinishTaskRequest {
        id: case.id.clone(),
        task_id: task.id.clone(),
        outcome: outcome.into(),
        cancelled: false,
        ..pb::FinishTaskRequest::default()
    };
    let silent = world
        .complaints()
        .finish_task(world.desk("D1", finish("")))
        .await
        .unwrap_err();
    assert_eq!(silent.code(), Code::InvalidArgument);
    let done = world
        .complaints()
        .finish_task(world.desk("D1", finish("到货了")))
        .await
        .unwrap()
        .into_inner()
        .complaint
        .unwrap();
    assert_eq!(
        (done.tasks[0].state.as_str(), done.tasks[0].outcome.as_str()),
        ("done", "到货了")
    );
    let twice = world
        .complaints()
        .finish_task(world.desk("D1", finish("再来")))
        .await
        .unwrap_err();
    assert_eq!(twice.code(), Code::FailedPrecondition);
    assert_eq!(
        world.go(&case.id, "resolved", "好了").await.unwrap().state,
        "resolved"
    );
}

async fn a_needed_task_keeps_a_case_from_being_closed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    for (state, note) in [("acknowledged", ""), ("in_progress", ""), ("resolved", "x")] {
        world.go(&case.id, state, note).await.unwrap();
    }
    // What is still to be done came to light after the resolution.
    let add = |text: &str, optional| pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: text.into(),
        optional,
        ..pb::AddTaskRequest::default()
    };
    let mut tasks = Vec::new();
    for message in [add("send the disc", false), add("send a card", true)] {
        let added = world.complaints().add_task(world.desk("D1", message)).await;
        tasks.push(added.unwrap().into_inner().task.unwrap());
    }
    world.go(&case.id, "followed_up", "x").await.unwrap();
    let refused = world.go(&case.id, "closed", "").await.unwrap_err();
    let refused = marque_errors::Problem::from(refused);
    assert_eq!(refused.reason, "COMPLAINT_TASKS_OPEN");
    for told in listed_and_shown(&world, &case.id).await {
        assert_eq!(
            told.next_states,
            ["reopened"],
            "what is refused is not offered"
        );
    }
    let sent = pb::FinishTaskRequest {
        id: case.id.clone(),
        task_id: tasks[0].id.clone(),
        outcome: "it is there".into(),
        ..pb::FinishTaskRequest::default()
    };
    let finished = world.complaints().finish_task(world.desk("D1", sent)).await;
    finished.unwrap();
    for told in listed_and_shown(&world, &case.id).await {
        assert_eq!(told.next_states, ["closed", "reopened"]);
    }
    let closed = world.go(&case.id, "closed", "").await.unwrap();
    assert_eq!(closed.state, "closed", "it can do without the other");
}

async fn a_closed_case_is_reopened_in_time_and_not_later(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    for (state, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("resolved", "x"),
        ("followed_up", "x"),
        ("closed", ""),
    ] {
        world.go(&case.id, state, note).await.unwrap();
    }
    world.pass(29 * 24 * 60);
    let reopened = world.go(&case.id, "reopened", "又响了").await.unwrap();
    assert_eq!((reopened.reopened, reopened.open), (1, true));
    assert!(
        reopened
            .clocks
            .iter()
            .any(|clock| clock.kind == "resolution" && clock.state == "running")
    );
    for (state, note) in [("in_progress", ""), ("resolved", "x")] {
        world.go(&case.id, state, note).await.unwrap();
    }
    world.pass(31 * 24 * 60);
    let late = world.go(&case.id, "reopened", "又响了").await.unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition);
    assert!(late.message().contains("30 days"), "{}", late.message());
    // Nor is it offered, in the case or in a list.
    for listed in listed_and_shown(&world, &case.id).await {
        assert_eq!(listed.next_states, ["followed_up"]);
    }
}

/// A case as it stands in a list, and as it is shown.
async fn listed_and_shown(world: &World, id: &str) -> [pb::Complaint; 2] {
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let mut listed = listed.unwrap().into_inner().complaints;
    listed.retain(|case| case.id == id);
    [listed.remove(0), world.get(id).await]
}

async fn what_is_written_twice_with_a_key_happens_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let keyed = |key: &'static str| {
        let mut request = world.desk("D1", complaint("D1", "c1"));
        request
            .metadata_mut()
            .insert("idempotency-key", key.parse().unwrap());
        request
    };
    let first = world
        .complaints()
        .open_complaint(keyed("k1"))
        .await
        .unwrap()
        .into_inner();
    let again = world
        .complaints()
        .open_complaint(keyed("k1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again);
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 1);
    let case = first.complaint.unwrap();
    let stale = pb::MoveComplaintRequest {
        id: case.id.clone(),
        to: "acknowledged".into(),
        expected_version: case.version + 1,
        ..pb::MoveComplaintRequest::default()
    };
    let refused = world
        .complaints()
        .move_complaint(world.desk("D1", stale))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
}

async fn nothing_is_written_on_a_case_that_somebody_has_changed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let read = world.open(complaint("D1", "c1")).await;
    let (id, expected_version) = (read.id.clone(), read.version);
    let mut client = world.complaints();
    let task = pb::AddTaskRequest {
        id: id.clone(),
        department: "parts".into(),
        text: "查配件".into(),
        ..pb::AddTaskRequest::default()
    };
    let added = client.add_task(world.desk("D1", task.clone())).await;
    let task_id = added.unwrap().into_inner().task.unwrap().id;
    let ask = pb::AskCompensationRequest {
        id: id.clone(),
        kind: "money".into(),
        amount_minor: 90_000,
        reason: "等了三天".into(),
        expected_version: 0,
    };
    let asked = client.ask_compensation(world.desk("D1", ask.clone())).await;
    let compensation_id = asked.unwrap().into_inner().compensation.unwrap().id;
    let before = world.get(&id).await;
    let note = pb::AddNoteRequest {
        id: id.clone(),
        note: "配件明天到".into(),
        expected_version,
        ..pb::AddNoteRequest::default()
    };
    let amendment = pb::AmendTaskRequest {
        id: id.clone(),
        task_id: task_id.clone(),
        owner: "S17".into(),
        expected_version,
        ..pb::AmendTaskRequest::default()
    };
    let ending = pb::FinishTaskRequest {
        id: id.clone(),
        task_id,
        outcome: "已到货".into(),
        expected_version,
        ..pb::FinishTaskRequest::default()
    };
    let verdict = pb::DecideCompensationRequest {
        id: id.clone(),
        compensation_id,
        decision: "approve".into(),
        note: String::new(),
        expected_version,
    };
    let task = pb::AddTaskRequest {
        expected_version,
        ..task
    };
    let ask = pb::AskCompensationRequest {
        expected_version,
        ..ask
    };
    let refused = [
        client.add_note(world.desk("D1", note)).await.err(),
        client.add_task(world.desk("D1", task)).await.err(),
        client.amend_task(world.desk("D1", amendment)).await.err(),
        client.finish_task(world.desk("D1", ending)).await.err(),
        client.ask_compensation(world.desk("D1", ask)).await.err(),
        client
            .decide_compensation(world.desk("D1", verdict))
            .await
            .err(),
    ];
    for refused in refused {
        assert_eq!(reason(&refused.unwrap()), "COMPLAINT_CHANGED");
    }
    assert_eq!(world.get(&id).await, before);
}

async fn a_case_of_a_customer_points_at_his_record(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let customer = world.put_customer("D1", "c1", "13800138001").await;
    let request = pb::OpenComplaintRequest {
        customer_key: String::new(),
        source: String::new(),
        customer_id: customer.to_string(),
        ..complaint("D1", "")
    };
    let case = world.open(request.clone()).await;
    assert_eq!(
        case.source_record_id,
        crate::world::record_of("D1", "c1").to_string()
    );
    assert_eq!(case.customer_id, customer.to_string());
    let unknown = pb::OpenComplaintRequest {
        customer_id: crate::world::customer(7).to_string(),
        ..request
    };
    let refused = world
        .complaints()
        .open_complaint(world.desk("D1", unknown))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

async fn wrong_fields_are_named(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let good = complaint("D1", "c1");
    let wrong = [
        pb::OpenComplaintRequest {
            text: " ".into(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            vin: "IOQ".into(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            severity: "awful".into(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            customer_key: String::new(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            source: String::new(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            opened_at: "yesterday".into(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            tier: "gold".into(),
            ..good.clone()
        },
        pb::OpenComplaintRequest {
            department: "董事会".into(),
            ..good.clone()
        },
    ];
    for request in wrong {
        let refused = world
            .complaints()
            .open_complaint(world.desk("D1", request.clone()))
            .await;
        let refused = refused.expect_err("it has a wrong field");
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
        assert!(
            !refused.message().contains("IOQ"),
            "values are not repeated"
        );
    }
    let nowhere = pb::OpenComplaintRequest {
        dealer: "D9".into(),
        ..good
    };
    let refused = world
        .complaints()
        .open_complaint(world.hq(nowhere))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 0);
}

async fn a_channel_that_nobody_knows_is_refused_with_those_there_are(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let by = |channel: &str| pb::OpenComplaintRequest {
        channel: channel.into(),
        another_matter: true,
        ..complaint("D1", "c1")
    };
    let request = world.desk("D1", by("飞鸽传书"));
    let refused = world.complaints().open_complaint(request).await;
    let problem = Problem::from(refused.unwrap_err());
    let [violation] = &problem.violations[..] else {
        panic!("one wrong field: {:?}", problem.violations);
    };
    assert_eq!(violation.field, "channel");
    assert!(
        violation.message.contains("phone, visit, wechat"),
        "{}",
        violation.message
    );
    for (word, channel) in [("媒体", "press"), ("letter", "letter"), ("", "other")] {
        assert_eq!(world.open(by(word)).await.channel, channel);
    }
}

async fn a_repeat_within_thirty_days_is_marked(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let first = world
        .open(pb::OpenComplaintRequest {
            fault: "B12".into(),
            ..complaint("D1", "c1")
        })
        .await;
    world.go(&first.id, "withdrawn", "x").await.unwrap();
    world.pass(20 * 24 * 60);
    // Another owner, another dealer, the same car and fault.
    let second = pb::OpenComplaintRequest {
        fault: "B12".into(),
        category: "产品质量".into(),
        ..complaint("D2", "c9")
    };
    let second = world.open(second).await;
    assert!(
        second.repeats_elsewhere && second.repeat_of.is_empty(),
        "whose it is is not another dealer's to know"
    );
    assert_eq!(world.get(&second.id).await.repeat_of, first.id);
    let beside = pb::FindRepeatsRequest {
        dealer: "D2".into(),
        vin: second.vin.clone(),
        ..pb::FindRepeatsRequest::default()
    };
    let found = world
        .complaints()
        .find_repeats(world.desk("D2", beside))
        .await
        .unwrap();
    let found = found.into_inner().complaints;
    assert_eq!((found[0].id.as_str(), found.len()), (second.id.as_str(), 1));
    assert_eq!(found[0].repeat_of, "", "nor beside another");
    world.pass(31 * 24 * 60);
    let third = pb::OpenComplaintRequest {
        fault: "B12".into(),
        another_matter: true,
        ..complaint("D1", "c1")
    };
    assert!(
        world.open(third).await.repeat_of.is_empty(),
        "more than thirty days later"
    );
}

async fn a_repeat_is_marked_in_whatever_order_cases_are_recorded_and_faults_are_typed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let of = |key: &str, fault: &str, opened_at: &str| pb::OpenComplaintRequest {
        fault: fault.into(),
        opened_at: opened_at.into(),
        ..complaint("D1", key)
    };
    let last = world.open(of("c1", "k1", "2026-02-28 10:00")).await;
    let first = world.open(of("c2", "Ｋ１ ", "2026-02-10 10:00")).await;
    assert_eq!(first.repeat_of, "");
    let marked = world.get(&last.id).await;
    assert_eq!(marked.repeat_of, first.id);
    assert_eq!(marked.version, last.version + 1, "it is not what was read");
    // Between the two, of the same category, with no word of the fault.
    let unnamed = world.open(of("c3", "", "2026-02-20 10:00")).await;
    assert_eq!(unnamed.repeat_of, first.id);
    assert_eq!(world.get(&last.id).await.repeat_of, unnamed.id);
    let another = world.open(of("c4", "P0300", "2026-02-27 10:00")).await;
    assert_eq!(another.repeat_of, unnamed.id, "it may be any fault");
    // Of two of one instant the first is repeated, not each by the other.
    let twin = world.open(of("c5", "K1", "2026-02-10 10:00")).await;
    assert_eq!(twin.repeat_of, first.id);
    assert_eq!(world.get(&first.id).await.repeat_of, "");
}

async fn what_is_too_long_is_refused_with_its_limit(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let endless = pb::OpenComplaintRequest {
        text: "响".repeat(20_001),
        ..complaint("D1", "c1")
    };
    let refused = world
        .complaints()
        .open_complaint(world.desk("D1", endless))
        .await
        .unwrap_err();
    let problem = Problem::from(refused);
    let [violation] = &problem.violations[..] else {
        panic!("one wrong field: {:?}", problem.violations);
    };
    assert_eq!(
        (violation.field.as_str(), violation.reason.as_str()),
        ("text", "TOO_LONG")
    );
    assert!(
        violation.message.contains("20000") && violation.message.contains("20001"),
        "{}",
        violation.message
    );
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 0);
}

async fn a_list_for_what_is_no_customer_is_refused(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let of_nobody = pb::ListComplaintsRequest {
        customer_id: "zz".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let refused = world
        .complaints()
        .list_complaints(world.hq(of_nobody))
        .await
        .unwrap_err();
    assert_eq!(Problem::from(refused).violations[0].field, "customer_id");
}

/// The ids of a list, read in pages of one case each.
async fn pages(
    world: &World,
    (role, scope): (Role, &Scope),
    asked: &pb::ListComplaintsRequest,
) -> Vec<String> {
    let mut asked = pb::ListComplaintsRequest {
        page_size: 1,
        ..asked.clone()
    };
    let mut ids = Vec::new();
    loop {
        let request = world.ask(role, scope.clone(), asked.clone());
        let page = world.complaints().list_complaints(request).await.unwrap();
        let page = page.into_inner();
        ids.extend(page.complaints.into_iter().map(|case| case.id));
        if page.next_page_token.is_empty() {
            return ids;
        }
        asked.page_token = page.next_page_token;
    }
}

async fn cases_are_listed_by_what_is_due_next(db: TestDb) {
    let world = World::without_scheduler(db).await;
    // First answers are due at 11:00, at 10:31 and tomorrow; of the last case no clock runs any more.
    let mut ids = Vec::new();
    for (dealer, key, severity) in [
        ("D1", "c1", "high"),
        ("D1", "c2", "critical"),
        ("D2", "c3", "low"),
        ("D1", "c4", "critical"),
    ] {
        let case = pb::OpenComplaintRequest {
            severity: severity.into(),
            ..complaint(dealer, key)
        };
        ids.push(world.open(case).await.id);
        world.pass(1);
    }
    world.go(&ids[3], "withdrawn", "by mistake").await.unwrap();
    let [high, critical, low, withdrawn] = &ids[..] else {
        panic!("four cases")
    };
    let by_due = pb::ListComplaintsRequest {
        sort: "due".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let hq = (Role::HqAdmin, &Scope::Headquarters);
    let expected = [critical.clone(), high.clone(), low.clone()];
    assert_eq!(pages(&world, hq, &by_due).await, expected);
    let of_dealer = pb::ListComplaintsRequest {
        dealer: "D2".into(),
        ..by_due.clone()
    };
    assert_eq!(pages(&world, hq, &of_dealer).await, expected[2..]);
    for (scope, expected) in [
        (Scope::Dealer("D1".parse().unwrap()), &expected[..2]),
        (Scope::Region("north".into()), &expected[..]),
        (Scope::Region("south".into()), &expected[3..]),
    ] {
        let seen = pages(&world, (Role::Manager, &scope), &by_due).await;
        assert_eq!(seen, expected, "{scope:?}");
    }
    // Until an instant, and until the end of a day, however the list is sorted.
    let until = pb::ListComplaintsRequest {
        due_until: "2026-03-02T10:59:00+08:00".into(),
        ..by_due.clone()
    };
    assert_eq!(pages(&world, hq, &until).await, expected[..1]);
    let today = pb::ListComplaintsRequest {
        due_until: "2026-03-02".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let newest_first = [critical.clone(), high.clone()];
    assert_eq!(pages(&world, hq, &today).await, newest_first);
    let all = pages(&world, hq, &pb::ListComplaintsRequest::default()).await;
    assert_eq!(all[0], *withdrawn);
    let unknown = pb::ListComplaintsRequest {
        sort: "severity".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let refused = world.complaints().list_complaints(world.hq(unknown)).await;
    assert_eq!(
        Problem::from(refused.unwrap_err()).violations[0].field,
        "sort"
    );
}
