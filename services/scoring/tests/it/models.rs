//! Models: another one, what it would do, and who said so.

use marque_api::scoring::v1::{
    CalibrateModelRequest, ListModelsRequest, PutModelRequest, Weight, WhatIfRequest,
};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, assessment, customer, link, linked};

store_test_suite!(
    what_if_says_who_would_move_and_writes_nothing,
    what_if_asks_for_other_curves_too,
    a_new_model_scores_everybody_and_the_old_scores_stay_on_record,
    a_version_never_changes,
    a_calibration_needs_customers_and_is_not_active,
);

/// The model that ships with Marque.
const SHIPPED: &str = include_str!("../../../../crates/insight/data/value-model.toml");

fn weight(indicator: &str, weight: f64) -> Weight {
    Weight {
        indicator: indicator.into(),
        weight,
    }
}

/// Ten customers: the higher the number, the higher the standing and the lower the intention.
async fn ten(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = (1..=10).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    for n in 1..=10_u32 {
        let (key, up, down) = (
            format!("K{n}"),
            (10 * n).to_string(),
            (110 - 10 * n).to_string(),
        );
        world
            .put(
                "D1",
                assessment(&format!("s{n}"), &key, "social_influence", &up),
            )
            .await;
        world
            .put(
                "D1",
                assessment(&format!("f{n}"), &key, "future_value", &down),
            )
            .await;
    }
    world
}

async fn what_if_says_who_would_move_and_writes_nothing(db: TestDb) {
    let world = ten(db).await;
    let changes = "SELECT change FROM score_clock";
    let before = world.count(changes).await;
    let ask = |weights| WhatIfRequest {
        weights,
        ..WhatIfRequest::default()
    };
    let standing_counts = ask(vec![weight("future_value", 0.0)]);
    let answer = world.scoring().what_if(world.hq(standing_counts)).await;
    let answer = answer.unwrap().into_inner();
    // At equal sums the smaller ids stand first; by standing alone, customers 10 and 9 do.
    assert_eq!((answer.population, answer.moved), (10, 4));
    assert_eq!(answer.movers[0].customer_id, customer(10).to_string());
    let to = answer.movers[0].to.as_ref().unwrap();
    assert_eq!((to.rank, to.size, to.tier.as_str()), (1, 10, "ordinary"));
    assert_eq!(world.count(changes).await, before);
    let no_model = WhatIfRequest {
        model_toml: "version = 3".into(),
        ..WhatIfRequest::default()
    };
    let two_models = [
        ask(vec![weight("credit", 10.0)]),
        WhatIfRequest {
            model_toml: SHIPPED.into(),
            ..WhatIfRequest::default()
        },
    ];
    let [weights_of_kept, model_of_kept] = two_models.map(|request| WhatIfRequest {
        model_version: "shipped-1".into(),
        ..request
    });
    for (wrong, field) in [
        (weights_of_kept, "model_version"),
        (model_of_kept, "model_version"),
        (ask(vec![weight("luck", 5.0)]), "weights"),
        (ask(vec![weight("credit", -1.0)]), "weights"),
        (ask(Vec::new()), "weights"),
        (no_model, "model_toml"),
    ] {
        let refused = world.scoring().what_if(world.hq(wrong)).await.unwrap_err();
        let refused = marque_errors::Problem::from(refused);
        let named = refused.violations[0].field.as_str();
        assert_eq!((refused.status, named), (400, field));
    }
}

async fn what_if_asks_for_other_curves_too(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=5).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    for n in 1..=5_u32 {
        let (key, level) = (format!("K{n}"), n.to_string());
        world
            .put("D1", assessment(&key, &key, "standing", &level))
            .await;
    }
    let upside_down = SHIPPED.replace("shipped-1", "upside-down").replace(
        "[[1, 20], [2, 35], [3, 50], [4, 75], [5, 100]]",
        "[[1, 100], [5, 1]]",
    );
    let request = WhatIfRequest {
        model_toml: upside_down,
        ..WhatIfRequest::default()
    };
    let answer = world.scoring().what_if(world.hq(request)).await;
    let answer = answer.unwrap().into_inner();
    // Of five, one is ordinary: who stood highest gives way to who stood lowest.
    assert_eq!((answer.population, answer.moved), (5, 2));
    let places = answer.movers.iter().map(|mover| {
        let tier = mover.to.as_ref().unwrap().tier.as_str();
        (mover.customer_id.clone(), tier)
    });
    let expected = [
        (customer(1).to_string(), "ordinary"),
        (customer(5).to_string(), "small"),
    ];
    assert_eq!(places.collect::<Vec<_>>(), expected);
}

async fn a_new_model_scores_everybody_and_the_old_scores_stay_on_record(db: TestDb) {
    let world = ten(db).await;
    let before = world.score(customer(10)).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let put = PutModelRequest {
        weights: vec![weight("future_value", 0.0)],
        version: "standing-counts".into(),
        activate: true,
        ..PutModelRequest::default()
    };
    let put = world.scoring().put_model(world.hq(put)).await.unwrap();
    assert_eq!(put.into_inner().rescored, 10);
    let after = world.score(customer(10)).await;
    assert_eq!(after.model_version, "standing-counts");
    assert_eq!(after.standing.unwrap().rank, 1);
    assert_eq!(
        world.pyramid("person").await.model_version,
        "standing-counts"
    );
    let past = marque_api::scoring::v1::GetScoreRequest {
        customer_id: customer(10).to_string(),
        explain: true,
        at: before.assessed_at,
    };
    let past = world.scoring().get_score(world.hq(past)).await.unwrap();
    let past = past.into_inner().score.unwrap();
    assert_eq!(
        (past.hundredths, past.model_version.as_str(), past.replayed),
        (before.hundredths, "shipped-1", true)
    );
    let list = world
        .scoring()
        .list_models(world.hq(ListModelsRequest {}))
        .await;
    let models = list.unwrap().into_inner().models;
    let versions: Vec<(&str, bool)> = models
        .iter()
        .map(|model| (model.version.as_str(), model.active))
        .collect();
    assert_eq!(versions, [("standing-counts", true), ("shipped-1", false)]);
    let acts = "SELECT count(*) FROM audit WHERE subject = 'standing-counts'";
    assert_eq!(
        world.count(acts).await,
        2,
        "put and activated are on the record"
    );
    // Back to the kept one.
    let back = PutModelRequest {
        version: "shipped-1".into(),
        activate: true,
        ..PutModelRequest::default()
    };
    world.scoring().put_model(world.hq(back)).await.unwrap();
    assert_eq!(
        world.score(customer(10)).await.hundredths,
        before.hundredths
    );
}

async fn a_version_never_changes(db: TestDb) {
    let world = ten(db).await;
    let put = |credit| PutModelRequest {
        weights: vec![weight("credit", credit)],
        version: "v2".into(),
        ..PutModelRequest::default()
    };
    world.scoring().put_model(world.hq(put(5.0))).await.unwrap();
    world.scoring().put_model(world.hq(put(5.0))).await.unwrap();
    let refused = world.scoring().put_model(world.hq(put(6.0))).await;
    let problem = marque_errors::Problem::from(refused.unwrap_err());
    assert_eq!(
        (problem.status, problem.reason.as_str()),
        (409, "MODEL_VERSION_TAKEN")
    );
    let again = PutModelRequest {
        only_new: true,
        ..put(5.0)
    };
    let refused = world.scoring().put_model(world.hq(again)).await;
    let problem = marque_errors::Problem::from(refused.unwrap_err());
    assert_eq!(problem.reason, "ALREADY_EXISTS", "the same, and not new");
    let unknown = PutModelRequest {
        version: "v3".into(),
        activate: true,
        ..PutModelRequest::default()
    };
    let refused = world.scoring().put_model(world.hq(unknown)).await;
    assert_eq!(
        marque_errors::Problem::from(refused.unwrap_err()).reason,
        "MODEL_UNKNOWN"
    );
    assert_eq!(world.score(customer(1)).await.model_version, "shipped-1");
}

async fn a_calibration_needs_customers_and_is_not_active(db: TestDb) {
    let world = ten(db).await;
    let calibrate = || CalibrateModelRequest {
        version: "fitted-1".into(),
    };
    let refused = world.scoring().calibrate_model(world.hq(calibrate())).await;
    assert_eq!(
        marque_errors::Problem::from(refused.unwrap_err()).reason,
        "TOO_FEW_CUSTOMERS"
    );
    let links = (100..220).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(2, links.collect())]).await;
    for n in 100..220_u32 {
        let value = (1.0 + f64::from(n % 40) / 10.0).to_string();
        world
            .put(
                "D1",
                assessment(&format!("i{n}"), &format!("K{n}"), "intention", &value),
            )
            .await;
    }
    let fitted = world.scoring().calibrate_model(world.hq(calibrate())).await;
    let fitted = fitted.unwrap().into_inner();
    assert_eq!(fitted.customers, 130);
    let model = fitted.model.unwrap();
    assert!(!model.active && model.toml.contains("fitted-1"));
    assert_eq!(world.score(customer(1)).await.model_version, "shipped-1");
}
