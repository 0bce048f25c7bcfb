//! Who is erased leaves his cases: they end, and nothing of what he said or sent is left.

use marque_api::{complaint::v1 as pb, customer::v1::CustomersErased};
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    attachments::give,
    corrections::amend,
    imports::{HEADER, import},
    world::{World, again, complaint, customer, event, linked, reason, record_of},
};

store_test_suite!(
    a_case_of_who_is_erased_ends_without_a_word,
    nobody_complains_under_the_key_of_who_was_erased,
);

async fn search(world: &World, query: &str) -> usize {
    let message = pb::SearchComplaintsRequest {
        query: query.into(),
        limit: 0,
    };
    let found = world
        .complaints()
        .search_complaints(world.hq(message))
        .await;
    found.unwrap().into_inner().complaints.len()
}

async fn a_case_of_who_is_erased_ends_without_a_word(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let links = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D1", "c2", customer(2)),
    ];
    world.customers.deliver(links).await;
    let mut said = complaint("D1", "c1");
    said.text = "the gearbox of Wang Sample howls".into();
    let case = world.open(said).await;
    let mut other = complaint("D1", "c2");
    other.another_matter = true;
    world.open(other).await;
    give(&world, &case.id, b"%PDF-1.7\na letter of Wang Sample").await;
    for _ in 0..200 {
        if search(&world, "howls").await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(
        (search(&world, "howls").await, world.stored_files().len()),
        (1, 1)
    );

    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(1).to_string()],
        source_record_ids: vec![record_of("D1", "c1").to_string()],
        restricted: true,
        words: Vec::new(),
    };
    let told = event(3, "marque.customer.customers.erased", &told);
    world.customers.deliver([told.clone(), again(&told)]).await;
    let bare = world.get(&case.id).await;
    assert_eq!((bare.state.as_str(), bare.text.as_str()), ("closed", ""));
    assert!(bare.customer_id.is_empty() && bare.source_record_id.is_empty());
    assert!(bare.attachments.is_empty() && bare.tasks.is_empty() && bare.clocks.is_empty());
    // How it ended is told, once, and there is nobody for whom it could be opened again.
    let ends: Vec<_> = bare
        .entries
        .iter()
        .filter(|entry| entry.act == "erased")
        .collect();
    assert_eq!(ends, [bare.entries.last().unwrap()]);
    assert_eq!(
        (
            ends[0].actor.as_str(),
            ends[0].from.as_str(),
            ends[0].to.as_str()
        ),
        ("complaint.erasure", "received", "closed")
    );
    assert!(bare.next_states.is_empty(), "{:?}", bare.next_states);
    let list = pb::ListComplaintsRequest {
        state: "closed".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let listed = listed.unwrap().into_inner().complaints;
    assert!(listed.len() == 1 && listed[0].next_states.is_empty());
    let refused = world.go(&case.id, "reopened", "x").await.unwrap_err();
    assert_eq!(reason(&refused), "COMPLAINT_ERASED");
    for sql in [
        "SELECT count(*) FROM complaint_entries WHERE length(note) > 0",
        "SELECT count(*) FROM record_links WHERE position = 1",
        "SELECT count(*) FROM complaints WHERE customer_id IS NULL AND is_open",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    world.wait_for("SELECT count(*) FROM erased_files", 0).await;
    assert!(world.stored_files().is_empty());
    for _ in 0..200 {
        if search(&world, "howls").await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the search still finds what was said");
}

async fn nobody_complains_under_the_key_of_who_was_erased(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let links = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D1", "c2", customer(2)),
    ];
    world.customers.deliver(links).await;
    let other = world.open(complaint("D1", "c2")).await;
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(1).to_string()],
        source_record_ids: vec![record_of("D1", "c1").to_string()],
        restricted: false,
        words: Vec::new(),
    };
    let told = event(3, "marque.customer.customers.erased", &told);
    world.customers.deliver([told]).await;

    let at_the_desk = world.desk("D1", complaint("D1", "c1"));
    let refused = world.complaints().open_complaint(at_the_desk).await;
    assert_eq!(reason(&refused.unwrap_err()), "RECORD_ERASED");
    let given = pb::AmendComplaintRequest {
        source: "dms".into(),
        customer_key: "c1".into(),
        note: "同名的另一位".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let refused = amend(&world, &other, given).await.unwrap_err();
    assert_eq!(reason(&refused), "RECORD_ERASED");
    let row = "TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n";
    let done = import(&world, &format!("{HEADER}{row}")).await;
    assert_eq!((done.received, done.unchanged), (1, 1));
    for sql in [
        "SELECT count(*) FROM complaints WHERE customer_id IS NULL",
        "SELECT count(*) - 1 FROM complaints",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
}
