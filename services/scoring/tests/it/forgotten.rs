//! Who is erased has no score, and none of what it rested on is his.

use marque_api::customer::v1::CustomersErased;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::{
    imports::import,
    world::{
        World, again, assessment, consented, consented_to, customer, event, link, linked, owns,
        record_of, visit, visited,
    },
};

store_test_suite!(
    nothing_comes_in_under_the_key_of_who_was_erased,
    who_is_erased_leaves_ranks_scores_and_facts,
    an_older_binary_forgets_classes_by_model_too,
);

async fn who_is_erased_leaves_ranks_scores_and_facts(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10)), link("D1", "B", customer(20))];
    world
        .customers
        .deliver([
            linked(1, links),
            consented(2, customer(10), true),
            consented_to("care", 3, customer(10), true),
        ])
        .await;
    let visits = vec![
        visit("D1", 1, "A", "2026-03-01"),
        visit("D1", 2, "B", "2026-03-02"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    keep_class_by_model(&world).await;
    let other = world.score(customer(20)).await;
    assert_eq!(world.pyramid("person").await.size, 2);

    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(10).to_string()],
        source_record_ids: vec![record_of("D1", "A").to_string()],
        restricted: false,
        words: Vec::new(),
    };
    let told = event(3, "marque.customer.customers.erased", &told);
    world.customers.deliver([told.clone(), again(&told)]).await;
    let gone = world.try_score(customer(10)).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(world.pyramid("person").await.size, 1);
    assert_eq!(world.score(customer(20)).await.hundredths, other.hundredths);
    for (sql, left) in [
        ("SELECT count(*) FROM scores WHERE state <> 'gone'", 1),
        (
            "SELECT coalesce(max(length(inputs)), 0) FROM scores WHERE state = 'gone'",
            4,
        ),
        ("SELECT count(DISTINCT customer_id) FROM score_history", 1),
        ("SELECT count(*) FROM loyalty", 1),
        ("SELECT count(DISTINCT customer_id) FROM loyalty_history", 1),
        ("SELECT count(*) FROM model_loyalty_history", 0),
        ("SELECT count(*) FROM record_links", 1),
        ("SELECT count(*) FROM scoring_consents", 0),
        ("SELECT count(*) FROM care_consents", 0),
        ("SELECT count(*) FROM facts", 2),
        (
            "SELECT count(*) FROM facts WHERE source_record_id IS NULL",
            1,
        ),
    ] {
        assert_eq!(world.count(sql).await, left, "{sql}");
    }
}

/// Lets customer 10 have been lost to one of his models.
async fn keep_class_by_model(world: &World) {
    let db = world.db.handle();
    let kept = db.write(|conn| {
        let sql = "INSERT INTO model_loyalty_history (customer_id, model, at, class) VALUES (?1, 'X3', 1, 'lost')";
        conn.execute(sql, &[customer(10).uuid().into()])
    });
    kept.await.unwrap();
}

async fn an_older_binary_forgets_classes_by_model_too(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10))];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![visit("D1", 1, "A", "2026-03-01")];
    world.visits.deliver([visited(1, visits)]).await;
    keep_class_by_model(&world).await;
    // As the release before forgets: it knows no classes by model.
    let older = world.db.handle();
    let forgotten = older.write(|conn| {
        let sql = "DELETE FROM loyalty_history WHERE customer_id = ?1";
        conn.execute(sql, &[customer(10).uuid().into()])
    });
    assert!(forgotten.await.unwrap() > 0);
    let kept = "SELECT count(*) FROM model_loyalty_history";
    assert_eq!(world.count(kept).await, 0);
}

async fn nothing_comes_in_under_the_key_of_who_was_erased(db: TestDb) {
    let world = World::start(db).await;
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(10).to_string()],
        source_record_ids: vec![record_of("D1", "A").to_string()],
        restricted: false,
        words: Vec::new(),
    };
    let told = event(1, "marque.customer.customers.erased", &told);
    world.customers.deliver([told]).await;
    let live = assessment("AS-1", "A", "standing", "3");
    let refused = world.try_put("D1", live).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    let file = "purchase_key,customer_key,amount,date\nSO-1,A,120000,2025-01-10\n";
    let done = import(&world, "purchases", file).await;
    assert_eq!((done.received, done.unchanged), (1, 1));
    // What was told of him before he was erased may come after.
    let car = "LJ1EEKRN7R4000001";
    let brought = vec![visit("D1", 1, "A", "2026-03-01")];
    world.visits.deliver([visited(1, brought)]).await;
    let owner = owns(1, car, record_of("D1", "A"), "2025-01-10");
    world.vehicles.deliver([owner]).await;
    let mut referred = link("D1", "B", customer(20));
    referred.referrer_record_id = record_of("D1", "A").to_string();
    world.customers.deliver([linked(2, vec![referred])]).await;
    for (sql, left) in [
        ("SELECT count(*) FROM facts", 1),
        (
            "SELECT count(*) FROM facts WHERE source_record_id IS NOT NULL",
            0,
        ),
        ("SELECT count(*) FROM vehicle_parties", 0),
        ("SELECT count(*) FROM record_links", 1),
        (
            "SELECT count(*) FROM record_links WHERE referrer IS NOT NULL",
            0,
        ),
    ] {
        assert_eq!(world.count(sql).await, left, "{sql}");
    }
}
