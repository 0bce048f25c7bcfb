//! One part, one fault and one vehicle, however they are typed; and what is typed there and is none.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, complaint};

store_test_suite!(
    a_case_like_another_is_found_however_its_part_is_typed,
    a_part_has_one_line_in_a_report_by_the_name_most_use,
    the_open_cases_of_a_car_are_found_however_its_vin_is_typed,
    a_persons_number_is_taken_for_no_code,
);

/// A case of another customer, car and matter than any other, of a part and a fault.
fn about(n: usize, part: &str, fault: &str) -> pb::OpenComplaintRequest {
    pb::OpenComplaintRequest {
        vin: format!("LMVCA1A60R10001{n:02}"),
        category: "价格".into(),
        text: format!("words{n}"),
        part: part.into(),
        fault: fault.into(),
        ..complaint("D1", &format!("c{n}"))
    }
}

async fn a_case_like_another_is_found_however_its_part_is_typed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let like = world.open(about(1, "P1", "F1")).await;
    // The category is not what they have in common.
    let case = pb::OpenComplaintRequest {
        category: "维修质量".into(),
        ..about(2, "p 1", "ｆ１")
    };
    let case = world.open(case).await;
    let message = pb::PutSolutionRequest {
        title: "氧传感器老化".into(),
        text: "更换并清除故障码".into(),
        fault: "F 1".into(),
        ..pb::PutSolutionRequest::default()
    };
    let written = world
        .complaints()
        .put_solution(world.desk("D1", message))
        .await;
    let solution = written.unwrap().into_inner().solution.unwrap();
    let decision = pb::DecideSolutionRequest {
        id: solution.id.clone(),
        decision: "approve".into(),
        expected_version: 0,
    };
    let decided = world.complaints().decide_solution(world.hq(decision)).await;
    decided.unwrap();
    for _ in 0..500 {
        let desk = pb::GetDeskRequest {
            id: case.id.clone(),
        };
        let seen = world.complaints().get_desk(world.desk("D1", desk)).await;
        let seen = seen.unwrap().into_inner();
        if seen.similar.is_empty() {
            // The indexes follow by events.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        assert_eq!(seen.similar[0].id, like.id);
        assert_eq!(seen.likeness[0].reasons, ["fault", "part"]);
        let proposed: Vec<&str> = seen.solutions.iter().map(|each| each.id.as_str()).collect();
        assert_eq!(proposed, [solution.id.as_str()]);
        return;
    }
    panic!("the case like it is never shown");
}

async fn a_part_has_one_line_in_a_report_by_the_name_most_use(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let parts = [
        "K 1", "k1", "Ｋ１", "k1 ", "X9", "PUMP - 1", "PUMP-1", "PUMP-1",
    ];
    for (n, part) in parts.into_iter().enumerate() {
        world.open(about(n, part, "")).await;
    }
    let message = pb::GetReportRequest {
        by: "part".into(),
        ..pb::GetReportRequest::default()
    };
    let report = world.complaints().get_report(world.hq(message)).await;
    let lines = report.unwrap().into_inner().lines;
    let counted: Vec<(&str, i64)> = lines
        .iter()
        .map(|line| (line.key.as_str(), line.cases))
        .collect();
    assert_eq!(counted, [("PUMP-1", 3), ("X9", 1), ("k1", 4)]);
}

async fn the_open_cases_of_a_car_are_found_however_its_vin_is_typed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let repeats = async |vin: &str| {
        let message = pb::FindRepeatsRequest {
            dealer: "D1".into(),
            vin: vin.into(),
            ..pb::FindRepeatsRequest::default()
        };
        let request = world.desk("D1", message);
        world.complaints().find_repeats(request).await
    };
    for vin in [
        "ＬＭＶＣＡ１Ａ６０Ｒ１０００００１",
        "lmvca1a60 r1000001",
        " LMVCA1A60R1000001",
    ] {
        let found = repeats(vin).await.unwrap().into_inner().complaints;
        assert_eq!(found[0].id, case.id, "{vin}");
        let search = pb::SearchComplaintsRequest {
            query: vin.into(),
            limit: 5,
        };
        let request = world.desk("D1", search);
        let found = world.complaints().search_complaints(request).await;
        assert_eq!(found.unwrap().into_inner().complaints[0].id, case.id);
        let list = pb::ListComplaintsRequest {
            vin: vin.into(),
            ..pb::ListComplaintsRequest::default()
        };
        let request = world.desk("D1", list);
        let listed = world.complaints().list_complaints(request).await;
        assert_eq!(listed.unwrap().into_inner().complaints[0].id, case.id);
    }
    let unread = repeats("LMVCA1A60R100000").await.unwrap_err();
    assert_eq!(unread.code(), Code::InvalidArgument);
    // What is no VIN though it has as many letters and digits is looked for among the words.
    let said = pb::OpenComplaintRequest {
        text: "brake shakes at 80".into(),
        ..complaint("D1", "c2")
    };
    let said = world.open(said).await;
    for _ in 0..500 {
        let search = pb::SearchComplaintsRequest {
            query: "brake shakes at 80 55".into(),
            limit: 5,
        };
        let request = world.desk("D1", search);
        let found = world.complaints().search_complaints(request).await;
        let found = found.unwrap().into_inner().complaints;
        if found.first().is_some_and(|first| first.id == said.id) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("what was said is never found");
}

async fn a_persons_number_is_taken_for_no_code(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(about(1, "P1", "F1")).await;
    let numbers = [
        "13566661111",
        "tel 135 6666 1111",
        "110101198704079516",
        "０２１－５５５５６６６６",
    ];
    let typed = numbers
        .into_iter()
        .flat_map(|each| [(each, ""), ("", each)]);
    for (part, fault) in typed {
        let open = world.desk("D1", about(2, part, fault));
        let opened = world.complaints().open_complaint(open).await;
        let amend = pb::AmendComplaintRequest {
            id: case.id.clone(),
            part: part.into(),
            fault: fault.into(),
            ..pb::AmendComplaintRequest::default()
        };
        let amend = world.desk("D1", amend);
        let amended = world.complaints().amend_complaint(amend).await;
        let write = pb::PutSolutionRequest {
            title: "氧传感器老化".into(),
            text: "更换并清除故障码".into(),
            part: part.into(),
            fault: fault.into(),
            ..pb::PutSolutionRequest::default()
        };
        let write = world.desk("D1", write);
        let written = world.complaints().put_solution(write).await;
        for refused in [opened.err(), amended.err(), written.err()] {
            let code = refused.map(|refused| refused.code());
            assert_eq!(code, Some(Code::InvalidArgument), "{part}{fault}");
        }
    }
    let kept = world.get(&case.id).await;
    assert_eq!((kept.part.as_str(), kept.fault.as_str()), ("P1", "F1"));
    let cases = "SELECT count(*) FROM complaints";
    assert_eq!(world.count(cases).await, 1);
    let solutions = "SELECT count(*) FROM solutions";
    assert_eq!(world.count(solutions).await, 0);
    // Ten digits are the number of many a part.
    world.open(about(2, "0986424797", "")).await;
    // A category that cannot be kept is other, and a finding.
    let category = pb::OpenComplaintRequest {
        category: "tel13566661111".into(),
        ..about(3, "", "")
    };
    let other = world.open(category).await;
    assert_eq!(other.category, "other");
    let mut findings = other.findings.iter();
    assert!(findings.any(|finding| finding.field == "category"));
}
