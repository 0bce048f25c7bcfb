//! Who is erased is counted out.

use marque_api::customer::v1::CustomersErased;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{Owner, World, event, record, records};

store_test_suite!(records_of_who_is_erased_are_counted_out);

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
    };
    let kind = "marque.customer.customers.erased";
    let told = [event(2, kind, &told), event(3, kind, &told)];
    world.customers.deliver(told).await;
    world.until(|cards| records(cards) == 37).await;
    let recounted = world.recount().await;
    assert_eq!((recounted.records, recounted.differing), (37, 0));
}
