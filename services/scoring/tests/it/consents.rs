//! Who does not want to be scored is not.

use marque_api::scoring::v1::{
    GetLoyaltyRequest, GetLoyaltyResponse, GetOutlookRequest, GetOutlookResponse, GetScoreRequest,
    ListLoyaltyRequest, ListScoreHistoryRequest, ListScoresRequest,
};
use marque_auth::{Role, Scope};
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::world::{DOWN, World, consented, customer, day, link, linked, merged, visit, visited};

store_test_suite!(
    who_withdraws_consent_has_no_score_until_he_gives_it_again,
    a_refusal_holds_after_a_merge,
    who_has_just_withdrawn_consent_is_on_no_list,
    who_has_just_withdrawn_consent_has_no_score_and_no_loyalty,
    nobody_is_shown_while_nobody_knows_whether_he_agrees,
    scores_of_the_past_are_told_only_to_who_refused_them,
    what_somebody_was_scored_before_he_withdrew_consent_is_his_alone,
);

async fn world_of_two(db: TestDb) -> World {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(
            1,
            vec![link("D1", "A", customer(10)), link("D1", "B", customer(20))],
        )])
        .await;
    world
        .visits
        .deliver([visited(
            1,
            vec![
                visit("D1", 1, "A", "2026-03-01"),
                visit("D1", 2, "B", "2026-03-02"),
            ],
        )])
        .await;
    world
}

async fn who_withdraws_consent_has_no_score_until_he_gives_it_again(db: TestDb) {
    let world = world_of_two(db).await;
    let before = world.score(customer(10)).await;
    world
        .customers
        .deliver([consented(2, customer(10), false)])
        .await;
    let refused = world.score(customer(10)).await;
    assert_eq!((refused.state, refused.hundredths), (3, 0));
    assert!(refused.standing.is_none() && refused.indicators.is_empty());
    assert!(
        refused.words_zh[0].contains("不同意评分") && refused.words_en[1].contains("agree again"),
        "who refused is told so, and how to go back on it"
    );
    let pyramid = world.pyramid("person").await;
    assert_eq!((pyramid.size, pyramid.opted_out), (1, 1));
    assert_eq!(
        world
            .count("SELECT max(length(inputs)) FROM scores WHERE state = 'opted_out'")
            .await,
        4,
        "nothing is kept of him"
    );
    // Facts go on coming in, and change nothing of it.
    world
        .visits
        .deliver([visited(2, vec![visit("D1", 3, "A", "2026-04-01")])])
        .await;
    assert_eq!(world.score(customer(10)).await.state, 3);
    world
        .customers
        .deliver([consented(3, customer(10), true)])
        .await;
    assert!(world.score(customer(10)).await.hundredths > before.hundredths);
}

/// The event of his word has not come yet, and may be seconds late.
async fn who_has_just_withdrawn_consent_is_on_no_list(db: TestDb) {
    let world = world_of_two(db).await;
    let scores = async || {
        let request = world.hq(ListScoresRequest::default());
        let answer = world.scoring().list_scores(request).await;
        let scores = answer.unwrap().into_inner().scores;
        let mut ids: Vec<String> = scores.into_iter().map(|score| score.customer_id).collect();
        ids.sort();
        ids
    };
    let loyalties = async || {
        let request = world.hq(ListLoyaltyRequest::default());
        let answer = world.scoring().list_loyalty(request).await;
        let customers = answer.unwrap().into_inner().customers;
        let mut ids: Vec<String> = customers.into_iter().map(|line| line.customer_id).collect();
        ids.sort();
        ids
    };
    let both = [10, 20].map(|n| customer(n).to_string());
    assert_eq!(
        (scores().await, loyalties().await),
        (both.to_vec(), both.to_vec())
    );
    world
        .withdrawn
        .lock()
        .unwrap()
        .push((customer(10), "scoring"));
    let other = vec![customer(20).to_string()];
    assert_eq!(
        (scores().await, loyalties().await),
        (other.clone(), other.clone())
    );
    // That he does not want to be reminded is nothing to his score.
    *world.withdrawn.lock().unwrap() = vec![(customer(10), "care")];
    assert_eq!(
        (scores().await, loyalties().await),
        (both.to_vec(), both.to_vec())
    );
    // Whom to win is a list for advertising; who is worth how much is none.
    *world.withdrawn.lock().unwrap() = vec![(customer(10), "marketing")];
    assert_eq!((scores().await, loyalties().await), (both.to_vec(), other));
}

async fn loyalty(world: &World, n: u128) -> Result<GetLoyaltyResponse, Status> {
    let request = GetLoyaltyRequest {
        customer_id: customer(n).to_string(),
    };
    let answer = world.scoring().get_loyalty(world.hq(request)).await;
    answer.map(tonic::Response::into_inner)
}

async fn outlook(world: &World, n: u128, looks_for_consent: bool) -> GetOutlookResponse {
    let request = GetOutlookRequest {
        customer_id: customer(n).to_string(),
        looks_for_consent,
    };
    let answer = world.scoring().get_outlook(world.hq(request)).await;
    answer.unwrap().into_inner()
}

async fn who_has_just_withdrawn_consent_has_no_score_and_no_loyalty(db: TestDb) {
    let world = world_of_two(db).await;
    assert_eq!(world.score(customer(10)).await.state, 1);
    let word = (customer(10), "scoring");
    world.withdrawn.lock().unwrap().push(word);
    let score = world.score(customer(10)).await;
    assert_eq!((score.state, score.hundredths), (3, 0));
    assert!(score.standing.is_none() && score.indicators.is_empty() && score.lifts.is_empty());
    assert!(score.words_en[0].contains("do not want to be scored"));
    let assessed = loyalty(&world, 10).await.unwrap().loyalty.unwrap();
    assert_eq!((assessed.opted_out, assessed.churn), (true, None));
    assert!(assessed.class.is_empty() && assessed.rhythm.is_none());
    let seen = outlook(&world, 10, false).await;
    assert_eq!(seen.score.unwrap().state, 3);
    assert!(seen.loyalty.unwrap().opted_out);
    // Whoever has his consents before him sees that he must ask once more.
    assert_eq!(outlook(&world, 10, true).await.score.unwrap().state, 1);
    assert_eq!(world.score(customer(20)).await.state, 1);
}

async fn nobody_is_shown_while_nobody_knows_whether_he_agrees(db: TestDb) {
    let world = world_of_two(db).await;
    world.withdrawn.lock().unwrap().push((customer(20), DOWN));
    let refused = world.try_score(customer(10)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let refused = loyalty(&world, 10).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let seen = outlook(&world, 10, false).await;
    assert_eq!((seen.score, seen.loyalty), (None, None));
}

async fn a_refusal_holds_after_a_merge(db: TestDb) {
    let world = world_of_two(db).await;
    world
        .customers
        .deliver([
            consented(2, customer(20), false),
            merged(3, customer(20), customer(10), false),
            linked(4, vec![link("D1", "B", customer(10))]),
        ])
        .await;
    assert_eq!(world.score(customer(20)).await.state, 3);
    assert_eq!(world.score(customer(10)).await.state, 3);
    world
        .customers
        .deliver([
            linked(5, vec![link("D1", "B", customer(20))]),
            merged(6, customer(20), customer(10), true),
        ])
        .await;
    assert_eq!(world.score(customer(10)).await.state, 1);
    assert_eq!(world.score(customer(20)).await.state, 3);
}

async fn scores_of_the_past_are_told_only_to_who_refused_them(db: TestDb) {
    let world = world_of_two(db).await;
    let of_past = async |role, scope: Scope, for_the_person| {
        let request = ListScoreHistoryRequest {
            customer_id: customer(10).to_string(),
            for_the_person,
            ..ListScoreHistoryRequest::default()
        };
        let request = world.ask(role, scope, request);
        let answer = world.scoring().list_score_history(request).await;
        !answer.unwrap().into_inner().scores.is_empty()
    };
    let dealer = || Scope::Dealer("D1".parse().unwrap());
    assert!(of_past(Role::Manager, dealer(), false).await);
    let word = (customer(10), "scoring");
    world.withdrawn.lock().unwrap().push(word);
    assert!(!of_past(Role::Manager, dealer(), false).await);
    assert!(!of_past(Role::Manager, dealer(), true).await);
    let hq = Scope::Headquarters;
    assert!(!of_past(Role::HqAdmin, hq.clone(), false).await);
    // What is handed out to him on request is whole, and so is what he asks for himself.
    assert!(of_past(Role::HqAdmin, hq.clone(), true).await);
    let himself = || Scope::Customer(customer(10));
    assert!(of_past(Role::Customer, himself(), false).await);

    let then = async |role, scope| {
        let request = GetScoreRequest {
            customer_id: customer(10).to_string(),
            explain: true,
            at: Some(to_proto_time(day("2026-06-15"))),
        };
        let request = world.ask(role, scope, request);
        let answer = world.scoring().get_score(request).await;
        answer.unwrap().into_inner().score.unwrap().state
    };
    assert_eq!(then(Role::HqAdmin, hq).await, 3);
    assert_eq!(then(Role::Customer, himself()).await, 1);
}

async fn what_somebody_was_scored_before_he_withdrew_consent_is_his_alone(db: TestDb) {
    let world = world_of_two(db).await;
    let then = world.score(customer(10)).await.assessed_at;
    let history = async |role: Role, scope: Scope| {
        let message = ListScoreHistoryRequest {
            customer_id: customer(10).to_string(),
            ..ListScoreHistoryRequest::default()
        };
        let request = world.ask(role, scope, message);
        let answer = world.scoring().list_score_history(request).await;
        answer.unwrap().into_inner().scores.len()
    };
    let dealer = || Scope::Dealer("D1".parse().unwrap());
    let own = || Scope::Customer(customer(10));
    assert!(history(Role::Manager, dealer()).await > 0);
    let withdrawn = (customer(10), "scoring");
    world.withdrawn.lock().unwrap().push(withdrawn);
    assert_eq!(history(Role::Manager, dealer()).await, 0);
    assert!(history(Role::Customer, own()).await > 0);
    let past = GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: false,
        at: then,
    };
    let past = world.scoring().get_score(world.manager("D1", past)).await;
    let past = past.unwrap().into_inner().score.unwrap();
    assert_eq!((past.state, past.hundredths), (3, 0));
}
