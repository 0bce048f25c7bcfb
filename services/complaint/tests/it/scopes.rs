//! Who sees which case, and whose it is when customers are linked and merged.

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::{
    attachments::{give, give_named},
    world::{World, again, complaint, customer, linked, merged},
};

store_test_suite!(
    a_case_is_seen_by_its_dealer_its_region_headquarters_and_the_customer,
    a_dealer_who_knows_the_customer_learns_of_his_cases_elsewhere_but_not_what_was_said,
    a_case_may_come_before_its_customer_and_follows_him,
    a_customer_complains_for_himself_and_moves_only_what_is_his_to_move,
    a_customer_complains_for_nobody_but_himself,
    a_customer_says_neither_what_he_is_to_us_nor_under_which_key_or_since_when,
    a_customer_is_not_shown_what_others_said_of_the_same_car,
    a_customer_is_not_shown_what_the_house_tells_itself,
    a_customer_sees_what_he_is_asked_where_the_move_is_marked_for_him,
    a_customer_is_not_shown_beside_a_new_case_how_far_another_of_his_climbed,
    numbers_of_people_are_masked_in_what_was_written_by_who_reads_it,
    the_copy_of_his_data_holds_what_the_house_wrote_about_him,
    a_customer_does_not_learn_by_filters_what_he_is_not_shown,
    a_customer_who_asks_for_anothers_cases_is_shown_none,
    a_region_reads_the_words_of_its_own_dealers_alone,
);

async fn list(
    world: &World,
    role: Role,
    scope: Scope,
    message: pb::ListComplaintsRequest,
) -> Vec<pb::Complaint> {
    let answer = world
        .complaints()
        .list_complaints(world.ask(role, scope, message))
        .await;
    answer.unwrap().into_inner().complaints
}

fn dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

async fn a_case_is_seen_by_its_dealer_its_region_headquarters_and_the_customer(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world
        .customers
        .deliver([linked(1, "D1", "c1", customer(1))])
        .await;
    let seen = [
        (Role::Service, dealer("D1"), true),
        (Role::Service, dealer("D2"), false),
        (Role::Manager, Scope::Region("north".into()), true),
        (Role::Manager, Scope::Region("south".into()), false),
        (Role::Agent, Scope::Headquarters, true),
        (Role::Customer, Scope::Customer(customer(1)), true),
        (Role::Customer, Scope::Customer(customer(2)), false),
    ];
    for (role, scope, is_seen) in seen {
        for name in [&case.id, &case.number] {
            let get = pb::GetComplaintRequest {
                id: name.clone(),
                personal_data: false,
            };
            let got = world
                .complaints()
                .get_complaint(world.ask(role, scope.clone(), get))
                .await;
            assert_eq!(got.is_ok(), is_seen, "{role} {scope:?}");
            assert!(got.is_ok() || got.unwrap_err().code() == Code::NotFound);
        }
        let listed = list(
            &world,
            role,
            scope.clone(),
            pb::ListComplaintsRequest::default(),
        )
        .await;
        assert_eq!(listed.len(), usize::from(is_seen), "{role} {scope:?}");
        let to = pb::MoveComplaintRequest {
            id: case.id.clone(),
            to: "closed".into(),
            ..pb::MoveComplaintRequest::default()
        };
        let moved = world
            .complaints()
            .move_complaint(world.ask(role, scope, to))
            .await
            .unwrap_err();
        let expected = if is_seen {
            Code::FailedPrecondition
        } else {
            Code::NotFound
        };
        assert_eq!(moved.code(), expected);
    }
}

async fn a_dealer_who_knows_the_customer_learns_of_his_cases_elsewhere_but_not_what_was_said(
    db: TestDb,
) {
    let world = World::without_scheduler(db).await;
    world.open(complaint("D1", "c1")).await;
    let events = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D3", "k9", customer(1)),
    ];
    world.customers.deliver(events).await;
    let of_him = pb::ListComplaintsRequest {
        customer_id: customer(1).to_string(),
        ..pb::ListComplaintsRequest::default()
    };
    let elsewhere = list(&world, Role::Service, dealer("D3"), of_him.clone()).await;
    assert_eq!(elsewhere.len(), 1);
    assert!(elsewhere[0].text.is_empty() && elsewhere[0].next_states.is_empty());
    let own = list(&world, Role::Service, dealer("D1"), of_him.clone()).await;
    assert_eq!(own[0].text, "刹车修了三次还是响");
    assert!(
        list(&world, Role::Service, dealer("D2"), of_him)
            .await
            .is_empty()
    );
}

async fn a_case_may_come_before_its_customer_and_follows_him(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert!(case.customer_id.is_empty());
    let link = linked(5, "D1", "c1", customer(1));
    world.customers.deliver([link.clone(), again(&link)]).await;
    assert_eq!(
        world.get(&case.id).await.customer_id,
        customer(1).to_string()
    );
    // An older word that comes later changes nothing.
    world
        .customers
        .deliver([linked(4, "D1", "c1", customer(9))])
        .await;
    assert_eq!(
        world.get(&case.id).await.customer_id,
        customer(1).to_string()
    );
    // Merged: the record moves, and the old id still finds him.
    let events = [
        linked(6, "D1", "c1", customer(2)),
        merged(7, customer(1), customer(2), false),
    ];
    world.customers.deliver(events).await;
    for id in [customer(1), customer(2)] {
        let of_him = pb::ListComplaintsRequest {
            customer_id: id.to_string(),
            ..pb::ListComplaintsRequest::default()
        };
        assert_eq!(
            list(&world, Role::Agent, Scope::Headquarters, of_him)
                .await
                .len(),
            1
        );
    }
    // A case of a record that is known already has its customer at once.
    let second = pb::OpenComplaintRequest {
        category: "价格".into(),
        ..complaint("D1", "c1")
    };
    assert_eq!(
        world.open(second).await.customer_id,
        customer(2).to_string()
    );
}

async fn a_customer_complains_for_himself_and_moves_only_what_is_his_to_move(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = world.put_customer("D1", "c1", "13800138001").await;
    let me = || Scope::Customer(own);
    let request = complaint("D1", "someone-else");
    let opened = world
        .complaints()
        .open_complaint(world.ask(Role::Customer, me(), request))
        .await
        .unwrap()
        .into_inner()
        .complaint
        .unwrap();
    assert_eq!(
        opened.customer_id,
        own.to_string(),
        "whatever he says of others"
    );
    assert_eq!(opened.next_states, ["withdrawn"]);
    let to = |state: &str| pb::MoveComplaintRequest {
        id: opened.id.clone(),
        to: state.into(),
        note: "算了".into(),
        ..pb::MoveComplaintRequest::default()
    };
    let refused = world
        .complaints()
        .move_complaint(world.ask(Role::Customer, me(), to("acknowledged")))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
    let moved = world
        .complaints()
        .move_complaint(world.ask(Role::Customer, me(), to("withdrawn")))
        .await;
    assert_eq!(
        moved.unwrap().into_inner().complaint.unwrap().state,
        "withdrawn"
    );
    let nowhere = pb::OpenComplaintRequest {
        dealer: "D9".into(),
        ..complaint("D1", "c1")
    };
    let refused = world
        .complaints()
        .open_complaint(world.ask(Role::Customer, me(), nowhere))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
}

async fn a_customer_complains_for_nobody_but_himself(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = world.put_customer("D1", "c1", "13800138001").await;
    let other = world.put_customer("D1", "c2", "13900139002").await;
    let open = async |customer_id: String| {
        let request = pb::OpenComplaintRequest {
            customer_id,
            customer_key: String::new(),
            source: String::new(),
            ..complaint("D1", "c1")
        };
        let request = world.ask(Role::Customer, Scope::Customer(own), request);
        world.complaints().open_complaint(request).await
    };
    for foreign in [other.to_string(), "nobody".to_owned()] {
        assert_eq!(open(foreign).await.unwrap_err().code(), Code::NotFound);
    }
    open(own.to_string()).await.unwrap();
}

async fn a_customer_says_neither_what_he_is_to_us_nor_under_which_key_or_since_when(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let of_the_system = |key: &str| pb::OpenComplaintRequest {
        complaint_key: "TS1".into(),
        ..complaint("D1", key)
    };
    let anothers = world.open(of_the_system("c9")).await;
    let own = world.put_customer("D1", "c1", "13800138001").await;
    let request = pb::OpenComplaintRequest {
        tier: "vip".into(),
        opened_at: "2026-02-01".into(),
        ..of_the_system("c1")
    };
    let opened = world
        .complaints()
        .open_complaint(world.ask(Role::Customer, Scope::Customer(own), request))
        .await
        .expect("he does not learn that somebody has a case of this key");
    let opened = world.get(&opened.into_inner().complaint.unwrap().id).await;
    assert_eq!(anothers.complaint_key, "TS1");
    assert_eq!(
        (opened.complaint_key.as_str(), opened.source.as_str()),
        ("", "")
    );
    assert_eq!(opened.tier, "");
    assert_eq!(opened.opened_at, opened.recorded_at);
    // A dealer's key is one of a system that has a name.
    let nameless = pb::OpenComplaintRequest {
        source: String::new(),
        customer_key: String::new(),
        customer_id: own.to_string(),
        complaint_key: "TS2".into(),
        ..complaint("D1", "")
    };
    let refused = world
        .complaints()
        .open_complaint(world.desk("D1", nameless))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

async fn a_customer_is_not_shown_what_others_said_of_the_same_car(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let of_the_car = |key: &str| pb::OpenComplaintRequest {
        vin: "LJ1EEKRN7R4000001".into(),
        ..complaint("D1", key)
    };
    let earlier = world.open(of_the_car("earlier-owner")).await;
    let own = world.put_customer("D1", "c1", "13800138001").await;
    let request = of_the_car("c1");
    let opened = world
        .complaints()
        .open_complaint(world.ask(Role::Customer, Scope::Customer(own), request))
        .await
        .expect("another's case is no twin of his")
        .into_inner();
    assert!(opened.possible_repeats.is_empty());
    let his = opened.complaint.unwrap();
    assert!(his.repeat_of.is_empty());
    assert_eq!(
        world.get(&his.id).await.repeat_of,
        earlier.id,
        "the house knows"
    );
    let agents = pb::FindRepeatsRequest {
        dealer: "D1".into(),
        vin: "LJ1EEKRN7R4000001".into(),
        ..pb::FindRepeatsRequest::default()
    };
    let found = world
        .complaints()
        .find_repeats(world.desk("D1", agents))
        .await
        .unwrap();
    assert_eq!(found.into_inner().complaints.len(), 2, "the desk sees both");
}

async fn a_customer_sees_what_he_is_asked_where_the_move_is_marked_for_him(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = customer(1);
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    let case = world.open(complaint("D1", "c1")).await;
    let moved = async |to: &str, note: &str, told_customer: bool| {
        let message = pb::MoveComplaintRequest {
            id: case.id.clone(),
            to: to.into(),
            note: note.into(),
            told_customer,
            ..pb::MoveComplaintRequest::default()
        };
        world
            .complaints()
            .move_complaint(world.desk("D1", message))
            .await
    };
    let seen = async || -> Vec<String> {
        let get = pb::GetComplaintRequest {
            id: case.id.clone(),
            personal_data: false,
        };
        let me = world.ask(Role::Customer, Scope::Customer(own), get);
        let seen = world.complaints().get_complaint(me).await.unwrap();
        let entries = seen.into_inner().complaint.unwrap().entries.into_iter();
        entries
            .map(|entry| entry.note)
            .filter(|note| !note.is_empty())
            .collect()
    };
    moved("acknowledged", "", false).await.unwrap();
    moved("in_progress", "", false).await.unwrap();
    moved("waiting_customer", "内部：等他", false)
        .await
        .unwrap();
    assert!(seen().await.is_empty(), "it is not marked for him");
    moved("in_progress", "", false).await.unwrap();
    let wordless = moved("waiting_customer", " ", true).await.unwrap_err();
    assert_eq!(wordless.code(), Code::InvalidArgument);
    world.pass(60);
    let asked = moved("waiting_customer", "请寄发票原件", true).await;
    assert_eq!(seen().await, ["请寄发票原件"]);
    // The next word is due a working day after he was asked.
    let asked = asked.unwrap().into_inner().complaint.unwrap();
    let next = asked
        .clocks
        .iter()
        .find(|clock| clock.kind == "next_update");
    assert_eq!(next.unwrap().due_local, "2026-03-03T11:00:00+08:00");
    // Who takes the case up sees both: that it was moved and that he was told.
    let whole = world.get(&case.id).await;
    let told = |entry: &&pb::Entry| entry.note == "请寄发票原件";
    let acts: Vec<&str> = whole
        .entries
        .iter()
        .filter(told)
        .map(|entry| entry.act.as_str())
        .collect();
    assert_eq!(acts, ["moved", "noted"]);
}

async fn a_customer_is_not_shown_what_the_house_tells_itself(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = customer(1);
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    let case = world.open(complaint("D1", "c1")).await;
    let note = |text: &str, told_customer| pb::AddNoteRequest {
        id: case.id.clone(),
        note: text.into(),
        told_customer,
        law_answer: false,
        expected_version: 0,
    };
    for message in [note("内部：疑似改装", false), note("配件明天到", true)] {
        let noted = world.complaints().add_note(world.desk("D1", message)).await;
        noted.unwrap();
    }
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "service".into(),
        text: "查维修记录".into(),
        ..pb::AddTaskRequest::default()
    };
    world
        .complaints()
        .add_task(world.desk("D1", task))
        .await
        .unwrap();
    world
        .go(&case.id, "acknowledged", "先稳住他")
        .await
        .unwrap();
    let get = pb::GetComplaintRequest {
        id: case.id.clone(),
        personal_data: false,
    };
    let me = world.ask(Role::Customer, Scope::Customer(own), get);
    let seen = world.complaints().get_complaint(me).await.unwrap();
    let seen = seen.into_inner().complaint.unwrap();
    let notes: Vec<&str> = seen
        .entries
        .iter()
        .map(|entry| entry.note.as_str())
        .collect();
    assert!(notes.contains(&"配件明天到"), "{notes:?}");
    assert!(
        notes
            .iter()
            .all(|note| note.is_empty() || *note == "配件明天到"),
        "{notes:?}"
    );
    assert!(seen.entries.iter().all(|entry| entry.actor.is_empty()));
    assert!(seen.tasks.is_empty() && seen.clocks.is_empty());
    assert_eq!(
        (seen.text.as_str(), seen.state.as_str()),
        ("刹车修了三次还是响", "acknowledged")
    );
    // Nor does his own word to us count as ours to him.
    let update_due = async || {
        let case = world.get(&case.id).await;
        let update = case.clocks.iter().find(|clock| clock.kind == "next_update");
        update.unwrap().due_at
    };
    let before = update_due().await;
    world.pass(30);
    let said = world.ask(Role::Customer, Scope::Customer(own), note("还在响", true));
    world.complaints().add_note(said).await.unwrap();
    assert_eq!(update_due().await, before);
}

async fn a_customer_is_not_shown_beside_a_new_case_how_far_another_of_his_climbed(db: TestDb) {
    let world = World::start(db).await;
    let own = world.put_customer("D1", "c1", "13800138001").await;
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    let first = world.open(complaint("D1", "c1")).await;
    world.pass(60);
    world
        .wait_for("SELECT count(*) FROM complaint_escalations", 2)
        .await;
    assert_eq!(world.get(&first.id).await.escalated_to, "agent");
    let request = pb::OpenComplaintRequest {
        category: "收费争议".into(),
        ..complaint("D1", "c1")
    };
    let himself = world.ask(Role::Customer, Scope::Customer(own), request);
    let opened = world.complaints().open_complaint(himself).await.unwrap();
    let beside = opened.into_inner().possible_repeats;
    assert_eq!(beside.len(), 1);
    assert_eq!(beside[0].id, first.id);
    assert_eq!(beside[0].escalated_to, "none");
}

async fn numbers_of_people_are_masked_in_what_was_written_by_who_reads_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = customer(1);
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    let (phone, id_number) = ("13967201874", "11010519491231002X");
    let said = format!("电话{phone} 身份证{id_number}");
    let mut words = complaint("D1", "c1");
    words.text.clone_from(&said);
    words.wish.clone_from(&said);
    let case = world.open(words).await;
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "service".into(),
        text: said.clone(),
        ..pb::AddTaskRequest::default()
    };
    let given = world.complaints().add_task(world.desk("D1", task)).await;
    given.unwrap();
    world.go(&case.id, "acknowledged", &said).await.unwrap();
    give_named(&world, &case.id, &format!("{said}.pdf")).await;
    let readers = [
        (Role::Service, dealer("D1"), true, false),
        (Role::Agent, Scope::Headquarters, true, false),
        (Role::Technician, dealer("D1"), false, false),
        (Role::Analyst, Scope::Headquarters, false, false),
        (Role::Customer, Scope::Customer(own), true, true),
    ];
    for (role, scope, has_phone, has_id_number) in readers {
        let get = pb::GetComplaintRequest {
            id: case.id.clone(),
            personal_data: false,
        };
        let asked = world.ask(role, scope.clone(), get);
        let read = world.complaints().get_complaint(asked).await.unwrap();
        let read = read.into_inner().complaint.unwrap();
        let mut texts = vec![read.text, read.wish];
        if role != Role::Customer {
            texts.push(read.tasks[0].text.clone());
            texts.push(read.attachments[0].name.clone());
            // An analyst reads no files.
            if role != Role::Analyst {
                texts.push(list_files(&world, role, scope.clone(), &case.id).await);
            }
            texts.extend(read.entries.into_iter().map(|entry| entry.note));
            texts.retain(|text| !text.is_empty());
            assert!(texts.len() >= 5, "{role}");
        }
        for text in texts {
            assert_eq!(text.contains(phone), has_phone, "{role}");
            assert_eq!(text.contains(id_number), has_id_number, "{role}");
        }
        let all = list(&world, role, scope, pb::ListComplaintsRequest::default()).await;
        assert_eq!(all[0].text.contains(id_number), has_id_number, "{role}");
    }
}

/// What the one file of a case is called.
async fn list_files(world: &World, role: Role, scope: Scope, case: &str) -> String {
    let message = pb::ListAttachmentsRequest { id: case.into() };
    let request = world.ask(role, scope, message);
    let answer = world.complaints().list_attachments(request).await;
    answer.unwrap().into_inner().attachments.remove(0).name
}

async fn the_copy_of_his_data_holds_what_the_house_wrote_about_him(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = customer(1);
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    let id_number = "11010519491231002X";
    let words = pb::OpenComplaintRequest {
        wish: format!("身份证{id_number}"),
        ..complaint("D1", "c1")
    };
    let case = world.open(words).await;
    give(&world, &case.id, b"%PDF-1.7\nletter").await;
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "service".into(),
        text: "查维修记录".into(),
        ..pb::AddTaskRequest::default()
    };
    let given = world.complaints().add_task(world.desk("D1", task)).await;
    given.unwrap();
    world
        .go(&case.id, "acknowledged", "先稳住他")
        .await
        .unwrap();
    let himself = (Role::Customer, Scope::Customer(own));
    let copy = pb::GetComplaintRequest {
        id: case.id.clone(),
        personal_data: true,
    };
    let ask = world.ask(himself.0, himself.1.clone(), copy.clone());
    let copied = world.complaints().get_complaint(ask).await.unwrap();
    let copied = copied.into_inner().complaint.unwrap();
    let whole = world.get(&case.id).await;
    let notes = |case: &pb::Complaint| -> Vec<String> {
        case.entries
            .iter()
            .map(|entry| entry.note.clone())
            .collect()
    };
    assert_eq!(notes(&copied), notes(&whole));
    assert!(notes(&copied).contains(&"先稳住他".to_owned()));
    assert_eq!(copied.tasks[0].text, "查维修记录");
    assert_eq!(copied.attachments[0].name, whole.attachments[0].name);
    // Who of the house wrote it is not his.
    assert!(copied.entries.iter().all(|entry| entry.actor.is_empty()));
    assert!(copied.attachments[0].added_by.is_empty());
    let file = async |personal_data| {
        let message = pb::GetAttachmentRequest {
            id: case.id.clone(),
            attachment_id: whole.attachments[0].id.clone(),
            personal_data,
        };
        let ask = world.ask(himself.0, himself.1.clone(), message);
        world.complaints().get_attachment(ask).await.is_ok()
    };
    assert!(file(true).await && !file(false).await);
    // Whoever hands it out to him has it in clear too, and nobody else.
    give_named(&world, &case.id, &format!("{id_number}.pdf")).await;
    for (role, hands_out) in [(Role::HqAdmin, true), (Role::Agent, false)] {
        let ask = world.ask(role, Scope::Headquarters, copy.clone());
        let handed = world.complaints().get_complaint(ask).await.unwrap();
        let handed = handed.into_inner().complaint.unwrap();
        assert_eq!(handed.wish.contains(id_number), hands_out, "{role}");
        let is_named = |file: &pb::Attachment| file.name.contains(id_number);
        assert_eq!(handed.attachments.iter().any(is_named), hands_out, "{role}");
        let is_nobodys = handed.entries.iter().all(|entry| entry.actor.is_empty());
        assert_eq!(is_nobodys, hands_out, "{role}");
    }
    let stranger = world.ask(Role::Customer, Scope::Customer(customer(2)), copy);
    let refused = world.complaints().get_complaint(stranger).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
}

async fn a_customer_does_not_learn_by_filters_what_he_is_not_shown(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let hidden = [
        pb::ListComplaintsRequest {
            compensation_asked: true,
            ..pb::ListComplaintsRequest::default()
        },
        pb::ListComplaintsRequest {
            escalated_to: "manager".into(),
            ..pb::ListComplaintsRequest::default()
        },
        pb::ListComplaintsRequest {
            overdue: true,
            ..pb::ListComplaintsRequest::default()
        },
        pb::ListComplaintsRequest {
            sort: "due".into(),
            ..pb::ListComplaintsRequest::default()
        },
        pb::ListComplaintsRequest {
            due_until: "2026-03-02".into(),
            ..pb::ListComplaintsRequest::default()
        },
    ];
    for message in hidden {
        let himself = Scope::Customer(customer(1));
        let request = world.ask(Role::Customer, himself, message.clone());
        let refused = world.complaints().list_complaints(request).await;
        assert_eq!(
            refused.unwrap_err().code(),
            Code::InvalidArgument,
            "{message:?}"
        );
        list(&world, Role::Service, dealer("D1"), message).await;
    }
}

async fn a_customer_who_asks_for_anothers_cases_is_shown_none(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world.open(complaint("D1", "c1")).await;
    let events = [
        linked(1, "D1", "c1", customer(2)),
        merged(2, customer(1), customer(2), false),
    ];
    world.customers.deliver(events).await;
    for (own, asked, cases) in [(2, 2, 1), (2, 1, 1), (1, 2, 1), (2, 3, 0), (3, 2, 0)] {
        let message = pb::ListComplaintsRequest {
            customer_id: customer(asked).to_string(),
            ..pb::ListComplaintsRequest::default()
        };
        let himself = Scope::Customer(customer(own));
        let listed = list(&world, Role::Customer, himself, message).await;
        assert_eq!(listed.len(), cases, "{own} asks for {asked}");
    }
}

async fn a_region_reads_the_words_of_its_own_dealers_alone(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world.open(complaint("D1", "c1")).await;
    world.open(complaint("D3", "k9")).await;
    let events = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D3", "k9", customer(1)),
    ];
    world.customers.deliver(events).await;
    let of_him = pb::ListComplaintsRequest {
        customer_id: customer(1).to_string(),
        ..pb::ListComplaintsRequest::default()
    };
    let north = Scope::Region("north".into());
    let seen = list(&world, Role::Manager, north, of_him).await;
    assert_eq!(seen.len(), 2);
    for case in seen {
        assert_eq!(case.text.is_empty(), case.dealer != "D1", "{}", case.dealer);
        assert_eq!(case.next_states.is_empty(), case.dealer != "D1");
    }
}
