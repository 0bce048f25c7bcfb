//! Lists of tasks across cases: in the scope, the soonest due first, page by page.

use std::collections::BTreeMap;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_config::ComplaintConfig;
use marque_core::{Clock as _, ComplaintId, Timestamp};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, complaint};

store_test_suite!(
    tasks_of_all_cases_in_the_scope_are_listed_the_soonest_due_first,
    a_list_of_tasks_is_narrowed_and_paged,
    a_task_goes_to_somebody_else_or_is_due_later,
    a_task_cannot_be_due_in_the_past,
    a_task_is_given_to_a_code_and_to_a_case_that_can_need_it,
    a_task_that_an_older_binary_gives_is_in_its_dealers_list,
    a_task_that_its_case_needs_is_due_also_where_nobody_says_until_when,
    a_task_that_an_older_binary_gives_without_a_due_time_is_given_one,
);

/// Two working days after Monday at ten, which a task of a serious case has if nobody says until when.
const WEDNESDAY_AT_TEN: i64 = 1_772_589_600;

async fn add(world: &World, case: &pb::Complaint, (department, owner, due_at): (&str, &str, &str)) {
    let message = pb::AddTaskRequest {
        id: case.id.clone(),
        department: department.into(),
        text: "查配件".into(),
        owner: owner.into(),
        due_at: due_at.into(),
        optional: owner.is_empty(),
        expected_version: 0,
    };
    let request = world.desk(&case.dealer, message);
    world.complaints().add_task(request).await.unwrap();
}

async fn list(
    world: &World,
    role: Role,
    scope: Scope,
    message: pb::ListTasksRequest,
) -> pb::ListTasksResponse {
    let request = world.ask(role, scope, message);
    let answer = world.complaints().list_tasks(request).await;
    answer.unwrap().into_inner()
}

fn dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

/// Dealer and department of what was listed.
fn names(listed: &pb::ListTasksResponse) -> Vec<String> {
    let name = |found: &pb::CaseTask| {
        format!(
            "{} {}",
            found.dealer,
            found.task.as_ref().unwrap().department
        )
    };
    listed.tasks.iter().map(name).collect()
}

async fn some_tasks(world: &World) -> Vec<pb::Complaint> {
    let mut cases = Vec::new();
    for code in ["D1", "D2", "D3"] {
        cases.push(world.open(complaint(code, "c1")).await);
    }
    add(world, &cases[0], ("sales", "", "")).await;
    add(world, &cases[0], ("parts", "S17", "2026-03-04")).await;
    add(
        world,
        &cases[0],
        ("finance", "S3", "2026-03-02T11:00:00+08:00"),
    )
    .await;
    add(world, &cases[1], ("parts", "S17", "2026-03-03")).await;
    add(world, &cases[2], ("service", "S1", "2026-03-05")).await;
    cases
}

async fn tasks_of_all_cases_in_the_scope_are_listed_the_soonest_due_first(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let cases = some_tasks(&world).await;
    let all = pb::ListTasksRequest::default;
    let seen = [
        (
            Role::Technician,
            dealer("D1"),
            vec!["D1 finance", "D1 parts", "D1 sales"],
        ),
        (Role::Service, dealer("D2"), vec!["D2 parts"]),
        (
            Role::Manager,
            Scope::Region("north".into()),
            vec!["D1 finance", "D2 parts", "D1 parts", "D1 sales"],
        ),
        (
            Role::Agent,
            Scope::Headquarters,
            vec![
                "D1 finance",
                "D2 parts",
                "D1 parts",
                "D3 service",
                "D1 sales",
            ],
        ),
    ];
    for (role, scope, expected) in seen {
        let listed = list(&world, role, scope, all()).await;
        assert_eq!(names(&listed), expected, "{role}");
    }
    let others = pb::ListTasksRequest {
        dealer: "D2".into(),
        ..all()
    };
    let listed = list(&world, Role::Service, dealer("D1"), others).await;
    assert_eq!(names(&listed), Vec::<String>::new(), "another dealer's");
    let first = list(&world, Role::Service, dealer("D1"), all()).await.tasks;
    assert_eq!(
        (
            first[0].complaint_id.as_str(),
            first[0].complaint_number.as_str()
        ),
        (cases[0].id.as_str(), cases[0].number.as_str())
    );
    assert_eq!(first[0].complaint_state, "received");
    assert_eq!(first[0].task.as_ref().unwrap().text, "查配件");
    for (role, scope) in [
        (Role::Dms, dealer("D1")),
        (Role::Customer, Scope::Customer(crate::world::customer(1))),
    ] {
        let request = world.ask(role, scope, all());
        let refused = world.complaints().list_tasks(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
}

async fn a_list_of_tasks_is_narrowed_and_paged(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let cases = some_tasks(&world).await;
    let hq = |message| list(&world, Role::HqAdmin, Scope::Headquarters, message);
    let all = pb::ListTasksRequest::default;
    let narrowed = [
        (
            pb::ListTasksRequest {
                department: "配件".into(),
                ..all()
            },
            vec!["D2 parts", "D1 parts"],
        ),
        (
            pb::ListTasksRequest {
                owner: "S17".into(),
                dealer: "D1".into(),
                ..all()
            },
            vec!["D1 parts"],
        ),
        (
            pb::ListTasksRequest {
                due_until: "2026-03-03".into(),
                ..all()
            },
            vec!["D1 finance", "D2 parts"],
        ),
        (
            pb::ListTasksRequest {
                needed: true,
                dealer: "D1".into(),
                ..all()
            },
            vec!["D1 finance", "D1 parts"],
        ),
        (
            pb::ListTasksRequest {
                overdue: true,
                ..all()
            },
            vec!["D1 finance"],
        ),
    ];
    world.pass(90);
    for (message, expected) in narrowed {
        assert_eq!(names(&hq(message.clone()).await), expected, "{message:?}");
    }
    // Page by page, each once.
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let message = pb::ListTasksRequest {
            page_size: 2,
            page_token,
            ..all()
        };
        let page = hq(message).await;
        paged.extend(names(&page));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, names(&hq(all()).await));
    // One that has ended is in another list.
    let first = hq(all()).await.tasks.remove(0);
    assert!(first.overdue);
    let finish = pb::FinishTaskRequest {
        id: cases[0].id.clone(),
        task_id: first.task.unwrap().id,
        outcome: "已退款".into(),
        ..pb::FinishTaskRequest::default()
    };
    let request = world.desk("D1", finish);
    world.complaints().finish_task(request).await.unwrap();
    assert_eq!(hq(all()).await.tasks.len(), 4);
    let done = pb::ListTasksRequest {
        state: "done".into(),
        ..all()
    };
    assert_eq!(names(&hq(done).await), ["D1 finance"]);
    let wrong_state = pb::ListTasksRequest {
        state: "late".into(),
        ..all()
    };
    let wrong_department = pb::ListTasksRequest {
        department: "garden".into(),
        ..all()
    };
    for wrong in [wrong_state, wrong_department] {
        let refused = world.complaints().list_tasks(world.hq(wrong)).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    }
}

async fn a_task_goes_to_somebody_else_or_is_due_later(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    add(&world, &case, ("parts", "S17", "2026-03-03")).await;
    let task = world.get(&case.id).await.tasks.remove(0);
    let amend = async |message: pb::AmendTaskRequest| {
        let message = pb::AmendTaskRequest {
            id: case.id.clone(),
            task_id: task.id.clone(),
            ..message
        };
        let request = world.desk("D1", message);
        let answer = world.complaints().amend_task(request).await;
        answer.map(|answer| answer.into_inner().task.unwrap())
    };
    let another = pb::AmendTaskRequest {
        owner: "S18".into(),
        due_at: "2026-03-05".into(),
        note: "配件周四到".into(),
        ..pb::AmendTaskRequest::default()
    };
    let amended = amend(another.clone()).await.unwrap();
    assert_eq!(
        (amended.owner.as_str(), amended.department.as_str()),
        ("S18", "parts")
    );
    // The end of Thursday in China.
    assert_eq!(amended.due_at.unwrap().seconds, 1_772_726_400);
    amend(another).await.unwrap();
    let entries = world.get(&case.id).await.entries;
    let told: Vec<(&str, &str, &str)> = entries
        .iter()
        .filter(|entry| entry.act == "task_amended")
        .map(|entry| (entry.from.as_str(), entry.to.as_str(), entry.note.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("parts: owner=S17", "parts: owner=S18", "配件周四到"),
            (
                "parts: due_at=2026-03-03T16:00:00Z",
                "parts: due_at=2026-03-05T16:00:00Z",
                "配件周四到"
            ),
        ],
        "once: again changes nothing"
    );
    let nobody = pb::AmendTaskRequest {
        department: "service".into(),
        clear: vec!["owner".into(), "due_at".into()],
        ..pb::AmendTaskRequest::default()
    };
    let amended = amend(nobody).await.unwrap();
    assert_eq!(
        (amended.owner.as_str(), amended.department.as_str()),
        ("", "service")
    );
    // Its case needs it.
    assert_eq!(amended.due_at.unwrap().seconds, WEDNESDAY_AT_TEN);
    let wrong = pb::AmendTaskRequest {
        clear: vec!["text".into()],
        ..pb::AmendTaskRequest::default()
    };
    assert_eq!(
        amend(wrong).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let finish = pb::FinishTaskRequest {
        id: case.id.clone(),
        task_id: task.id.clone(),
        outcome: "已到货".into(),
        ..pb::FinishTaskRequest::default()
    };
    let request = world.desk("D1", finish);
    world.complaints().finish_task(request).await.unwrap();
    let late = pb::AmendTaskRequest {
        owner: "S19".into(),
        ..pb::AmendTaskRequest::default()
    };
    assert_eq!(
        amend(late).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
}

async fn a_task_is_given_to_a_code_and_to_a_case_that_can_need_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let add = async |owner: &str, optional: bool| {
        let message = pb::AddTaskRequest {
            id: case.id.clone(),
            department: "parts".into(),
            text: "查配件".into(),
            owner: owner.into(),
            optional,
            ..pb::AddTaskRequest::default()
        };
        let answer = world.complaints().add_task(world.desk("D1", message)).await;
        answer.map(|answer| answer.into_inner().task.unwrap())
    };
    for name in ["张三", "Wang Sample"] {
        let refused = add(name, false).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name}");
    }
    let task = add("技03", false).await.unwrap();
    let both = pb::AmendTaskRequest {
        id: case.id.clone(),
        task_id: task.id,
        owner: "S18".into(),
        clear: vec!["owner".into()],
        ..pb::AmendTaskRequest::default()
    };
    let refused = world.complaints().amend_task(world.desk("D1", both)).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    // Whose case was withdrawn needs nothing; what is done all the same keeps nobody from anything.
    world.go(&case.id, "withdrawn", "x").await.unwrap();
    let needed = add("S17", false).await.unwrap_err();
    assert_eq!(needed.code(), Code::InvalidArgument);
    assert!(!add("S17", true).await.unwrap().needed);
}

async fn a_task_cannot_be_due_in_the_past(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let past = "2026-03-02T09:59:00+08:00";
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: "查配件".into(),
        due_at: past.into(),
        ..pb::AddTaskRequest::default()
    };
    let refused = world.complaints().add_task(world.desk("D1", task)).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    // Today is still to come.
    add(&world, &case, ("parts", "S17", "2026-03-02")).await;
    let task_id = world.get(&case.id).await.tasks.remove(0).id;
    let amendment = |due_at: &str| pb::AmendTaskRequest {
        id: case.id.clone(),
        task_id: task_id.clone(),
        due_at: due_at.into(),
        ..pb::AmendTaskRequest::default()
    };
    let request = world.desk("D1", amendment(past));
    let refused = world.complaints().amend_task(request).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    // What it is already may be said again.
    world.pass(24 * 60);
    let request = world.desk("D1", amendment("2026-03-02"));
    assert!(world.complaints().amend_task(request).await.is_ok());
}

async fn a_task_that_an_older_binary_gives_is_in_its_dealers_list(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.open(complaint("D2", "c1")).await;
    give_as_before(&world, &case).await;
    let all = pb::ListTasksRequest::default;
    let own = list(&world, Role::Service, dealer("D1"), all()).await;
    assert_eq!(names(&own), ["D1 parts"]);
    let others = list(&world, Role::Service, dealer("D2"), all()).await;
    assert_eq!(names(&others), Vec::<String>::new());
}

/// Gives a case that needs it a task without a due time, as a release before writes it.
async fn give_as_before(world: &World, case: &pb::Complaint) {
    let id: ComplaintId = case.id.parse().unwrap();
    let given = world.db.write(move |conn| {
        conn.execute(
            "INSERT INTO complaint_tasks
                 (complaint_id, id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome,
                  kind)
             VALUES (?1, ?1, 'parts', '', NULL, ?2, 'open', ?3, NULL, ?4, ?4, '')",
            &[
                id.uuid().into(),
                true.into(),
                Timestamp::default().into(),
                [].as_slice().into(),
            ],
        )
    });
    given.await.unwrap();
}

async fn a_task_that_its_case_needs_is_due_also_where_nobody_says_until_when(db: TestDb) {
    let an_hour = BTreeMap::from([("task".to_owned(), 60)]);
    let config = ComplaintConfig {
        clocks: BTreeMap::from([("critical".to_owned(), an_hour)]),
        ..ComplaintConfig::default()
    };
    let world = World::configured(db, &config).await;
    let serious = world.open(complaint("D1", "c1")).await;
    add(&world, &serious, ("parts", "S17", "")).await;
    let due_at = async |case: &pb::Complaint| {
        let task = world.get(&case.id).await.tasks.remove(0);
        task.due_at.map(|at| at.seconds)
    };
    assert_eq!(due_at(&serious).await, Some(WEDNESDAY_AT_TEN));
    let critical = pb::OpenComplaintRequest {
        severity: "critical".into(),
        ..complaint("D1", "c2")
    };
    let critical = world.open(critical).await;
    add(&world, &critical, ("parts", "S17", "")).await;
    let an_hour_later = world.clock.now().as_micros() / 1_000_000 + 3_600;
    assert_eq!(due_at(&critical).await, Some(an_hour_later));
    // Without this one the case can be resolved.
    let other = world.open(complaint("D2", "c1")).await;
    add(&world, &other, ("parts", "", "")).await;
    assert_eq!(due_at(&other).await, None);
}

async fn a_task_that_an_older_binary_gives_without_a_due_time_is_given_one(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    give_as_before(&world, &case).await;
    let _instances: Vec<_> = (0..3)
        .map(|_| world.another_task("complaint.task-dates"))
        .collect();
    let dated = "SELECT count(*) FROM complaint_tasks WHERE due_at IS NOT NULL AND next_step = 3";
    world.wait_for(dated, 1).await;
    let shown = world.get(&case.id).await;
    let due_at = shown.tasks[0].due_at.unwrap();
    assert_eq!(due_at.seconds, WEDNESDAY_AT_TEN);
    let told: Vec<(&str, &str)> = shown
        .entries
        .iter()
        .filter(|entry| entry.act == "task_amended")
        .map(|entry| (entry.from.as_str(), entry.to.as_str()))
        .collect();
    let expected = ("parts: due_at=", "parts: due_at=2026-03-04T02:00:00Z");
    assert_eq!(told, [expected], "once, by one of them");
}
