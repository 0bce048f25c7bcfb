//! What the scoring service tells: tiers set the times of new cases, thresholds warn the open ones.

use marque_api::{
    complaint::v1 as pb,
    events::v1::Event,
    scoring::v1::{ChangedTier, GuaranteesNeared, NearedGuarantee, TiersChanged},
};
use marque_config::ComplaintConfig;
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::{HEADER, import},
    world::{World, again, complaint, customer, event, linked, merged},
};

store_test_suite!(
    the_case_of_a_dear_customer_has_less_time,
    a_dear_customer_who_arrives_after_his_case_has_less_time_from_then_on,
    a_tier_that_is_told_after_the_case_came_is_given_to_it_once,
    a_case_without_a_tier_that_becomes_another_customers_has_his,
    a_case_that_comes_back_has_the_tier_that_was_told_meanwhile,
    rows_of_a_file_have_the_tiers_of_their_customers,
    times_are_those_of_the_configuration,
    a_car_near_a_threshold_warns_its_open_cases_once,
);

fn tier(position: i64, customer: CustomerId, tier: &str) -> Event {
    let changed = TiersChanged {
        tiers: vec![ChangedTier {
            customer_id: customer.to_string(),
            tier: tier.into(),
        }],
    };
    event(position, "marque.scoring.tiers.changed", &changed)
}

fn first_response(case: &pb::Complaint) -> i64 {
    let clock = case
        .clocks
        .iter()
        .find(|clock| clock.kind == "first_response");
    clock.unwrap().budget_seconds / 60
}

async fn the_case_of_a_dear_customer_has_less_time(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let links = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D1", "c2", customer(2)),
        merged(3, customer(2), customer(1), false),
    ];
    world.customers.deliver(links).await;
    let vip = tier(5, customer(1), "vip");
    let older = tier(4, customer(1), "major");
    world
        .scores
        .deliver([vip.clone(), again(&vip), older])
        .await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!((case.tier.as_str(), first_response(&case)), ("vip", 30));
    // He who was merged into him is him.
    let mut merged = complaint("D1", "c2");
    merged.another_matter = true;
    assert_eq!(world.open(merged).await.tier, "vip");
    // What the desk says goes before what was told; of whom nothing was said or told has no tier.
    let mut said = complaint("D1", "c1");
    (said.tier, said.another_matter) = ("ordinary".into(), true);
    assert_eq!(first_response(&world.open(said).await), 60);
    assert_eq!(world.open(complaint("D1", "c9")).await.tier, "");
    world.scores.deliver([tier(6, customer(1), "")]).await;
    let mut fallen = complaint("D1", "c1");
    fallen.another_matter = true;
    assert_eq!(world.open(fallen).await.tier, "");
}

async fn a_dear_customer_who_arrives_after_his_case_has_less_time_from_then_on(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world.scores.deliver([tier(1, customer(1), "vip")]).await;
    let case = world.open(complaint("D1", "c1")).await;
    let mut said = complaint("D1", "c2");
    said.tier = "major".into();
    let said = world.open(said).await;
    // The desk thought that he is more, and then that he is not.
    let put_back = world.open(complaint("D1", "c3")).await;
    for tier in ["major", "ordinary"] {
        let amend = pb::AmendComplaintRequest {
            id: put_back.id.clone(),
            tier: tier.into(),
            ..pb::AmendComplaintRequest::default()
        };
        let amend = world.desk("D1", amend);
        world.complaints().amend_complaint(amend).await.unwrap();
    }
    assert_eq!((case.tier.as_str(), first_response(&case)), ("", 60));
    let links = [
        linked(2, "D1", "c1", customer(1)),
        linked(3, "D1", "c2", customer(1)),
        linked(4, "D1", "c1", customer(1)),
        linked(5, "D1", "c3", customer(1)),
    ];
    world.customers.deliver(links).await;
    let known = world.get(&case.id).await;
    assert_eq!((known.tier.as_str(), first_response(&known)), ("vip", 30));
    let ranked: Vec<(&str, &str)> = known
        .entries
        .iter()
        .filter(|entry| entry.act == "ranked")
        .map(|entry| (entry.from.as_str(), entry.to.as_str()))
        .collect();
    assert_eq!(ranked, [("", "vip")], "once");
    let told = world.get(&said.id).await;
    assert_eq!(told.tier, "major", "the desk said so");
    let told = world.get(&put_back.id).await;
    assert_eq!(told.customer_id, customer(1).to_string());
    assert_eq!(told.tier, "ordinary", "the desk said so in the end");
}

async fn a_tier_that_is_told_after_the_case_came_is_given_to_it_once(db: TestDb) {
    let mut config = ComplaintConfig::default();
    config.time_percent.insert("small".into(), 200);
    let world = World::configured(db, &config).await;
    let link = linked(1, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!((case.tier.as_str(), first_response(&case)), ("", 60));
    let small = tier(1, customer(1), "small");
    world.scores.deliver([small.clone(), again(&small)]).await;
    let known = world.get(&case.id).await;
    assert_eq!(
        (known.tier.as_str(), known.version, first_response(&known)),
        ("small", case.version + 1, 120)
    );
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let listed = listed.unwrap().into_inner().complaints;
    assert_eq!(listed[0].tier, "small");
    // Its times were given by that tier: they do not change with every rank, nor does it.
    let ordinary = tier(2, customer(1), "ordinary");
    world.scores.deliver([ordinary]).await;
    assert_eq!(world.get(&case.id).await.tier, "small");
    let mut next = complaint("D1", "c1");
    next.another_matter = true;
    assert_eq!(world.open(next).await.tier, "ordinary");
}

async fn rows_of_a_file_have_the_tiers_of_their_customers(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let links = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D1", "c2", customer(2)),
        linked(3, "D1", "c3", customer(3)),
        merged(4, customer(2), customer(1), false),
    ];
    world.customers.deliver(links).await;
    let tiers = [tier(1, customer(1), "vip"), tier(2, customer(2), "small")];
    world.scores.deliver(tiers).await;
    let row = |n: u32| {
        format!("TS{n},c{n},LJ1EEKRN7R400000{n},2026-03-01 16:00,到店,收费争议,低,多收了,售后\n")
    };
    import(&world, &format!("{HEADER}{}", [1, 2, 3].map(row).concat())).await;
    let list = world.hq(pb::ListComplaintsRequest::default());
    let listed = world.complaints().list_complaints(list).await.unwrap();
    let cases = listed.into_inner().complaints;
    let mut ranked: Vec<(&str, &str)> = cases
        .iter()
        .map(|case| (case.complaint_key.as_str(), case.tier.as_str()))
        .collect();
    ranked.sort_unstable();
    assert_eq!(ranked, [("TS1", "vip"), ("TS2", "vip"), ("TS3", "")]);
}

async fn a_case_without_a_tier_that_becomes_another_customers_has_his(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let link = linked(1, "D1", "c1", customer(2));
    world.customers.deliver([link]).await;
    world.scores.deliver([tier(1, customer(1), "vip")]).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!(
        (case.tier.as_str(), case.customer_id),
        ("", customer(2).to_string())
    );
    // The one was merged into the other, or it was never his record.
    let link = linked(2, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    let known = world.get(&case.id).await;
    assert_eq!((known.tier.as_str(), first_response(&known)), ("vip", 30));
}

async fn a_case_that_comes_back_has_the_tier_that_was_told_meanwhile(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let link = linked(1, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    let case = world.open(complaint("D1", "c1")).await;
    let over = world.go(&case.id, "withdrawn", "by mistake").await.unwrap();
    world.scores.deliver([tier(1, customer(1), "vip")]).await;
    assert_eq!(world.get(&case.id).await.version, over.version);
    let back = world.go(&case.id, "reopened", "after all").await.unwrap();
    assert_eq!((back.tier.as_str(), first_response(&back)), ("vip", 30));
    assert_eq!(world.get(&case.id).await.tier, "vip");
    let acts: Vec<&str> = back
        .entries
        .iter()
        .map(|entry| entry.act.as_str())
        .collect();
    assert_eq!(acts, ["opened", "moved", "ranked", "moved"]);
}

async fn times_are_those_of_the_configuration(db: TestDb) {
    let mut config = ComplaintConfig::default();
    let high = config.clocks.entry("high".into()).or_default();
    high.insert("first_response".into(), 100);
    config.time_percent.insert("vip".into(), 20);
    config.time_percent.insert("service.attitude".into(), 50);
    config.score.insert("satisfaction".into(), 0.0);
    let world = World::configured(db, &config).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!(first_response(&case), 100);
    let amend = pb::AmendComplaintRequest {
        id: case.id.clone(),
        tier: "vip".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = world
        .complaints()
        .amend_complaint(world.desk("D1", amend))
        .await;
    assert_eq!(
        first_response(&amended.unwrap().into_inner().complaint.unwrap()),
        20
    );
    let mut rude = complaint("D1", "c2");
    rude.category = "服务态度".into();
    assert_eq!(first_response(&world.open(rude).await), 50);
}

async fn a_car_near_a_threshold_warns_its_open_cases_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let open = world.open(complaint("D1", "c1")).await;
    let elsewhere = world.open(complaint("D3", "c2")).await;
    let ended = world.open(complaint("D2", "c3")).await;
    let withdraw = pb::MoveComplaintRequest {
        id: ended.id.clone(),
        to: "withdrawn".into(),
        note: "a mistake".into(),
        ..pb::MoveComplaintRequest::default()
    };
    world
        .complaints()
        .move_complaint(world.hq(withdraw))
        .await
        .unwrap();
    let neared = |position, level: &str, count| {
        let guarantee = NearedGuarantee {
            vin: open.vin.clone(),
            rule: "same_defect".into(),
            subject: "P0300".into(),
            level: level.into(),
            count,
            reached_at: 5,
            ..NearedGuarantee::default()
        };
        let guarantees = vec![guarantee];
        event(
            position,
            "marque.scoring.guarantees.neared",
            &GuaranteesNeared { guarantees },
        )
    };
    let warning = neared(1, "warning", 3);
    world
        .scores
        .deliver([warning.clone(), again(&warning)])
        .await;
    for case in [&open, &elsewhere] {
        let shown = world.get(&case.id).await;
        assert_eq!(
            (shown.warnings.len(), shown.warnings[0].count, shown.version),
            (1, 3, case.version + 1)
        );
        let last = shown.entries.last().unwrap();
        assert_eq!(
            (last.act.as_str(), last.from.as_str(), last.to.as_str()),
            ("warned", "same_defect", "warning")
        );
    }
    let course = world.get(&ended.id).await.entries;
    assert!(course.iter().all(|entry| entry.act != "warned"));
    world.scores.deliver([neared(2, "reached", 5)]).await;
    assert_eq!(world.get(&open.id).await.warnings[0].level, "reached");
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.warned'";
    assert_eq!(world.count(told).await, 2);
    // A case that comes later shows what is known of its car.
    let mut later = complaint("D1", "c4");
    later.another_matter = true;
    assert_eq!(world.open(later).await.warnings.len(), 1);
}
