//! Facts that are corrected, withdrawn, that end, or that are two words on one thing.

use std::time::Duration;

use marque_api::scoring::v1::{
    Evidence, ExportFactsRequest, ExportedFact, FactColumns, GetScoreRequest, Indicator, Score,
};
use marque_auth::{Role, Scope};
use marque_core::Clock as _;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Status;

use crate::world::{
    World, assessment, consented, customer, link, linked, owns, record_of, sold, visit, visited,
};

store_test_suite!(
    a_withdrawn_fact_counts_no_more_and_is_restored_by_saying_it_again,
    a_past_score_is_explained_by_what_was_told_then,
    a_given_indicator_holds_for_so_long_and_no_longer,
    an_order_without_a_vin_and_its_sale_are_one_purchase_with_a_doubt,
    what_cannot_be_withdrawn_is_said,
    who_does_not_want_to_be_scored_is_handed_all_that_was_told_of_him,
    what_is_paid_back_was_not_spent,
);

const VIN: &str = "LJ1EEKRN7R4000001";

async fn world_of_one(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10))];
    world.customers.deliver([linked(1, links)]).await;
    world
}

fn purchase(key: &str, date: &str, amount: &str) -> FactColumns {
    FactColumns {
        kind: "purchase".into(),
        key: key.into(),
        customer_key: "A".into(),
        amount: amount.into(),
        date: date.into(),
        ..FactColumns::default()
    }
}

fn withdrawn(kind: &str, key: &str) -> FactColumns {
    FactColumns {
        kind: kind.into(),
        key: key.into(),
        withdrawn: "yes".into(),
        ..FactColumns::default()
    }
}

async fn explained(world: &World, at: Option<prost_types::Timestamp>) -> Score {
    let request = GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: true,
        at,
    };
    let answer = world.scoring().get_score(world.hq(request)).await;
    answer.unwrap().into_inner().score.unwrap()
}

fn indicator<'s>(score: &'s Score, key: &str) -> &'s Indicator {
    let found = score.indicators.iter().find(|each| each.key == key);
    found.unwrap()
}

/// Value of a fact and the records it rests on; `None` where nothing is known of it.
fn fact(score: &Score, key: &str) -> Option<(f64, Vec<Evidence>)> {
    let features = score.indicators.iter().flat_map(|each| &each.features);
    let mut facts = features.flat_map(|feature| &feature.facts);
    let found = facts.find(|fact| fact.key == key)?;
    Some((found.value, found.evidence.clone()))
}

async fn a_withdrawn_fact_counts_no_more_and_is_restored_by_saying_it_again(db: TestDb) {
    let world = world_of_one(db).await;
    let (one, two) = (
        purchase("SO-1", "2025-01-10", "120000"),
        purchase("SO-2", "2026-01-10", "150000"),
    );
    let first = world.put("D1", one).await;
    let before = world.score(customer(10)).await.hundredths;
    world.put("D1", two.clone()).await;
    let both = world.score(customer(10)).await.hundredths;
    assert!(both > before);
    world.clock.advance(Duration::from_secs(1));
    let taken = world.put("D1", withdrawn("purchase", "SO-2")).await;
    assert!(taken.changed && taken.customer_id == customer(10).to_string());
    assert_ne!(taken.id, first.id);
    assert_eq!(world.score(customer(10)).await.hundredths, before);
    let again = world.put("D1", withdrawn("purchase", "SO-2")).await;
    assert!(!again.changed, "it is withdrawn once");
    assert_eq!(world.count("SELECT count(*) FROM fact_versions").await, 1);
    world.clock.advance(Duration::from_secs(1));
    assert!(world.put("D1", two).await.changed);
    assert_eq!(world.score(customer(10)).await.hundredths, both);
}

async fn a_past_score_is_explained_by_what_was_told_then(db: TestDb) {
    let world = world_of_one(db).await;
    world.clock.advance(Duration::from_secs(1));
    let wrong = purchase("SO-1", "2026-01-10", "1200000");
    world.put("D1", wrong).await;
    let then = world.score(customer(10)).await;
    world.clock.advance(Duration::from_hours(30));
    let right = purchase("SO-1", "2026-01-10", "120000");
    world.put("D1", right).await;
    world
        .put("D1", purchase("SO-2", "2026-02-10", "90000"))
        .await;
    let amount = |score: &Score| fact(score, "purchase_amount").unwrap();
    let now = explained(&world, None).await;
    assert_eq!(amount(&now).0, 210_000.0);
    assert_eq!(amount(&now).1.len(), 2);
    let past = explained(&world, then.assessed_at).await;
    assert_eq!((past.hundredths, past.replayed), (then.hundredths, true));
    assert_eq!(amount(&past).0, 1_200_000.0);
    assert_eq!(amount(&past).1.len(), 1, "the other came later");
    // What is withdrawn now stood then.
    world.clock.advance(Duration::from_secs(1));
    world.put("D1", withdrawn("purchase", "SO-1")).await;
    let past = explained(&world, then.assessed_at).await;
    assert_eq!(amount(&past).1.len(), 1);
    let now = explained(&world, Some(to_proto_time(world.clock.now()))).await;
    assert_eq!(amount(&now).0, 90_000.0);
}

async fn a_given_indicator_holds_for_so_long_and_no_longer(db: TestDb) {
    let world = world_of_one(db).await;
    let given = |key: &str, subject: &str, until: &str| FactColumns {
        valid_until: until.into(),
        ..assessment(key, "A", subject, "90")
    };
    world
        .put("D1", given("1", "social_influence", "2026-06-20"))
        .await;
    world.put("D1", given("2", "credit", "")).await;
    world.put("D1", assessment("3", "A", "standing", "2")).await;
    let score = explained(&world, None).await;
    let social = indicator(&score, "social_influence");
    assert_eq!(social.points, 90.0);
    let by = social.given.clone().unwrap();
    assert_eq!(by.valid_until, "2026-06-20");
    assert_eq!(by.evidence.unwrap().date, "2026-06-01");
    let credit = indicator(&score, "credit").given.clone().unwrap();
    assert_eq!(credit.valid_until, "2027-06-01", "twelve months");
    // The day after it ends, what is known of him counts again.
    world.clock.advance(Duration::from_hours(6 * 24));
    world.put("D1", assessment("4", "A", "contact", "")).await;
    let score = explained(&world, None).await;
    let social = indicator(&score, "social_influence");
    assert!(social.given.is_none() && social.points < 90.0);
    assert!(fact(&score, "standing_level").is_some());
    assert_eq!(indicator(&score, "credit").points, 90.0);
}

async fn an_order_without_a_vin_and_its_sale_are_one_purchase_with_a_doubt(db: TestDb) {
    let world = world_of_one(db).await;
    world
        .vehicles
        .deliver([
            sold(1, VIN, "2026-03-20"),
            owns(2, VIN, record_of("D1", "A"), "2026-03-20"),
        ])
        .await;
    // Ordered two months before the car came; another car of a year ago.
    world
        .put("D1", purchase("SO-1", "2026-01-20", "120000"))
        .await;
    world
        .put("D1", purchase("SO-2", "2025-01-20", "110000"))
        .await;
    let score = explained(&world, None).await;
    let (count, evidence) = fact(&score, "purchase_count").unwrap();
    assert_eq!(count, 2.0, "{evidence:?}");
    let assumed: Vec<(&str, &str)> = evidence
        .iter()
        .map(|each| (each.date.as_str(), each.assumed.as_str()))
        .collect();
    assert_eq!(
        assumed,
        [("2026-01-20", "order_without_vin"), ("2025-01-20", "")]
    );
    let doubt = |words: &[String], text: &str| words.iter().any(|each| each.contains(text));
    assert!(doubt(&score.words_en, "without a VIN") && doubt(&score.words_zh, "未填车架号"));
    // With the VIN there is nothing to assume.
    let whole = FactColumns {
        vin: VIN.into(),
        ..purchase("SO-1", "2026-01-20", "120000")
    };
    world.put("D1", whole).await;
    let score = explained(&world, None).await;
    let (count, evidence) = fact(&score, "purchase_count").unwrap();
    assert_eq!(count, 2.0);
    assert!(evidence.iter().all(|each| each.assumed.is_empty()));
    assert!(!doubt(&score.words_en, "without a VIN"));
}

async fn what_cannot_be_withdrawn_is_said(db: TestDb) {
    let world = world_of_one(db).await;
    let field = |refused: Status| {
        let problem = marque_errors::Problem::from(refused);
        problem.violations[0].field.clone()
    };
    let unknown = world.try_put("D1", withdrawn("purchase", "SO-9")).await;
    assert_eq!(field(unknown.unwrap_err()), "key");
    let unclear = FactColumns {
        withdrawn: "perhaps".into(),
        ..assessment("1", "A", "intention", "3")
    };
    let unclear = world.try_put("D1", unclear).await;
    assert_eq!(field(unclear.unwrap_err()), "withdrawn");
    let ended = FactColumns {
        valid_until: "2026-05-01".into(),
        ..assessment("1", "A", "intention", "3")
    };
    let ended = world.try_put("D1", ended).await;
    assert_eq!(field(ended.unwrap_err()), "valid_until");
}

async fn who_does_not_want_to_be_scored_is_handed_all_that_was_told_of_him(db: TestDb) {
    let world = world_of_one(db).await;
    let wrong = purchase("SO-1", "2026-01-10", "1200000");
    world.put("D1", wrong).await;
    world.clock.advance(Duration::from_secs(1));
    let right = purchase("SO-1", "2026-01-10", "120000");
    world.put("D1", right).await;
    world.put("D1", assessment("1", "A", "standing", "2")).await;
    world
        .customers
        .deliver([consented(2, customer(10), false)])
        .await;
    let (mut facts, mut token) = (Vec::new(), String::new());
    loop {
        let message = ExportFactsRequest {
            customer_id: customer(10).to_string(),
            page_size: 1,
            page_token: token,
            held_rows: false,
        };
        let request = world.ask(Role::Customer, Scope::Customer(customer(10)), message);
        let page = world.scoring().export_facts(request).await.unwrap();
        let page = page.into_inner();
        facts.extend(page.facts);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let of = |fact: &ExportedFact| {
        let is_replaced = fact.replaced_at.is_some();
        (fact.kind.clone(), fact.amount_minor, is_replaced)
    };
    let mut told: Vec<_> = facts.iter().map(of).collect();
    told.sort();
    let purchase = || "purchase".to_owned();
    assert_eq!(
        told,
        [
            ("assessment".to_owned(), None, false),
            (purchase(), Some(12_000_000), false),
            (purchase(), Some(120_000_000), true),
        ]
    );
    assert!(facts.iter().any(|fact| fact.value == Some(2.0)));
    let message = ExportFactsRequest {
        customer_id: customer(10).to_string(),
        ..ExportFactsRequest::default()
    };
    let other = world.ask(Role::Customer, Scope::Customer(customer(20)), message);
    let refused = world.scoring().export_facts(other).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::NotFound);
}

async fn what_is_paid_back_was_not_spent(db: TestDb) {
    let world = world_of_one(db).await;
    let paid = |order: u128, amount_minor| {
        let mut paid = visit("D1", order, "A", "2026-03-01");
        paid.amount_minor = amount_minor;
        paid
    };
    let spent = async |position, visits| {
        world.visits.deliver([visited(position, visits)]).await;
        let score = explained(&world, None).await;
        fact(&score, "service_amount").map(|(yuan, _)| yuan)
    };
    let refund = spent(1, vec![paid(1, -68_000)]).await;
    assert_eq!(refund, None, "nobody told of what was paid");
    let orders = vec![paid(2, 68_000), paid(3, 30_000)];
    assert_eq!(spent(2, orders).await, Some(300.0));
}
