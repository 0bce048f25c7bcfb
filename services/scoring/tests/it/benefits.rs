//! Benefits: entitled by a plan, granted alone, used.

use marque_api::scoring::v1::{
    Benefit, FactColumns, GetLoyaltyRequest, GetOutlookRequest, ListBenefitPlansRequest,
    PutBenefitPlanRequest,
};
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::world::{World, consented, customer, link, linked, merged, visit, visited};

store_test_suite!(
    a_benefit_is_entitled_granted_and_used,
    a_plan_counts_from_when_it_is_activated,
    what_no_plan_knows_is_refused,
);

/// A plan for customers who are new, or general and persons.
fn plan(version: &str, times: u32) -> PutBenefitPlanRequest {
    let toml = format!(
        "version = \"{version}\"\n\
         [[benefit]]\nkey = \"wash\"\nzh = \"免费洗车\"\nen = \"a free wash\"\n\
         kinds = [\"person\"]\nclasses = [\"general\", \"loyal\"]\ntimes_a_year = {times}\n\
         reason_zh = \"感谢光临\"\nreason_en = \"for who comes\"\n\
         [[benefit]]\nkey = \"tow\"\nzh = \"免费救援\"\nen = \"free towing\"\ntiers = [\"vip\"]\n\
         reason_zh = \"重要客户\"\nreason_en = \"for the most valuable\"\n"
    );
    PutBenefitPlanRequest {
        toml,
        activate: true,
        ..PutBenefitPlanRequest::default()
    }
}

async fn put_plan(world: &World, request: PutBenefitPlanRequest) -> Result<String, Status> {
    let answer = world.scoring().put_benefit_plan(world.hq(request)).await?;
    Ok(answer.into_inner().plan.unwrap().version)
}

async fn benefits(world: &World, n: u128) -> Vec<Benefit> {
    let request = GetLoyaltyRequest {
        customer_id: customer(n).to_string(),
    };
    let answer = world.scoring().get_loyalty(world.hq(request)).await;
    answer.unwrap().into_inner().loyalty.unwrap().benefits
}

/// Key, entitled, granted, used, left.
fn lines(benefits: &[Benefit]) -> Vec<(&str, bool, i32, i32, Option<i32>)> {
    fn line(each: &Benefit) -> (&str, bool, i32, i32, Option<i32>) {
        (&each.key, each.entitled, each.granted, each.used, each.left)
    }
    benefits.iter().map(line).collect()
}

fn word(key: &str, customer: &str, benefit: &str, what: &str) -> FactColumns {
    FactColumns {
        kind: "benefit".into(),
        key: key.into(),
        customer_key: customer.into(),
        subject: benefit.into(),
        value: what.into(),
        date: "2026-06-10".into(),
        ..FactColumns::default()
    }
}

async fn world_of_two(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(1)), link("D1", "B", customer(2))];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![
        visit("D1", 1, "A", "2026-03-01"),
        visit("D1", 2, "A", "2026-06-01"),
        visit("D1", 3, "B", "2026-06-01"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    world
}

async fn a_benefit_is_entitled_granted_and_used(db: TestDb) {
    let world = world_of_two(db).await;
    assert!(benefits(&world, 1).await.is_empty(), "there is no plan");
    put_plan(&world, plan("2026-1", 2)).await.unwrap();
    let found = benefits(&world, 1).await;
    assert_eq!(lines(&found), [("wash", true, 0, 0, Some(2))]);
    assert_eq!(
        (found[0].plan_version.as_str(), found[0].reason_en.as_str()),
        ("2026-1", "for who comes")
    );
    let score = world.score(customer(1)).await;
    let used = world.put("D1", word("B1", "A", "wash", "")).await;
    assert!(used.changed && used.customer_id == customer(1).to_string());
    assert!(
        !world
            .put("D1", word("B1", "A", "wash", "used"))
            .await
            .changed
    );
    world.put("D1", word("B2", "A", "tow", "granted")).await;
    let found = benefits(&world, 1).await;
    assert_eq!(
        lines(&found),
        [("wash", true, 0, 1, Some(1)), ("tow", false, 1, 0, Some(1))]
    );
    let after = world.score(customer(1)).await;
    assert_eq!(after.hundredths, score.hundredths, "no score rests on it");
    // A view of him shows the same.
    let request = GetOutlookRequest {
        customer_id: customer(1).to_string(),
        looks_for_consent: false,
    };
    let outlook = world.scoring().get_outlook(world.hq(request)).await;
    let loyalty = outlook.unwrap().into_inner().loyalty.unwrap();
    assert_eq!(lines(&loyalty.benefits), lines(&found));
    // What was last year's is over; what is taken back was never used.
    let last_year = FactColumns {
        date: "2025-12-31".into(),
        ..word("B3", "A", "wash", "")
    };
    world.put("D1", last_year).await;
    let taken_back = FactColumns {
        withdrawn: "yes".into(),
        ..word("B1", "A", "wash", "")
    };
    world.put("D1", taken_back).await;
    assert_eq!(
        lines(&benefits(&world, 1).await)[0],
        ("wash", true, 0, 0, Some(2))
    );
    // Whoever he is merged into has used what he used.
    world.put("D1", word("B4", "B", "wash", "")).await;
    let links = vec![link("D1", "B", customer(1))];
    let moved = [merged(2, customer(2), customer(1), false), linked(3, links)];
    world.customers.deliver(moved).await;
    assert_eq!(
        lines(&benefits(&world, 1).await)[0],
        ("wash", true, 0, 1, Some(1))
    );
    // Who refuses to be assessed has no tier and no class, and keeps what was granted to him.
    world
        .customers
        .deliver([consented(4, customer(1), false)])
        .await;
    let found = benefits(&world, 1).await;
    assert!(found.iter().all(|each| !each.entitled), "{found:?}");
    assert!(lines(&found).contains(&("tow", false, 1, 0, Some(1))));
}

async fn a_plan_counts_from_when_it_is_activated(db: TestDb) {
    let world = world_of_two(db).await;
    put_plan(&world, plan("2026-1", 2)).await.unwrap();
    let kept = PutBenefitPlanRequest {
        activate: false,
        ..plan("2026-2", 5)
    };
    put_plan(&world, kept).await.unwrap();
    assert_eq!(benefits(&world, 1).await[0].left, Some(2));
    let by_version = PutBenefitPlanRequest {
        version: "2026-2".into(),
        activate: true,
        ..PutBenefitPlanRequest::default()
    };
    put_plan(&world, by_version).await.unwrap();
    assert_eq!(benefits(&world, 1).await[0].left, Some(5));
    let request = world.hq(ListBenefitPlansRequest {});
    let plans = world.scoring().list_benefit_plans(request).await;
    let plans = plans.unwrap().into_inner().plans;
    let versions: Vec<(&str, bool)> = plans
        .iter()
        .map(|plan| (plan.version.as_str(), plan.active))
        .collect();
    assert_eq!(versions, [("2026-2", true), ("2026-1", false)]);
    let other = put_plan(&world, plan("2026-2", 6)).await.unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists);
    let new = |version: &str| PutBenefitPlanRequest {
        only_new: true,
        ..plan(version, 5)
    };
    let same = put_plan(&world, new("2026-2")).await.unwrap_err();
    assert_eq!(same.code(), Code::AlreadyExists);
    put_plan(&world, new("2026-3")).await.unwrap();
}

async fn what_no_plan_knows_is_refused(db: TestDb) {
    let world = world_of_two(db).await;
    let field = |refused: Status| {
        let problem = marque_errors::Problem::from(refused);
        problem.violations[0].field.clone()
    };
    let early = world.try_put("D1", word("B1", "A", "wash", "")).await;
    assert_eq!(field(early.unwrap_err()), "subject", "there is no plan");
    put_plan(&world, plan("2026-1", 2)).await.unwrap();
    for (columns, wrong) in [
        (word("B1", "A", "dinner", ""), "subject"),
        (word("B1", "A", "wash", "sold"), "value"),
        (word("B1", "A", "", ""), "subject"),
    ] {
        let refused = world.try_put("D1", columns).await.unwrap_err();
        assert_eq!(field(refused), wrong);
    }
    let unknown = PutBenefitPlanRequest {
        version: "2030".into(),
        activate: true,
        ..PutBenefitPlanRequest::default()
    };
    let unknown = put_plan(&world, unknown).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let unreasoned = PutBenefitPlanRequest {
        toml: "version = \"1\"\n[[benefit]]\nkey = \"x\"\n".into(),
        ..PutBenefitPlanRequest::default()
    };
    let unreasoned = put_plan(&world, unreasoned).await.unwrap_err();
    assert_eq!(field(unreasoned), "toml");
}
