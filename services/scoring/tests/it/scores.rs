//! What a score is, was and rests on.

use marque_api::scoring::v1::{FactColumns, GetScoreRequest, ListScoreHistoryRequest};
use marque_core::{Clock as _, CustomerId};
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, assessment, customer, day, link, linked, merged, visit, visited};

store_test_suite!(
    six_given_indicators_give_the_seeds_score,
    a_payment_moves_the_score_at_once,
    who_has_no_basis_is_unscored,
    a_past_score_is_computed_again_from_its_inputs,
    who_was_merged_keeps_the_scores_he_had,
    the_explanation_adds_up_and_says_what_lifts,
    what_lifts_a_customer_lifts_him_past_those_he_ties_with,
    wrong_rows_name_the_field,
    what_has_not_happened_yet_is_refused_wherever_it_is_told,
    time_passes_for_everybody,
);

const INDICATORS: [(&str, &str); 6] = [
    ("transaction_amount", "80"),
    ("transaction_frequency", "60"),
    ("interaction", "70"),
    ("social_influence", "50"),
    ("future_value", "90"),
    ("credit", "100"),
];

async fn six_given_indicators_give_the_seeds_score(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    for (subject, value) in INDICATORS {
        world
            .put("D1", assessment(subject, "A", subject, value))
            .await;
    }
    let score = world.score(customer(10)).await;
    assert_eq!((score.hundredths, score.confidence), (7_350, 100));
    let standing = score.standing.unwrap();
    assert_eq!(
        (standing.rank, standing.size, standing.tier.as_str()),
        (1, 1, "small")
    );
}

fn payment(key: &str, due: &str, paid: &str) -> FactColumns {
    FactColumns {
        kind: "payment".into(),
        key: key.into(),
        customer_key: "A".into(),
        amount: "3000".into(),
        date: due.into(),
        paid_date: paid.into(),
        ..FactColumns::default()
    }
}

async fn a_payment_moves_the_score_at_once(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    let open = world.put("D1", payment("P1", "2026-04-01", "")).await;
    assert_eq!(open.customer_id, customer(10).to_string());
    let overdue = world.score(customer(10)).await.hundredths;
    let paid = world
        .put("D1", payment("P1", "2026-04-01", "2026-04-01"))
        .await;
    assert!(paid.changed && paid.id == open.id);
    assert!(world.score(customer(10)).await.hundredths > overdue);
    let again = world
        .put("D1", payment("P1", "2026-04-01", "2026-04-01"))
        .await;
    assert!(!again.changed);
}

async fn who_has_no_basis_is_unscored(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    let score = world.score(customer(10)).await;
    assert_eq!((score.state, score.standing), (2, None));
    let pyramid = world.pyramid("person").await;
    assert_eq!((pyramid.size, pyramid.unscored), (0, 1));
    for table in ["scores", "score_history", "loyalty", "loyalty_history"] {
        let sql = format!("SELECT count(*) FROM {table}").leak();
        assert_eq!(world.count(sql).await, 0, "nothing is kept in {table}");
    }
    world
        .put("D1", assessment("1", "A", "intention", "4"))
        .await;
    let pyramid = world.pyramid("person").await;
    assert_eq!((pyramid.size, pyramid.unscored), (1, 0));
    let unknown = world.try_score(customer(99)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

async fn a_past_score_is_computed_again_from_its_inputs(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    world.clock.advance(std::time::Duration::from_secs(1));
    world
        .put("D1", assessment("1", "A", "intention", "2"))
        .await;
    let then = world.score(customer(10)).await;
    let moment = then.assessed_at;
    world.clock.advance(std::time::Duration::from_hours(30));
    world
        .put("D1", assessment("2", "A", "intention", "5"))
        .await;
    let now = world.score(customer(10)).await;
    assert!(now.hundredths > then.hundredths);
    let past = GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: false,
        at: moment,
    };
    let past = world.scoring().get_score(world.hq(past)).await.unwrap();
    let past = past.into_inner().score.unwrap();
    assert_eq!((past.hundredths, past.replayed), (then.hundredths, true));
    let list = ListScoreHistoryRequest {
        customer_id: customer(10).to_string(),
        page_size: 1,
        ..ListScoreHistoryRequest::default()
    };
    let page = world
        .scoring()
        .list_score_history(world.hq(list.clone()))
        .await;
    let page = page.unwrap().into_inner();
    assert_eq!(page.scores.len(), 1);
    let rest = ListScoreHistoryRequest {
        page_token: page.next_page_token,
        ..list
    };
    let rest = world.scoring().list_score_history(world.hq(rest)).await;
    let all = [page.scores, rest.unwrap().into_inner().scores].concat();
    assert!(all.iter().all(|score| score.replayed));
    assert_eq!(
        all.iter().map(|score| score.hundredths).collect::<Vec<_>>(),
        [now.hundredths, then.hundredths],
        "before he had a score there is nothing to show"
    );
    let known_only = GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: false,
        at: Some(to_proto_time(day("2024-06-01"))),
    };
    let known_only = world.scoring().get_score(world.hq(known_only)).await;
    assert_eq!(known_only.unwrap().into_inner().score.unwrap().state, 2);
    let too_early = GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: false,
        at: Some(to_proto_time(day("2020-01-01"))),
    };
    let nothing = world.scoring().get_score(world.hq(too_early)).await;
    assert_eq!(nothing.unwrap_err().code(), Code::NotFound);
}

async fn who_was_merged_keeps_the_scores_he_had(db: TestDb) {
    let world = World::start(db).await;
    let (ann, ann_too) = (customer(10), customer(20));
    let links = vec![link("D1", "A", ann), link("D1", "B", ann_too)];
    world.customers.deliver([linked(1, links)]).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    world
        .put("D1", assessment("1", "A", "intention", "2"))
        .await;
    world
        .put("D1", assessment("2", "B", "intention", "5"))
        .await;
    let then = to_proto_time(world.clock.now());
    let past = async |id: CustomerId| {
        let request = GetScoreRequest {
            customer_id: id.to_string(),
            explain: false,
            at: Some(then),
        };
        let answer = world.scoring().get_score(world.hq(request)).await;
        answer.unwrap().into_inner().score.unwrap()
    };
    let history = async |id: CustomerId| {
        let (mut told, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListScoreHistoryRequest {
                customer_id: id.to_string(),
                page_size: 1,
                page_token,
                ..ListScoreHistoryRequest::default()
            };
            let answer = world.scoring().list_score_history(world.hq(request)).await;
            let page = answer.unwrap().into_inner();
            assert!(page.scores.iter().all(|score| score.replayed));
            let scores = page.scores.into_iter();
            told.extend(scores.map(|score| (score.customer_id, score.hundredths)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return told;
            }
        }
    };
    let before = (past(ann).await, past(ann_too).await);
    assert_ne!(before.0.hundredths, before.1.hundredths);
    world.clock.advance(std::time::Duration::from_hours(30));
    let merge = [
        merged(2, ann_too, ann, false),
        linked(3, vec![link("D1", "B", ann)]),
    ];
    world.customers.deliver(merge).await;
    assert_eq!((past(ann).await, past(ann_too).await), before);
    let all = history(ann).await;
    for score in [&before.0, &before.1] {
        assert!(all.contains(&(score.customer_id.clone(), score.hundredths)));
    }
    assert_eq!(history(ann_too).await, all, "one customer now");
    let undo = [
        linked(4, vec![link("D1", "B", ann_too)]),
        merged(5, ann_too, ann, true),
    ];
    world.customers.deliver(undo).await;
    let own = history(ann).await;
    assert!(own.iter().all(|(id, _)| *id == ann.to_string()), "{own:?}");
    assert_eq!((past(ann).await, past(ann_too).await), before);
}

async fn the_explanation_adds_up_and_says_what_lifts(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=20).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let visits = (1..=20_u128).flat_map(|n| {
        (0..n).map(move |visit_no| {
            let date = format!("2026-{:02}-{:02}", 1 + visit_no % 5, 1 + visit_no);
            visit("D1", n * 100 + visit_no, &format!("K{n}"), &date)
        })
    });
    world.visits.deliver([visited(1, visits.collect())]).await;
    let score = world.score(customer(10)).await;
    let sum: f64 = score.indicators.iter().map(|part| part.contribution).sum();
    assert!(
        (sum - score.hundredths as f64 / 100.0).abs() < 0.005 + 1e-9,
        "{sum}"
    );
    assert!(!score.lifts.is_empty());
    assert_eq!(score.lifts[0].tier, "ordinary");
    assert!(score.words_zh[0].contains("您的评分") && score.words_en[0].contains("Your score"));
    let rank = format!("Among 20 persons you rank {}", score.standing.unwrap().rank);
    assert!(score.words_en[7].starts_with(&rank), "{:?}", score.words_en);
    assert!(score.words_en[8].contains("You may refuse to be scored"));
    assert_eq!((score.words_en.len(), score.words_zh.len()), (9, 9));
}

async fn what_lifts_a_customer_lifts_him_past_those_he_ties_with(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=20).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    for n in 1..=20 {
        let (key, owner) = (n.to_string(), format!("K{n}"));
        world
            .put("D1", assessment(&key, &owner, "standing", "3"))
            .await;
    }
    let tied = world.score(customer(10)).await;
    assert_eq!(tied.standing.unwrap().tier, "small");
    let mut lifts = tied.lifts.iter();
    let lift = lifts.find(|lift| lift.indicator == "credit").unwrap();
    assert_eq!((lift.tier.as_str(), lift.needed), ("ordinary", 50.01));
    let needed = lift.needed.to_string();
    world
        .put("D1", assessment("21", "K10", "credit", &needed))
        .await;
    let lifted = world.score(customer(10)).await.standing.unwrap();
    assert_eq!((lifted.rank, lifted.tier.as_str()), (1, "major"));
}

async fn wrong_rows_name_the_field(db: TestDb) {
    let world = World::start(db).await;
    let wrong = [
        (assessment("1", "A", "luck", "3"), "subject"),
        (assessment("1", "A", "standing", "6"), "value"),
        (assessment("1", "", "standing", "3"), "customer_key"),
        (payment("P1", "soon", ""), "date"),
        (
            FactColumns {
                kind: "visit".into(),
                key: "1".into(),
                customer_key: "A".into(),
                date: "2026-01-01".into(),
                ..FactColumns::default()
            },
            "kind",
        ),
        (
            FactColumns {
                kind: "purchase".into(),
                key: "1".into(),
                customer_key: "A".into(),
                date: "2027-01-01".into(),
                ..FactColumns::default()
            },
            "date",
        ),
    ];
    for (columns, field) in wrong {
        let refused = world.try_put("D1", columns).await.unwrap_err();
        let problem = marque_errors::Problem::from(refused);
        assert_eq!(
            (problem.status, problem.violations[0].field.as_str()),
            (400, field)
        );
    }
    let foreign = world
        .try_put("D9", assessment("1", "A", "standing", "3"))
        .await;
    assert_eq!(
        marque_errors::Problem::from(foreign.unwrap_err()).reason,
        "DEALER_UNKNOWN"
    );
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 0);
}

async fn what_has_not_happened_yet_is_refused_wherever_it_is_told(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10))];
    world.customers.deliver([linked(1, links)]).await;
    let purchase = FactColumns {
        kind: "purchase".into(),
        ..payment("P1", "2026-06-16", "")
    };
    let benefit = FactColumns {
        kind: "benefit".into(),
        date: "2026-06-16".into(),
        ..assessment("1", "A", "wash", "")
    };
    let intention = FactColumns {
        date: "2026-06-16".into(),
        ..assessment("1", "A", "intention", "5")
    };
    let paid = payment("P1", "2026-06-01", "2026-06-16");
    for (columns, field) in [
        (purchase, "date"),
        (benefit, "date"),
        (intention, "date"),
        (paid, "paid_date"),
    ] {
        let refused = world.try_put("D1", columns).await.unwrap_err();
        let problem = marque_errors::Problem::from(refused);
        let violation = &problem.violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.reason.as_str()),
            (field, "IN_FUTURE")
        );
    }
    let at = |instant| GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: false,
        at: Some(to_proto_time(instant)),
    };
    let tomorrow = world
        .scoring()
        .get_score(world.hq(at(day("2026-06-16"))))
        .await;
    let problem = marque_errors::Problem::from(tomorrow.unwrap_err());
    assert_eq!(
        (problem.status, problem.violations[0].field.as_str()),
        (400, "at")
    );
    // What falls due is told before it does, and today is no future.
    world.put("D1", payment("P1", "2026-12-01", "")).await;
    world
        .put("D1", payment("P2", "2026-06-01", "2026-06-15"))
        .await;
    let now = world
        .scoring()
        .get_score(world.hq(at(world.clock.now())))
        .await;
    now.unwrap();
}

async fn time_passes_for_everybody(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    world
        .visits
        .deliver([visited(1, vec![visit("D1", 1, "A", "2026-06-01")])])
        .await;
    let before = world.score(customer(10)).await.hundredths;
    world
        .clock
        .advance(std::time::Duration::from_hours(24 * 400));
    world.pass_time();
    for _ in 0..200 {
        if world.score(customer(10)).await.hundredths < before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("who has not come for a year comes less often");
}
