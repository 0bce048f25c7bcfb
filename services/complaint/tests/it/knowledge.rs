//! The desk's view, search, solutions, and the feed of changes.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::world::{World, complaint, customer, linked, reason};

store_test_suite!(
    a_solution_is_versioned_approved_used_and_counted,
    a_decision_with_a_key_is_taken_once,
    a_rejected_draft_leaves_in_force_what_was_approved_before_it,
    no_region_decides_on_a_solution_of_the_whole_network,
    whoever_approves_sees_what_waits_for_it,
    the_desk_sees_a_case_with_all_that_stands_beside_it,
    a_solution_for_the_very_fault_is_proposed_whatever_the_customer_said,
    cases_are_found_by_their_words_inside_the_scope,
    cases_of_a_car_are_found_by_its_vin_inside_the_scope,
    the_indexes_are_built_from_the_store,
    a_report_counts_what_the_scope_sees,
    a_report_of_one_dealer_goes_by_the_days_of_his_zone,
    a_report_counts_each_round_of_a_case_that_came_back,
    whoever_watches_hears_of_his_cases_and_goes_on_where_he_stopped,
);

async fn put(world: &World, id: &str, title: &str, text: &str) -> pb::Solution {
    let message = pb::PutSolutionRequest {
        id: id.into(),
        title: title.into(),
        text: text.into(),
        category: "维修质量".into(),
        ..pb::PutSolutionRequest::default()
    };
    let answer = world
        .complaints()
        .put_solution(world.desk("D1", message))
        .await;
    answer.unwrap().into_inner().solution.unwrap()
}

async fn decide(world: &World, id: &str, decision: &str) -> Result<pb::Solution, Status> {
    let message = pb::DecideSolutionRequest {
        id: id.into(),
        decision: decision.into(),
        expected_version: 0,
    };
    let answer = world
        .complaints()
        .decide_solution(world.hq(message))
        .await?;
    Ok(answer.into_inner().solution.unwrap())
}

async fn approve(world: &World, id: &str) -> pb::Solution {
    decide(world, id, "approve").await.unwrap()
}

async fn find(world: &World, query: &str, approved_only: bool) -> Vec<pb::Solution> {
    let message = pb::SearchSolutionsRequest {
        query: query.into(),
        approved_only,
        ..pb::SearchSolutionsRequest::default()
    };
    let answer = world
        .complaints()
        .search_solutions(world.desk("D2", message))
        .await;
    answer.unwrap().into_inner().solutions
}

async fn a_decision_with_a_key_is_taken_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let draft = put(&world, "", "换片后异响", "打磨刹车盘").await;
    let decide = |decision: &str| {
        let mut request = world.hq(pb::DecideSolutionRequest {
            id: draft.id.clone(),
            decision: decision.into(),
            expected_version: 0,
        });
        let key = "decided".parse().unwrap();
        request.metadata_mut().insert("idempotency-key", key);
        request
    };
    let mut complaints = world.complaints();
    let first = complaints.decide_solution(decide("approve")).await.unwrap();
    let second = put(&world, &draft.id, "换片后异响", "打磨刹车盘，涂消音膏").await;
    let again = complaints.decide_solution(decide("approve")).await.unwrap();
    assert_eq!(again.into_inner(), first.into_inner(), "the same answer");
    let found = find(&world, "刹车异响", false).await;
    assert_eq!(
        (found[0].version, found[0].state.as_str()),
        (second.version, "draft"),
        "what was written since is not decided"
    );
    let reused = complaints.decide_solution(decide("retire")).await;
    assert_eq!(reused.unwrap_err().code(), Code::FailedPrecondition);
}

async fn a_rejected_draft_leaves_in_force_what_was_approved_before_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let first = put(&world, "", "换片后异响", "打磨刹车盘").await;
    approve(&world, &first.id).await;
    let refused = decide(&world, &first.id, "reject").await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "it is no draft");
    put(&world, &first.id, "换片后异响", "涂胶").await;
    world.pass(1);
    let rejected = decide(&world, &first.id, "reject").await.unwrap();
    assert_eq!(
        (
            rejected.state.as_str(),
            rejected.version,
            rejected.approved_by.as_str()
        ),
        ("rejected", 2, "")
    );
    // It is found by its own words, and not by those that were rejected.
    let found = find(&world, "打磨", true).await;
    assert_eq!(
        (found[0].version, found[0].state.as_str()),
        (1, "approved"),
        "{found:?}"
    );
    assert_eq!(find(&world, "", true).await, found);
    assert!(find(&world, "涂胶", true).await.is_empty());
    let drafts = pb::SearchSolutionsRequest {
        drafts_only: true,
        ..pb::SearchSolutionsRequest::default()
    };
    let drafts = world.complaints().search_solutions(world.hq(drafts)).await;
    assert!(drafts.unwrap().into_inner().solutions.is_empty());
    // Another draft after it does not shadow it either, and can be approved.
    put(&world, &first.id, "换片后异响", "换成低噪声片").await;
    assert_eq!(find(&world, "", true).await, found);
    assert_eq!(approve(&world, &first.id).await.version, 3);
    assert_eq!(find(&world, "", true).await[0].version, 3);
}

async fn no_region_decides_on_a_solution_of_the_whole_network(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let draft = put(&world, "", "换片后异响", "打磨刹车盘").await;
    for decision in ["approve", "retire"] {
        let message = pb::DecideSolutionRequest {
            id: draft.id.clone(),
            decision: decision.into(),
            expected_version: 0,
        };
        let request = world.ask(Role::Steward, Scope::Region("north".into()), message);
        let refused = world.complaints().decide_solution(request).await;
        assert_eq!(reason(&refused.unwrap_err()), "HEADQUARTERS_ONLY");
    }
    assert_eq!(find(&world, "异响", false).await[0].state, "draft");
}

async fn whoever_approves_sees_what_waits_for_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let approved = put(&world, "", "换片后异响", "打磨刹车盘").await;
    approve(&world, &approved.id).await;
    // Approved ones that fit better than the draft are in nobody's way.
    for _ in 0..3 {
        let drained = put(&world, "", "天窗", "天窗").await;
        approve(&world, &drained.id).await;
    }
    let waiting = put(&world, "", "天窗漏水", "疏通排水管").await;
    let drafts = async |query: &str| {
        let message = pb::SearchSolutionsRequest {
            query: query.into(),
            drafts_only: true,
            limit: 1,
            ..pb::SearchSolutionsRequest::default()
        };
        let request = world.ask(Role::Steward, Scope::Headquarters, message);
        let found = world.complaints().search_solutions(request).await.unwrap();
        let found = found.into_inner().solutions.into_iter();
        found.map(|solution| solution.id).collect::<Vec<_>>()
    };
    assert_eq!(drafts("").await, std::slice::from_ref(&waiting.id));
    assert_eq!(drafts("天窗").await, std::slice::from_ref(&waiting.id));
    assert!(drafts("异响").await.is_empty());
    approve(&world, &waiting.id).await;
    assert!(drafts("").await.is_empty());
    let neither = pb::SearchSolutionsRequest {
        approved_only: true,
        drafts_only: true,
        ..pb::SearchSolutionsRequest::default()
    };
    let refused = world.complaints().search_solutions(world.hq(neither)).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}

async fn a_solution_is_versioned_approved_used_and_counted(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let draft = put(&world, "", "换片后异响", "打磨刹车盘").await;
    assert_eq!((draft.state.as_str(), draft.version), ("draft", 1));
    assert!(find(&world, "刹车异响", true).await.is_empty());
    assert_eq!(
        find(&world, "brake noise", false).await[0].id,
        draft.id,
        "across languages"
    );
    assert_eq!(approve(&world, &draft.id).await.state, "approved");
    assert_eq!(find(&world, "刹车异响", true).await.len(), 1);
    // A new version is a draft again, and the approved one is kept.
    let second = put(&world, &draft.id, "换片后异响", "打磨刹车盘，涂消音膏").await;
    assert_eq!((second.state.as_str(), second.version), ("draft", 2));
    approve(&world, &draft.id).await;
    let case = world.open(complaint("D1", "c1")).await;
    let used = pb::UseSolutionRequest {
        id: case.id.clone(),
        solution_id: draft.id.clone(),
        only_new: false,
    };
    for _ in 0..2 {
        let answer = world
            .complaints()
            .use_solution(world.desk("D1", used.clone()))
            .await;
        assert_eq!(
            answer.unwrap().into_inner().solution.unwrap().used,
            1,
            "once is enough"
        );
    }
    let first = pb::UseSolutionRequest {
        only_new: true,
        ..used
    };
    let refused = world
        .complaints()
        .use_solution(world.desk("D1", first))
        .await;
    assert_eq!(
        refused.unwrap_err().code(),
        Code::AlreadyExists,
        "it was noted before"
    );
    for (state, note) in [("acknowledged", ""), ("in_progress", ""), ("resolved", "x")] {
        world.go(&case.id, state, note).await.unwrap();
    }
    let get = pb::GetSolutionRequest {
        id: draft.id.clone(),
    };
    let got = world
        .complaints()
        .get_solution(world.hq(get.clone()))
        .await
        .unwrap()
        .into_inner();
    let solution = got.solution.unwrap();
    assert_eq!(
        (solution.used, solution.succeeded, solution.failed),
        (1, 1, 0)
    );
    assert_eq!(
        (got.versions.len(), got.versions[0].state.as_str()),
        (1, "approved")
    );
    world.go(&case.id, "reopened", "又响了").await.unwrap();
    let got = world
        .complaints()
        .get_solution(world.hq(get))
        .await
        .unwrap()
        .into_inner();
    let solution = got.solution.unwrap();
    assert_eq!(
        (solution.used, solution.succeeded, solution.failed),
        (1, 0, 1)
    );
    let stale = pb::DecideSolutionRequest {
        id: draft.id,
        decision: "retire".into(),
        expected_version: 1,
    };
    let refused = world
        .complaints()
        .decide_solution(world.hq(stale))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
}

async fn the_desk_sees_a_case_with_all_that_stands_beside_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let solution = put(&world, "", "刹车修后异响", "打磨刹车盘").await;
    approve(&world, &solution.id).await;
    let draft = put(&world, "", "刹车异响草案", "未批准").await;
    let earlier = world.open(complaint("D1", "c1")).await;
    let like = pb::OpenComplaintRequest {
        vin: String::new(),
        text: "刹车修完还是有异响".into(),
        ..complaint("D1", "c2")
    };
    let like = world.open(like).await;
    let elsewhere = world.open(complaint("D3", "c3")).await;
    // Of the same part and fault, in other words and of another car.
    let kin = pb::OpenComplaintRequest {
        vin: "LMVCA1A60R1000009".into(),
        text: "wheel judders".into(),
        category: "价格".into(),
        part: "BRK-1".into(),
        fault: "F7".into(),
        ..complaint("D1", "c4")
    };
    let kin = world.open(kin).await;
    let case = pb::OpenComplaintRequest {
        another_matter: true,
        part: "BRK-1".into(),
        fault: "F7".into(),
        ..complaint("D1", "c1")
    };
    let case = world.open(case).await;
    let desk = pb::GetDeskRequest {
        id: case.number.clone(),
    };
    for _ in 0..500 {
        let seen = world
            .complaints()
            .get_desk(world.desk("D1", desk.clone()))
            .await
            .unwrap()
            .into_inner();
        let ids =
            |cases: &[pb::Complaint]| cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
        if seen.similar.len() < 3 {
            // The indexes follow by events.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        assert_eq!(seen.complaint.unwrap().id, case.id);
        assert_eq!(ids(&seen.earlier), std::slice::from_ref(&earlier.id));
        assert!(
            !ids(&seen.similar).contains(&elsewhere.id),
            "another dealer's"
        );
        let why = |id: &str| {
            let at = seen.similar.iter().position(|case| case.id == id);
            seen.likeness[at.unwrap()].reasons.join(" ")
        };
        assert_eq!(why(&like.id), "category words");
        assert_eq!(why(&kin.id), "fault part");
        assert_eq!(why(&earlier.id), "vehicle category words");
        let proposed: Vec<&str> = seen.solutions.iter().map(|each| each.id.as_str()).collect();
        assert_eq!(
            proposed,
            [solution.id.as_str()],
            "the draft {} is not proposed",
            draft.id
        );
        return;
    }
    panic!("the case like it is never shown");
}

async fn a_solution_for_the_very_fault_is_proposed_whatever_the_customer_said(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let message = pb::PutSolutionRequest {
        title: "氧传感器老化".into(),
        text: "更换并清除故障码".into(),
        fault: "P0171".into(),
        ..pb::PutSolutionRequest::default()
    };
    let request = world.desk("D1", message);
    let written = world.complaints().put_solution(request).await.unwrap();
    let solution = written.into_inner().solution.unwrap();
    approve(&world, &solution.id).await;
    let case = world
        .open(pb::OpenComplaintRequest {
            text: "shakes at the lights".into(),
            fault: "P0171".into(),
            ..complaint("D1", "c1")
        })
        .await;
    let desk = pb::GetDeskRequest { id: case.id };
    let request = world.desk("D1", desk);
    let seen = world.complaints().get_desk(request).await.unwrap();
    let proposed = seen.into_inner().solutions;
    assert_eq!(proposed.len(), 1);
    assert_eq!(proposed[0].id, solution.id);
}

async fn cases_are_found_by_their_words_inside_the_scope(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let message = pb::SearchComplaintsRequest {
        query: "制动 异响".into(),
        limit: 5,
    };
    for _ in 0..500 {
        let found = world
            .complaints()
            .search_complaints(world.hq(message.clone()))
            .await
            .unwrap();
        if found
            .into_inner()
            .complaints
            .first()
            .is_some_and(|hit| hit.id == case.id)
        {
            let foreign = world.desk("D2", message);
            let hidden = world.complaints().search_complaints(foreign).await.unwrap();
            assert!(hidden.into_inner().complaints.is_empty());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the case is never found");
}

async fn cases_of_a_car_are_found_by_its_vin_inside_the_scope(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "withdrawn", "not ours").await.unwrap();
    let found = async |dealer: &str, query: &str| {
        let message = pb::SearchComplaintsRequest {
            query: query.into(),
            limit: 5,
        };
        let request = world.desk(dealer, message);
        let answer = world.complaints().search_complaints(request).await;
        let found = answer.unwrap().into_inner().complaints.into_iter();
        found.map(|case| case.id).collect::<Vec<_>>()
    };
    let own = std::slice::from_ref(&case.id);
    assert_eq!(found("D1", &case.vin).await, own);
    assert_eq!(found("D1", " lmvca1a60r1000001 ").await, own, "as typed");
    assert!(found("D2", &case.vin).await.is_empty());
    assert!(found("D1", "LMVCA1A60R1000002").await.is_empty());
}

async fn the_indexes_are_built_from_the_store(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let solution = put(&world, "", "天窗漏水", "疏通排水管").await;
    // Another process starts with nothing but the store.
    let other = world.another_service();
    let message = pb::SearchSolutionsRequest {
        query: "天窗".into(),
        ..pb::SearchSolutionsRequest::default()
    };
    for _ in 0..500 {
        let found = other
            .clone()
            .search_solutions(world.hq(message.clone()))
            .await
            .unwrap();
        if found
            .into_inner()
            .solutions
            .first()
            .is_some_and(|hit| hit.id == solution.id)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the other process never finds it");
}

async fn whoever_watches_hears_of_his_cases_and_goes_on_where_he_stopped(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let watch = |after| pb::WatchComplaintsRequest { after };
    let manager = Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(Role::Manager, manager.clone(), watch(-1));
    let mut changes = world
        .complaints()
        .watch_complaints(request)
        .await
        .unwrap()
        .into_inner();
    let begun = changes.message().await.unwrap().unwrap();
    assert!(begun.changes.is_empty(), "a sign of life");
    world.open(complaint("D2", "c1")).await;
    let silence = tokio::time::timeout(Duration::from_millis(500), changes.message()).await;
    assert!(silence.is_err(), "not even that another dealer has a case");
    let case = world.open(complaint("D1", "c1")).await;
    world.go(&case.id, "acknowledged", "").await.unwrap();
    let mut heard = Vec::new();
    let mut last = begun.position;
    while heard.len() < 2 {
        let told = tokio::time::timeout(Duration::from_secs(20), changes.message())
            .await
            .unwrap();
        let told = told.unwrap().unwrap();
        assert!(told.position >= last);
        last = told.position;
        for change in told.changes {
            assert_eq!(change.id, case.id, "the other dealer's is not his to hear");
            heard.push((told.kind.clone(), change.state));
        }
    }
    assert_eq!(
        heard,
        [
            ("opened".to_owned(), "received".to_owned()),
            ("moved".to_owned(), "acknowledged".to_owned())
        ]
    );
    drop(changes);
    world
        .customers
        .deliver([linked(1, "D1", "c1", customer(1))])
        .await;
    // From where he began, the same again.
    let request = world.ask(Role::Manager, manager, watch(begun.position));
    let mut again = world
        .complaints()
        .watch_complaints(request)
        .await
        .unwrap()
        .into_inner();
    let mut kinds = Vec::new();
    while kinds.len() < 2 {
        let told = tokio::time::timeout(Duration::from_secs(20), again.message())
            .await
            .unwrap();
        let told = told.unwrap().unwrap();
        if !told.changes.is_empty() {
            kinds.push(told.kind);
        }
    }
    assert_eq!(kinds, ["opened", "moved"]);
}

async fn a_report_of_one_dealer_goes_by_the_days_of_his_zone(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let manager = Scope::Dealer("D1".parse().unwrap());
    let hours = pb::PutCalendarRequest {
        calendar: Some(pb::Calendar {
            dealer: "D1".into(),
            opens: "09:00".into(),
            closes: "18:00".into(),
            offset_minutes: 360,
            ..pb::Calendar::default()
        }),
    };
    let hours = world.ask(Role::Manager, manager.clone(), hours);
    world.complaints().put_calendar(hours).await.unwrap();
    // In China it is March already.
    let late = pb::OpenComplaintRequest {
        opened_at: "2026-03-01 01:30".into(),
        ..complaint("D1", "c1")
    };
    world.open(late).await;
    let february = pb::GetReportRequest {
        from: "2026-02-28".into(),
        to: "2026-02-28".into(),
        by: "month".into(),
    };
    let march = pb::GetReportRequest {
        from: "2026-03-01".into(),
        to: "2026-03-01".into(),
        by: "month".into(),
    };
    let (dealer, whole) = (
        (Role::Manager, manager),
        (Role::Analyst, Scope::Headquarters),
    );
    for ((role, scope), ask, month) in [
        (&dealer, &february, Some("2026-02")),
        (&dealer, &march, None),
        (&whole, &february, None),
        (&whole, &march, Some("2026-03")),
    ] {
        let ask = world.ask(*role, scope.clone(), ask.clone());
        let lines = world.complaints().get_report(ask).await.unwrap();
        let lines = lines.into_inner().lines;
        let keys: Vec<&str> = lines.iter().map(|line| line.key.as_str()).collect();
        assert_eq!(keys, Vec::from_iter(month), "{scope:?}");
    }
}

async fn a_report_counts_what_the_scope_sees(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world.open(complaint("D2", "c1")).await;
    world.pass(30);
    for (state, note) in [("acknowledged", ""), ("in_progress", ""), ("resolved", "x")] {
        world.go(&case.id, state, note).await.unwrap();
    }
    let to = pb::MoveComplaintRequest {
        id: case.id.clone(),
        to: "followed_up".into(),
        note: "x".into(),
        satisfaction_resolution: 4,
        satisfaction_handling: 5,
        ..pb::MoveComplaintRequest::default()
    };
    world
        .complaints()
        .move_complaint(world.desk("D1", to))
        .await
        .unwrap();
    let ask = pb::GetReportRequest {
        from: "2026-03-01".into(),
        to: "2026-03-02".into(),
        by: String::new(),
    };
    let answer = world
        .complaints()
        .get_report(world.hq(ask.clone()))
        .await
        .unwrap();
    let lines = answer.into_inner().lines;
    let keys: Vec<&str> = lines.iter().map(|line| line.key.as_str()).collect();
    assert_eq!(keys, ["D1", "D2"]);
    let first = lines[0].first_response.unwrap();
    assert_eq!((first.met, first.p99_seconds, lines[0].open), (1, 1_800, 0));
    assert_eq!(
        (lines[0].satisfaction_handling, lines[0].handling_score),
        (5.0, 100.0)
    );
    let unanswered = &lines[1];
    assert_eq!(
        (
            unanswered.first_response.unwrap().decided,
            unanswered.asked,
            unanswered.ended,
            unanswered.scored
        ),
        (0, 0, 0, false),
        "nothing of it was measured"
    );
    let manager = Scope::Dealer("D1".parse().unwrap());
    let own = world
        .complaints()
        .get_report(world.ask(Role::Manager, manager, ask.clone()))
        .await;
    assert_eq!(own.unwrap().into_inner().lines.len(), 1);
    let backwards = pb::GetReportRequest {
        from: "2026-03-03".into(),
        ..ask.clone()
    };
    let refused = world
        .complaints()
        .get_report(world.hq(backwards))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let by = pb::GetReportRequest {
        by: "colour".into(),
        ..ask
    };
    let refused = world
        .complaints()
        .get_report(world.hq(by))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

async fn a_report_counts_each_round_of_a_case_that_came_back(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let go = async |to: &str| world.go(&case.id, to, "x").await.unwrap();
    go("acknowledged").await;
    go("in_progress").await;
    // Three working days are the time of a serious case: the fifth morning is too late.
    world.pass(4 * 24 * 60);
    go("resolved").await;
    go("reopened").await;
    world.pass(60);
    go("in_progress").await;
    go("resolved").await;
    let ask = pb::GetReportRequest {
        by: "all".into(),
        ..pb::GetReportRequest::default()
    };
    let answer = world.complaints().get_report(world.hq(ask)).await.unwrap();
    let line = answer.into_inner().lines.remove(0);
    let resolution = line.resolution.unwrap();
    assert_eq!((line.cases, resolution.met), (1, 2));
    assert!(
        (resolution.on_time_rate - 0.5).abs() < 1e-9,
        "one of two in time"
    );
    assert_eq!(
        (resolution.p50_seconds, resolution.p99_seconds),
        (3_600, 4 * 9 * 3_600)
    );
}
