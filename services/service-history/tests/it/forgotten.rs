//! Who is erased leaves his visits; what the law wants kept lies beside them.

use marque_api::{customer::v1::CustomersErased, events::v1::Event};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, again, customer, event, link, linked, record_of, vin, visit};

store_test_suite!(
    a_visit_of_who_is_erased_is_nobodys_and_without_his_words,
    who_brought_the_car_is_kept_aside_while_the_law_wants_it,
);

fn erased(position: i64, restricted: bool) -> Event {
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(10).to_string()],
        source_record_ids: vec![record_of("D1", "A").to_string()],
        restricted,
    };
    event(position, "marque.customer.customers.erased", &told)
}

/// Two people with a visit each, one of which was corrected.
async fn two_visits(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), &vin(1)),
        link("D1", "B", customer(20), &vin(2)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "4000"))
        .await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    world
        .put("D1", visit("R2", &vin(2), "B", "03-06", "100"))
        .await;
    world
}

async fn a_visit_of_who_is_erased_is_nobodys_and_without_his_words(db: TestDb) {
    let world = two_visits(db).await;
    let told = erased(2, false);
    world.customers.deliver([told.clone(), again(&told)]).await;
    let visits = world.of_vehicle("", &vin(1)).await;
    let [bare] = &visits[..] else {
        panic!("the car keeps its visit")
    };
    assert_eq!(
        (bare.odometer_km, bare.diagnosis.as_str()),
        (5000, "更换刹车片")
    );
    assert!(bare.customer_id.is_empty() && bare.source_record_id.is_empty());
    assert!(bare.complaint_text.is_empty());
    let other = &world.of_vehicle("", &vin(2)).await[0];
    assert!(!other.customer_id.is_empty() && !other.complaint_text.is_empty());
    for sql in [
        "SELECT count(*) FROM record_links WHERE dealer = 'D1' AND vin LIKE '%000001'",
        "SELECT count(*) FROM visit_versions WHERE source_record_id IS NOT NULL",
        "SELECT count(*) FROM restricted_visits",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    // The dealer's system corrects the visit: it stays nobody's.
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5100"))
        .await;
    let corrected = &world.of_vehicle("", &vin(1)).await[0];
    assert_eq!(corrected.odometer_km, 5100);
    assert!(corrected.source_record_id.is_empty() && corrected.complaint_text.is_empty());
}

async fn who_brought_the_car_is_kept_aside_while_the_law_wants_it(db: TestDb) {
    let world = two_visits(db).await;
    let (kept, ended) = (erased(2, true), erased(3, false));
    world.customers.deliver([kept.clone(), again(&kept)]).await;
    let bare = &world.of_vehicle("", &vin(1)).await[0];
    assert!(bare.source_record_id.is_empty() && bare.complaint_text.is_empty());
    let aside = "SELECT count(*) FROM restricted_visits";
    assert_eq!(world.count(aside).await, 2, "both versions");
    world
        .customers
        .deliver([ended.clone(), again(&ended)])
        .await;
    assert_eq!(world.count(aside).await, 0);
}
