//! The call after the case: it is made by itself, and what the customer says in it is kept.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Request};

use crate::{
    imports::import,
    world::{World, complaint, customer, linked},
};

store_test_suite!(
    whoever_resolves_a_case_leaves_a_call_to_be_made,
    a_call_follows_a_case_up_if_whoever_made_it_may_move_it,
    a_case_closed_unasked_is_called_about_once_more,
    a_case_that_comes_back_in_time_needs_no_call_until_it_is_resolved_again,
    the_customer_can_say_himself_how_satisfied_he_is,
    a_withdrawn_case_leaves_nothing_to_be_done_and_can_come_back,
    the_customers_answer_takes_his_case_out_of_waiting,
    what_the_customer_writes_after_the_end_is_read_by_somebody,
    a_followed_up_case_that_nobody_closes_is_closed_by_itself,
    a_case_whose_customer_is_not_content_is_seen_to_before_it_is_closed,
    history_that_came_in_as_followed_up_stays_as_it_came,
    what_a_file_brings_as_resolved_is_asked_about_and_closed,
);

async fn resolve(world: &World, id: &str) -> pb::Complaint {
    for (to, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("resolved", "new pads"),
    ] {
        world.go(id, to, note).await.unwrap();
    }
    world.get(id).await
}

async fn finish(
    world: &World,
    (id, task): (&str, &str),
    grades: [i32; 2],
) -> Result<pb::Complaint, tonic::Status> {
    let message = pb::FinishTaskRequest {
        id: id.into(),
        task_id: task.into(),
        outcome: "he is content, though it took long".into(),
        satisfaction_resolution: grades[0],
        satisfaction_handling: grades[1],
        ..pb::FinishTaskRequest::default()
    };
    let request = world.desk("D1", message);
    let answer = world.complaints().finish_task(request).await?;
    Ok(answer.into_inner().complaint.unwrap())
}

async fn whoever_resolves_a_case_leaves_a_call_to_be_made(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let shown = resolve(&world, &case.id).await;
    let call = &shown.tasks[0];
    assert_eq!(
        (call.kind.as_str(), call.department.as_str(), call.needed),
        ("satisfaction_call", "customer_care", false)
    );
    // Monday and three working days: the end of Thursday in China.
    assert_eq!(call.due_at.unwrap().seconds, 1_772_726_400);
    let ended = finish(&world, (&case.id, &call.id), [4, 2]).await.unwrap();
    assert_eq!(
        (ended.satisfaction_resolution, ended.satisfaction_handling),
        (4, 2)
    );
    assert_eq!(ended.tasks[0].outcome, "he is content, though it took long");
    assert_eq!(ended.state, "followed_up", "he was asked");
    // There is no second call for a case of which the grades are known.
    let closed = world.go(&case.id, "closed", "").await.unwrap();
    assert_eq!(closed.tasks.len(), 1);
    let given = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: "send the pad back".into(),
        optional: true,
        ..pb::AddTaskRequest::default()
    };
    let added = world
        .complaints()
        .add_task(world.desk("D1", given))
        .await
        .unwrap();
    let task = added.into_inner().task.unwrap();
    let error = finish(&world, (&case.id, &task.id), [5, 5])
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Code::InvalidArgument,
        "only a call asks for grades"
    );
}

async fn a_call_follows_a_case_up_if_whoever_made_it_may_move_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    for (key, role, grades, state) in [
        ("c1", Role::Service, [5, 5], "followed_up"),
        ("c2", Role::Service, [0, 0], "resolved"),
        ("c3", Role::Technician, [5, 5], "resolved"),
    ] {
        let case = world.open(complaint("D1", key)).await;
        let call = resolve(&world, &case.id).await.tasks.remove(0);
        let message = pb::FinishTaskRequest {
            id: case.id.clone(),
            task_id: call.id,
            outcome: "what he said".into(),
            satisfaction_resolution: grades[0],
            satisfaction_handling: grades[1],
            ..pb::FinishTaskRequest::default()
        };
        let scope = Scope::Dealer("D1".parse().unwrap());
        let request = world.ask(role, scope, message);
        let ended = world.complaints().finish_task(request).await.unwrap();
        let ended = ended.into_inner().complaint.unwrap();
        assert_eq!(ended.state, state, "{role} {grades:?}");
        let is_waited_for = ended
            .clocks
            .iter()
            .any(|clock| clock.kind == "next_update" && clock.state == "running");
        assert_eq!(is_waited_for, state == "resolved", "{role} {grades:?}");
    }
}

async fn a_case_closed_unasked_is_called_about_once_more(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    resolve(&world, &case.id).await;
    world
        .go(&case.id, "followed_up", "he did not answer")
        .await
        .unwrap();
    world.pass(1);
    let closed = world.go(&case.id, "closed", "").await.unwrap();
    let states: Vec<(&str, &str)> = closed
        .tasks
        .iter()
        .map(|task| (task.kind.as_str(), task.state.as_str()))
        .collect();
    assert_eq!(
        states,
        [("satisfaction_call", "done"), ("satisfaction_call", "open")]
    );
    assert_eq!(closed.tasks[0].outcome, "he did not answer");
    let ended = finish(&world, (&case.id, &closed.tasks[1].id), [0, 1])
        .await
        .unwrap();
    assert_eq!(
        (ended.state.as_str(), ended.satisfaction_handling),
        ("closed", 1)
    );
    // He is not content: there is still time to open it again.
    let again = world
        .go(&case.id, "reopened", "it squeaks again")
        .await
        .unwrap();
    assert_eq!(again.reopened, 1);
}

async fn a_case_that_comes_back_in_time_needs_no_call_until_it_is_resolved_again(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    resolve(&world, &case.id).await;
    let again = world
        .go(&case.id, "reopened", "it squeaks again")
        .await
        .unwrap();
    assert_eq!(again.tasks[0].state, "cancelled");
    world.go(&case.id, "in_progress", "").await.unwrap();
    let resolved = world.go(&case.id, "resolved", "new discs").await.unwrap();
    let open = resolved.tasks.iter().filter(|task| task.state == "open");
    assert_eq!(open.count(), 1);
}

/// A case of a customer who has an account of his own.
async fn of_a_customer(world: &World) -> pb::Complaint {
    let link = linked(1, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    world.open(complaint("D1", "c1")).await
}

/// What the customer asks himself.
fn himself<T>(world: &World, message: T) -> Request<T> {
    world.ask(Role::Customer, Scope::Customer(customer(1)), message)
}

async fn write(world: &World, id: &str, note: &str) -> pb::Complaint {
    let message = pb::AddNoteRequest {
        id: id.into(),
        note: note.into(),
        ..pb::AddNoteRequest::default()
    };
    let noted = world.complaints().add_note(himself(world, message)).await;
    noted.unwrap().into_inner().complaint.unwrap()
}

async fn the_customer_can_say_himself_how_satisfied_he_is(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = of_a_customer(&world).await;
    let early = pb::MoveComplaintRequest {
        id: case.id.clone(),
        to: "acknowledged".into(),
        satisfaction_handling: 5,
        ..pb::MoveComplaintRequest::default()
    };
    let refused = world
        .complaints()
        .move_complaint(world.desk("D1", early))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    resolve(&world, &case.id).await;
    let says = pb::MoveComplaintRequest {
        id: case.id.clone(),
        to: "followed_up".into(),
        note: "quiet at last, but nobody called me".into(),
        satisfaction_resolution: 5,
        satisfaction_handling: 2,
        ..pb::MoveComplaintRequest::default()
    };
    let said = world
        .complaints()
        .move_complaint(himself(&world, says))
        .await;
    let said = said.unwrap().into_inner().complaint.unwrap();
    assert_eq!(said.next_states, ["reopened"], "to close it is the desk's");
    let shown = world.get(&case.id).await;
    assert_eq!(
        (shown.satisfaction_resolution, shown.satisfaction_handling),
        (5, 2)
    );
    let call = &shown.tasks[0];
    assert_eq!(
        (call.state.as_str(), call.outcome.as_str()),
        ("done", "quiet at last, but nobody called me")
    );
    let closed = world.go(&case.id, "closed", "").await.unwrap();
    assert_eq!(closed.tasks.len(), 1, "he is not asked again");
}

async fn a_withdrawn_case_leaves_nothing_to_be_done_and_can_come_back(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = of_a_customer(&world).await;
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: "find the pad".into(),
        ..pb::AddTaskRequest::default()
    };
    let added = world.complaints().add_task(world.desk("D1", task)).await;
    added.unwrap();
    let gone = world.go(&case.id, "withdrawn", "he says so").await.unwrap();
    assert_eq!(gone.tasks[0].state, "cancelled");
    assert!(gone.clocks.iter().all(|clock| clock.state == "stopped"));
    // He never said so.
    world.pass(60);
    let back = pb::MoveComplaintRequest {
        id: case.id.clone(),
        to: "reopened".into(),
        note: "I did not withdraw it".into(),
        ..pb::MoveComplaintRequest::default()
    };
    let moved = world
        .complaints()
        .move_complaint(himself(&world, back))
        .await;
    moved.unwrap();
    let again = world.get(&case.id).await;
    assert_eq!((again.open, again.reopened), (true, 1));
    assert!(again.clocks.iter().all(|clock| clock.state == "running"));
    let first = &again.clocks[0];
    assert_eq!(
        (first.kind.as_str(), first.due_local.as_str()),
        ("first_response", "2026-03-02T12:00:00+08:00"),
        "nobody has answered him yet"
    );
}

async fn the_customers_answer_takes_his_case_out_of_waiting(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = of_a_customer(&world).await;
    for (to, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("waiting_customer", "when does it squeak?"),
    ] {
        world.go(&case.id, to, note).await.unwrap();
    }
    let seen = write(&world, &case.id, "when it is cold").await;
    assert_eq!(seen.state, "in_progress");
    let acts: Vec<&str> = seen
        .entries
        .iter()
        .map(|entry| entry.act.as_str())
        .collect();
    assert_eq!(
        acts[acts.len() - 2..],
        ["noted", "answered"],
        "he sees his own, and no clock: {acts:?}"
    );
    let shown = world.get(&case.id).await;
    let resolution = shown.clocks.iter().find(|clock| clock.kind == "resolution");
    assert_eq!(resolution.unwrap().state, "running");
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.moved'";
    assert_eq!(world.count(told).await, 4);
    // A word in between changes nothing more.
    let again = write(&world, &case.id, "and in the rain").await;
    assert_eq!(again.state, "in_progress");
    assert_eq!(world.count(told).await, 4);
}

async fn what_the_customer_writes_after_the_end_is_read_by_somebody(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = of_a_customer(&world).await;
    resolve(&world, &case.id).await;
    for note in ["it squeaks again", "do you read this?"] {
        let seen = write(&world, &case.id, note).await;
        assert_eq!(seen.state, "resolved", "whether it is over others decide");
        assert!(seen.entries.iter().all(|entry| entry.act != "task_added"));
    }
    let open = async || {
        let mut tasks = world.get(&case.id).await.tasks;
        tasks.retain(|task| task.kind == "customer_word" && task.state == "open");
        tasks
    };
    let waiting = open().await;
    assert_eq!(waiting.len(), 1, "one is enough until it is done");
    assert_eq!(waiting[0].department, "customer_care");
    // Monday and a working day: the end of Tuesday in China.
    assert_eq!(waiting[0].due_at.unwrap().seconds, 1_772_553_600);
    let graded = finish(&world, (&case.id, &waiting[0].id), [5, 5]).await;
    assert_eq!(graded.unwrap_err().code(), Code::InvalidArgument);
    finish(&world, (&case.id, &waiting[0].id), [0, 0])
        .await
        .unwrap();
    write(&world, &case.id, "thank you").await;
    assert_eq!(open().await.len(), 1);
}

const DAY: u64 = 24 * 60;

/// Moves a resolved case on with what the customer said of it.
async fn follow(world: &World, id: &str, resolution: i32) -> pb::Complaint {
    let message = pb::MoveComplaintRequest {
        id: id.into(),
        to: "followed_up".into(),
        note: "he was called".into(),
        satisfaction_resolution: resolution,
        satisfaction_handling: resolution,
        ..pb::MoveComplaintRequest::default()
    };
    let request = world.desk("D1", message);
    let moved = world.complaints().move_complaint(request).await;
    moved.unwrap().into_inner().complaint.unwrap()
}

const CLOSED: &str = "SELECT count(*) FROM complaints WHERE state = 'closed'";

/// Lets an instance look for what nobody closes, and find nothing.
async fn look_in_vain(world: &World) {
    let before = world.count(CLOSED).await;
    let instance = world.another_task("complaint.closing");
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(instance);
    assert_eq!(world.count(CLOSED).await, before);
}

async fn a_followed_up_case_that_nobody_closes_is_closed_by_itself(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = of_a_customer(&world).await;
    resolve(&world, &case.id).await;
    follow(&world, &case.id, 5).await;
    world.pass(6 * DAY);
    let note = pb::AddNoteRequest {
        id: case.id.clone(),
        note: "sent him the invoice".into(),
        ..pb::AddNoteRequest::default()
    };
    let noted = world.complaints().add_note(world.desk("D1", note)).await;
    noted.unwrap();
    world.pass(6 * DAY);
    // Something happened on it six days ago.
    look_in_vain(&world).await;
    world.pass(DAY);
    let _instances: Vec<_> = (0..3)
        .map(|_| world.another_task("complaint.closing"))
        .collect();
    world.wait_for(CLOSED, 1).await;
    let shown = world.get(&case.id).await;
    let ends: Vec<(&str, &str, &str)> = shown
        .entries
        .iter()
        .filter(|entry| entry.to == "closed")
        .map(|entry| {
            (
                entry.act.as_str(),
                entry.from.as_str(),
                entry.actor.as_str(),
            )
        })
        .collect();
    assert_eq!(ends, [("lapsed", "followed_up", "complaint.closing")]);
    assert_eq!(shown.state, "closed");
    let asked = pb::GetComplaintRequest {
        id: case.id.clone(),
        personal_data: false,
    };
    let his = world
        .complaints()
        .get_complaint(himself(&world, asked))
        .await;
    let his = his.unwrap().into_inner().complaint.unwrap();
    assert!(his.entries.iter().any(|entry| entry.act == "lapsed"));
    // If it was not over after all there is time to say so.
    world.pass(29 * DAY);
    let again = world.go(&case.id, "reopened", "it squeaks again").await;
    assert_eq!(again.unwrap().state, "reopened");
}

async fn a_case_whose_customer_is_not_content_is_seen_to_before_it_is_closed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    resolve(&world, &case.id).await;
    let told = follow(&world, &case.id, 2).await;
    let open: Vec<&pb::Task> = told
        .tasks
        .iter()
        .filter(|task| task.state == "open")
        .collect();
    assert_eq!(
        (
            open.len(),
            open[0].kind.as_str(),
            open[0].department.as_str()
        ),
        (1, "discontent", "customer_care")
    );
    // Monday and a working day: the end of Tuesday in China.
    assert_eq!(open[0].due_at.unwrap().seconds, 1_772_553_600);
    assert!(open[0].needed);
    let refused = world.go(&case.id, "closed", "").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "nor at the desk");
    world.pass(30 * DAY);
    look_in_vain(&world).await;
    finish(&world, (&case.id, &open[0].id), [0, 0])
        .await
        .unwrap();
    world.pass(7 * DAY);
    let _instance = world.another_task("complaint.closing");
    world.wait_for(CLOSED, 1).await;

    // Whose case comes back is seen to by whoever works on it.
    let other = pb::OpenComplaintRequest {
        another_matter: true,
        ..complaint("D1", "c2")
    };
    let other = world.open(other).await;
    resolve(&world, &other.id).await;
    let call = world.get(&other.id).await.tasks.remove(0);
    world.pass(1);
    let graded = finish(&world, (&other.id, &call.id), [1, 3]).await.unwrap();
    assert_eq!(graded.tasks[1].kind, "discontent");
    let again = world.go(&other.id, "reopened", "it squeaks").await.unwrap();
    assert_eq!(again.tasks[1].state, "cancelled");
}

async fn history_that_came_in_as_followed_up_stays_as_it_came(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = "complaint_key,customer_key,opened_at,category,severity,text,state,closed_at\n\
                TS1,c1,2026-02-20,维修质量,低,异响,已回访,2026-02-25\n";
    import(&world, file).await;
    world.pass(30 * DAY);
    look_in_vain(&world).await;
    let followed_up = "SELECT count(*) FROM complaints WHERE state = 'followed_up'";
    assert_eq!(world.count(followed_up).await, 1);
}

async fn what_a_file_brings_as_resolved_is_asked_about_and_closed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    // Opened and resolved the day before the file; long ago; not long ago, nobody knows when.
    let file = "complaint_key,customer_key,opened_at,category,severity,text,state,closed_at\n\
                TS1,c1,2026-02-27,维修质量,低,异响,已解决,2026-02-28\n\
                TS2,c2,2025-12-01,维修质量,低,漏油,已解决,2025-12-20\n\
                TS3,c3,2026-02-20,维修质量,低,抖动,已解决,\n";
    import(&world, file).await;
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let mut cases = listed.unwrap().into_inner().complaints;
    cases.sort_by(|left, right| left.complaint_key.cmp(&right.complaint_key));
    let mut waited_for = Vec::new();
    for case in &cases {
        let shown = world.get(&case.id).await;
        assert_eq!(shown.state, "resolved");
        let clocks = shown.clocks.iter();
        let clocks = clocks.map(|clock| format!("{} {}", clock.kind, clock.state));
        let tasks = shown.tasks.iter();
        let tasks = tasks.map(|task| format!("{} {}", task.kind, task.state));
        waited_for.push(clocks.chain(tasks).collect::<Vec<_>>().join(", "));
    }
    let asked = "next_update running, satisfaction_call open";
    assert_eq!(waited_for, [asked, "", asked]);
    // The same file again is nothing new.
    import(&world, file).await;
    let calls = "SELECT count(*) FROM complaint_tasks";
    assert_eq!(world.count(calls).await, 2);
    let first = world.get(&cases[0].id).await;
    let ended = finish(&world, (&first.id, &first.tasks[0].id), [5, 5]).await;
    assert_eq!(ended.unwrap().state, "followed_up");
    world.pass(8 * DAY);
    let _instance = world.another_task("complaint.closing");
    world.wait_for(CLOSED, 1).await;
    assert_eq!(world.get(&first.id).await.state, "closed");
}
