//! A case goes from one dealer to another: who may do it, and what goes with it.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::{
    imports::{HEADER, import},
    world::{World, complaint, reason},
};

store_test_suite!(
    a_region_hands_a_case_over_with_all_that_belongs_to_it,
    nobody_hands_a_case_over_without_a_reason_or_beyond_his_dealers,
    whoever_had_it_hears_that_it_went_and_nothing_more,
    files_of_the_dealer_before_do_not_make_the_case_anew,
    a_key_that_another_case_has_by_now_is_in_nobodys_way,
);

fn to(id: &str, dealer: &str, note: &str) -> pb::AmendComplaintRequest {
    pb::AmendComplaintRequest {
        id: id.into(),
        dealer: dealer.into(),
        note: note.into(),
        ..pb::AmendComplaintRequest::default()
    }
}

async fn hand_over(
    world: &World,
    scope: Scope,
    message: pb::AmendComplaintRequest,
) -> Result<pb::Complaint, Status> {
    let role = match scope {
        Scope::Headquarters => Role::HqAdmin,
        _ => Role::Manager,
    };
    let request = world.ask(role, scope, message);
    let answer = world.complaints().amend_complaint(request).await?;
    Ok(answer.into_inner().complaint.unwrap())
}

fn north() -> Scope {
    Scope::Region("north".into())
}

/// How many cases and open tasks a dealer sees, and whether he sees this one.
async fn sees(world: &World, dealer: &str, id: &str) -> (usize, usize, bool) {
    let mut client = world.complaints();
    let list = world.desk(dealer, pb::ListComplaintsRequest::default());
    let cases = client.list_complaints(list).await.unwrap().into_inner();
    let list = world.desk(dealer, pb::ListTasksRequest::default());
    let tasks = client.list_tasks(list).await.unwrap().into_inner();
    let get = world.desk(
        dealer,
        pb::GetComplaintRequest {
            id: id.into(),
            personal_data: false,
        },
    );
    let is_seen = match client.get_complaint(get).await {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused.code(), Code::NotFound);
            false
        }
    };
    (cases.complaints.len(), tasks.tasks.len(), is_seen)
}

/// Lets a dealer be open day and night.
async fn never_close(world: &World, dealer: &str) {
    let calendar = pb::Calendar {
        dealer: dealer.into(),
        opens: "00:00".into(),
        closes: "24:00".into(),
        offset_minutes: 480,
        every_day: true,
        ..pb::Calendar::default()
    };
    let put = pb::PutCalendarRequest {
        calendar: Some(calendar),
    };
    world
        .complaints()
        .put_calendar(world.hq(put))
        .await
        .unwrap();
}

async fn a_region_hands_a_case_over_with_all_that_belongs_to_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    never_close(&world, "D2").await;
    let case = world.open(complaint("D1", "c1")).await;
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "service".into(),
        text: "drive it".into(),
        owner: "S17".into(),
        ..pb::AddTaskRequest::default()
    };
    let task = world.desk("D1", task);
    world.complaints().add_task(task).await.unwrap();
    world.pass(30);
    let message = to(&case.id, "D2", "he has moved to the other town");
    let handed = hand_over(&world, north(), message).await.unwrap();
    assert_eq!(handed.dealer, "D2");
    assert_eq!(handed.tasks[0].owner, "", "S17 is a man of D1's");
    // Half an hour of its 27 is used; the others run day and night.
    let resolution = handed
        .clocks
        .iter()
        .find(|clock| clock.kind == "resolution");
    let resolution = resolution.unwrap();
    assert_eq!(resolution.due_local, "2026-03-03T13:00:00+08:00");
    assert_eq!(resolution.used_seconds, 1_800);
    let entry = handed.entries.last().unwrap();
    assert_eq!(
        (entry.from.as_str(), entry.to.as_str(), entry.note.as_str()),
        ("dealer=D1", "dealer=D2", "he has moved to the other town")
    );
    assert_eq!(sees(&world, "D1", &case.id).await, (0, 0, false));
    assert_eq!(sees(&world, "D2", &case.id).await, (1, 1, true));
    let recorded = "SELECT count(DISTINCT dealer) FROM audit WHERE act = 'complaint_amended'";
    assert_eq!(world.count(recorded).await, 2);
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.amended' AND dealer = 'D2'";
    assert_eq!(world.count(told).await, 1);
    // To whom it is already nobody hands it over.
    let again = to(&case.id, "D2", "once more");
    let again = hand_over(&world, north(), again).await.unwrap();
    assert_eq!(again.version, handed.version);
}

async fn nobody_hands_a_case_over_without_a_reason_or_beyond_his_dealers(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let id = world.open(complaint("D1", "c1")).await.id;
    let own = Scope::Dealer("D1".parse().unwrap());
    let south = Scope::Region("south".into());
    for (scope, dealer, note, code) in [
        (own, "D2", "not ours", Code::InvalidArgument),
        (north(), "D2", " ", Code::InvalidArgument),
        (north(), "D3", "not ours", Code::NotFound),
        (south, "D3", "ours", Code::NotFound),
        (Scope::Headquarters, "D9", "theirs", Code::NotFound),
    ] {
        let message = to(&id, dealer, note);
        let refused = hand_over(&world, scope.clone(), message).await;
        assert_eq!(refused.unwrap_err().code(), code, "{scope:?} to {dealer}");
    }
    assert_eq!(world.get(&id).await.dealer, "D1");
    let message = to(&id, "D3", "theirs");
    let handed = hand_over(&world, Scope::Headquarters, message).await;
    assert_eq!(handed.unwrap().dealer, "D3");
}

async fn whoever_had_it_hears_that_it_went_and_nothing_more(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let id = world.open(complaint("D1", "c1")).await.id;
    let watch = world.desk("D1", pb::WatchComplaintsRequest { after: -1 });
    let watched = world.complaints().watch_complaints(watch).await;
    let mut changes = watched.unwrap().into_inner();
    let begun = changes.message().await.unwrap().unwrap();
    assert!(begun.changes.is_empty(), "a sign of life");
    let there = to(&id, "D2", "their car");
    hand_over(&world, north(), there).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(20), changes.message()).await;
    let told = told.unwrap().unwrap().unwrap();
    assert_eq!(told.kind, "amended");
    assert_eq!(
        (
            told.changes[0].id.as_str(),
            told.changes[0].from_dealer.as_str()
        ),
        (id.as_str(), "D1")
    );
    let note = pb::AddNoteRequest {
        id: id.clone(),
        note: "he comes tomorrow".into(),
        ..pb::AddNoteRequest::default()
    };
    let note = world.desk("D2", note);
    world.complaints().add_note(note).await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(500), changes.message()).await;
    assert!(silence.is_err(), "it is the other dealer's matter now");
}

async fn files_of_the_dealer_before_do_not_make_the_case_anew(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = "TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n";
    import(&world, &format!("{HEADER}{row}")).await;
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let id = listed.unwrap().into_inner().complaints.remove(0).id;
    let there = to(&id, "D2", "their car");
    let there = hand_over(&world, north(), there).await.unwrap();
    assert_eq!(there.complaint_key, "", "the key is one of D1's");
    let later = format!("{HEADER}{}", row.replace("异响", "抖动"));
    assert_eq!(import(&world, &later).await.unchanged, 1);
    let mut typed = complaint("D1", "c9");
    typed.complaint_key = "TS1".into();
    let typed = world.desk("D1", typed);
    let refused = world.complaints().open_complaint(typed).await.unwrap_err();
    assert_eq!(reason(&refused), "COMPLAINT_EXISTS");
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 1);
    assert_eq!(world.get(&id).await.text, "制动仍有异响");
    // It comes back, and is again what the file says.
    let back = to(&id, "D1", "ours after all");
    let back = hand_over(&world, north(), back).await.unwrap();
    assert_eq!(back.complaint_key, "TS1");
    assert_eq!(import(&world, &later).await.accepted, 1);
    assert_eq!(world.get(&id).await.text, "制动仍有抖动");
}

async fn a_key_that_another_case_has_by_now_is_in_nobodys_way(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let mut keyed = complaint("D1", "c1");
    keyed.complaint_key = "TS1".into();
    let first = world.open(keyed).await.id;
    let there = to(&first, "D2", "their car");
    hand_over(&world, north(), there).await.unwrap();
    let second = world.open(complaint("D1", "c2")).await.id;
    // A process of the release before knows nothing of keys that were left behind, and reads the dealer's file.
    let write = world.db.write(|conn| {
        let sql = "UPDATE complaints SET complaint_key = 'TS1' WHERE dealer = 'D1'";
        conn.execute(sql, &[])
    });
    assert_eq!(write.await.unwrap(), 1);
    let back = to(&first, "D1", "ours after all");
    let back = hand_over(&world, north(), back).await.unwrap();
    assert_eq!(
        (back.dealer.as_str(), back.complaint_key.as_str()),
        ("D1", "")
    );
    let there = to(&second, "D2", "their car");
    let there = hand_over(&world, north(), there).await.unwrap();
    assert_eq!(there.dealer, "D2");
}
