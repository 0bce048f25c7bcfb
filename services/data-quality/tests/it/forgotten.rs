//! Who is erased is counted out.

use std::time::Duration;

use marque_api::customer::v1::CustomersErased;
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    verification::import_of,
    world::{Owner, TWINS, World, event, record, records},
};

store_test_suite!(
    records_of_who_is_erased_are_counted_out,
    what_was_on_its_way_when_its_person_was_erased_is_not_kept,
    who_is_erased_does_not_come_back_with_a_sibling,
    no_call_about_who_is_erased_is_kept,
);

async fn records_of_who_is_erased_are_counted_out(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let sent: Vec<_> = (0..40).map(|n| record(n, 2, 1)).collect();
    world.change(&sent);
    world.until(|cards| records(cards) == 40).await;
    world.owner.forget(&sent[..3]);
    let gone = sent[..3].iter().map(|record| record.id.clone()).collect();
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: Vec::new(),
        source_record_ids: gone,
        restricted: false,
        words: Vec::new(),
    };
    let kind = "marque.customer.customers.erased";
    let told = [event(2, kind, &told), event(3, kind, &told)];
    world.customers.deliver(told).await;
    world.until(|cards| records(cards) == 37).await;
    let recounted = world.recount().await;
    assert_eq!((recounted.records, recounted.differing), (37, 0));
}

async fn what_was_on_its_way_when_its_person_was_erased_is_not_kept(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let first: Vec<_> = (0..10).map(|n| record(n, 2, 1)).collect();
    world.change(&first);
    world.until(|cards| records(cards) == 10).await;
    let held = world.owner.1.lock().await;
    let late = record(10, 2, 1);
    world.change(std::slice::from_ref(&late));
    // By then it is asked for, and its owner has said what it is.
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.owner.forget(std::slice::from_ref(&late));
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        source_record_ids: vec![late.id],
        ..CustomersErased::default()
    };
    let event = event(99, "marque.customer.customers.erased", &told);
    world.customers.deliver([event]).await;
    drop(held);
    // Two that come later are counted together; by then the other would have been.
    world.change(&[record(11, 2, 1), record(12, 2, 1)]);
    world.until(|cards| records(cards) >= 12).await;
    let recounted = world.recount().await;
    assert_eq!((recounted.records, recounted.differing), (12, 0));
}

async fn who_is_erased_does_not_come_back_with_a_sibling(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let mut twins = [record(0, 2, 1), record(1, 2, 1)];
    for twin in &mut twins {
        twin.source = TWINS.into();
    }
    world.change(&twins);
    world.until(|cards| records(cards) == 2).await;
    let held = world.owner.1.lock().await;
    world.change(&twins[..1]);
    // By then one is asked for, and its owner has said what both are.
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.owner.forget(&twins[1..]);
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        source_record_ids: vec![twins[1].id.clone()],
        ..CustomersErased::default()
    };
    let event = event(99, "marque.customer.customers.erased", &told);
    world.customers.deliver([event]).await;
    drop(held);
    // Two that come later are counted together; by then the other would have been.
    world.change(&[record(11, 2, 1), record(12, 2, 1)]);
    world.until(|cards| records(cards) >= 3).await;
    let recounted = world.recount().await;
    assert_eq!((recounted.records, recounted.differing), (3, 0));
}

async fn no_call_about_who_is_erased_is_kept(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let sent: Vec<_> = (0..2).map(|n| record(n, 2, 1)).collect();
    world.change(&sent);
    world.until(|cards| records(cards) == 2).await;
    world.owner.forget(&sent[..1]);
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: Vec::new(),
        source_record_ids: vec![sent[0].id.clone()],
        restricted: false,
        words: Vec::new(),
    };
    let told = event(2, "marque.customer.customers.erased", &told);
    world.customers.deliver([told]).await;
    world.until(|cards| records(cards) == 1).await;
    for (record, accepted) in [(&sent[0], 0), (&sent[1], 1)] {
        let id = &record.id;
        let file = format!("source_key,outcome,verification_key\n{id},confirmed,a\n");
        let import = import_of(&world, &record.dealer, &file).await;
        let told = (import.received, import.accepted, import.quarantined);
        assert_eq!(told, (1, accepted, 0), "{import:?}");
    }
}
