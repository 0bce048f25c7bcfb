//! Compensations: who may approve what, and that many small ones are a large one.

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_config::ComplaintConfig;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::world::{World, complaint, customer, linked, reason};

store_test_suite!(
    within_his_limit_whoever_asks_is_answered_at_once,
    beyond_it_whose_limit_covers_it_decides,
    what_waits_for_a_decision_is_found,
    what_waits_for_a_decision_is_somebodys_task_until_it_is_decided,
    what_waits_at_another_dealer_is_not_told_to_one_who_knows_the_customer,
    many_small_ones_are_a_large_one,
    a_compensation_is_told_of_and_counted,
);

fn dealer(role: Role) -> (Role, Scope) {
    (role, Scope::Dealer("D1".parse().unwrap()))
}

async fn ask(
    world: &World,
    (role, scope): (Role, Scope),
    id: &str,
    yuan: i64,
) -> Result<pb::Compensation, Status> {
    let message = pb::AskCompensationRequest {
        id: id.into(),
        kind: "voucher".into(),
        amount_minor: yuan * 100,
        reason: "he waited three days".into(),
        expected_version: 0,
    };
    let request = world.ask(role, scope, message);
    let answer = world.complaints().ask_compensation(request).await?;
    Ok(answer.into_inner().compensation.unwrap())
}

async fn decide(
    world: &World,
    (role, scope): (Role, Scope),
    id: &str,
    (compensation, decision, note): (&str, &str, &str),
) -> Result<pb::Compensation, Status> {
    let message = pb::DecideCompensationRequest {
        id: id.into(),
        compensation_id: compensation.into(),
        decision: decision.into(),
        note: note.into(),
        expected_version: 0,
    };
    let request = world.ask(role, scope, message);
    let answer = world.complaints().decide_compensation(request).await?;
    Ok(answer.into_inner().compensation.unwrap())
}

async fn within_his_limit_whoever_asks_is_answered_at_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let small = ask(&world, dealer(Role::Service), &case.id, 500)
        .await
        .unwrap();
    assert_eq!(
        (small.state.as_str(), small.decided_by.as_str()),
        ("approved", small.asked_by.as_str())
    );
    for (amount, kind) in [(0, "voucher"), (-5, "voucher"), (10_000_001, "voucher")] {
        let error = ask(&world, dealer(Role::Service), &case.id, amount).await;
        assert_eq!(
            error.unwrap_err().code(),
            Code::InvalidArgument,
            "{amount} {kind}"
        );
    }
    let elsewhere = (Role::Service, Scope::Dealer("D2".parse().unwrap()));
    let error = ask(&world, elsewhere, &case.id, 1).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

async fn beyond_it_whose_limit_covers_it_decides(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let asked = ask(&world, dealer(Role::Service), &case.id, 12_000)
        .await
        .unwrap();
    assert_eq!(asked.state, "asked");
    assert_eq!(asked.may_decide, ["hq_admin"]);
    let approve = (asked.id.as_str(), "approve", "");
    for role in [Role::Service, Role::Manager] {
        let error = decide(&world, dealer(role), &case.id, approve)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::PermissionDenied);
        assert_eq!(reason(&error), "COMPENSATION_LIMIT");
        assert!(error.message().contains("hq_admin"), "{error}");
    }
    let unsaid = (asked.id.as_str(), "refuse", "");
    let hq = (Role::HqAdmin, Scope::Headquarters);
    let error = decide(&world, hq.clone(), &case.id, unsaid)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    let decided = decide(&world, hq.clone(), &case.id, approve).await.unwrap();
    assert_eq!(
        (decided.state.as_str(), decided.may_decide.len()),
        ("approved", 0)
    );
    let error = decide(&world, hq, &case.id, approve).await.unwrap_err();
    assert_eq!(reason(&error), "COMPENSATION_DECIDED");
}

async fn what_waits_for_a_decision_is_found(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let small = world.open(complaint("D1", "c2")).await;
    ask(&world, dealer(Role::Service), &small.id, 100)
        .await
        .unwrap();
    let asked = ask(&world, dealer(Role::Service), &case.id, 3_000)
        .await
        .unwrap();
    let waiting = async |(role, scope): (Role, Scope)| {
        let message = pb::ListComplaintsRequest {
            compensation_asked: true,
            ..pb::ListComplaintsRequest::default()
        };
        let request = world.ask(role, scope, message);
        let answer = world.complaints().list_complaints(request).await.unwrap();
        let found = answer.into_inner().complaints.into_iter();
        found.map(|case| case.id).collect::<Vec<_>>()
    };
    assert_eq!(
        waiting(dealer(Role::Manager)).await,
        std::slice::from_ref(&case.id)
    );
    let elsewhere = Scope::Dealer("D2".parse().unwrap());
    assert!(waiting((Role::Manager, elsewhere)).await.is_empty());
    let verdict = (asked.id.as_str(), "approve", "");
    decide(&world, dealer(Role::Manager), &case.id, verdict)
        .await
        .unwrap();
    assert!(waiting(dealer(Role::Manager)).await.is_empty());
}

async fn what_waits_for_a_decision_is_somebodys_task_until_it_is_decided(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let tasks = async || {
        let tasks = world.get(&case.id).await.tasks.into_iter();
        tasks
            .map(|task| (task.kind, task.state))
            .collect::<Vec<_>>()
    };
    let told = |state: &str| vec![("compensation".to_owned(), state.to_owned())];
    ask(&world, dealer(Role::Service), &case.id, 100)
        .await
        .unwrap();
    assert!(tasks().await.is_empty(), "it was approved at once");
    let first = ask(&world, dealer(Role::Service), &case.id, 3_000)
        .await
        .unwrap();
    let second = ask(&world, dealer(Role::Service), &case.id, 2_000)
        .await
        .unwrap();
    assert_eq!(tasks().await, told("open"), "one is enough");
    let due_at = world.get(&case.id).await.tasks[0].due_at;
    // Monday and a working day: the end of Tuesday in China.
    assert_eq!(due_at.unwrap().seconds, 1_772_553_600);
    let refuse = (first.id.as_str(), "refuse", "two thousand will do");
    decide(&world, dealer(Role::Manager), &case.id, refuse)
        .await
        .unwrap();
    assert_eq!(tasks().await, told("open"));
    let approve = (second.id.as_str(), "approve", "");
    decide(&world, dealer(Role::Manager), &case.id, approve)
        .await
        .unwrap();
    assert_eq!(tasks().await, told("done"));
}

async fn what_waits_at_another_dealer_is_not_told_to_one_who_knows_the_customer(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let events = [
        linked(1, "D1", "c1", customer(1)),
        linked(2, "D3", "k9", customer(1)),
    ];
    world.customers.deliver(events).await;
    let asked = ask(&world, dealer(Role::Service), &case.id, 12_000).await;
    assert_eq!(asked.unwrap().state, "asked");
    let seen = async |code: &str, compensation_asked| {
        let message = pb::ListComplaintsRequest {
            customer_id: customer(1).to_string(),
            compensation_asked,
            ..pb::ListComplaintsRequest::default()
        };
        let request = world.desk(code, message);
        let answer = world.complaints().list_complaints(request).await;
        answer.unwrap().into_inner().complaints.len()
    };
    assert_eq!((seen("D3", false).await, seen("D3", true).await), (1, 0));
    assert_eq!(seen("D1", true).await, 1);
}

async fn many_small_ones_are_a_large_one(db: TestDb) {
    let mut config = ComplaintConfig::default();
    config.compensation.insert("service".into(), 800);
    config.compensation.insert("manager".into(), 1_500);
    let world = World::configured(db, &config).await;
    let case = world.open(complaint("D1", "c1")).await;
    let first = ask(&world, dealer(Role::Service), &case.id, 500)
        .await
        .unwrap();
    let second = ask(&world, dealer(Role::Service), &case.id, 500)
        .await
        .unwrap();
    assert_eq!(
        (first.state.as_str(), second.state.as_str()),
        ("approved", "asked")
    );
    let refuse = (second.id.as_str(), "refuse", "a coffee will do");
    decide(&world, dealer(Role::Manager), &case.id, refuse)
        .await
        .unwrap();
    // What was refused does not count.
    let third = ask(&world, dealer(Role::Service), &case.id, 300)
        .await
        .unwrap();
    assert_eq!(third.state, "approved");
}

async fn a_compensation_is_told_of_and_counted(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    ask(&world, dealer(Role::Service), &case.id, 200)
        .await
        .unwrap();
    world.pass(1);
    ask(&world, dealer(Role::Service), &case.id, 9_000)
        .await
        .unwrap();
    let shown = world.get(&case.id).await;
    let states: Vec<&str> = shown
        .compensations
        .iter()
        .map(|each| each.state.as_str())
        .collect();
    assert_eq!(states, ["approved", "asked"]);
    let last = shown.entries.last().unwrap();
    assert_eq!(
        (last.act.as_str(), last.from.as_str(), last.to.as_str()),
        ("compensation", "9000.00", "asked")
    );
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.compensated'";
    assert_eq!(world.count(told).await, 2);
    let request = world.hq(pb::GetReportRequest::default());
    let report = world
        .complaints()
        .get_report(request)
        .await
        .unwrap()
        .into_inner();
    let line = &report.lines[0];
    assert_eq!((line.compensations, line.compensated_minor), (1, 20_000));
}
