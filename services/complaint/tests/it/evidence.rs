//! What the data-quality service is told of cases: which columns are filled, what is wrong with them, no word of anybody.

use marque_api::{complaint::v1 as pb, evidence::v1::Evidence};
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::{HEADER, STANDING, import},
    world::World,
};

store_test_suite!(
    what_a_row_had_wrong_is_told_until_somebody_corrects_the_case,
    one_complaint_under_two_numbers_is_told_of_both_until_one_is_corrected,
    the_day_of_a_complaint_is_measured_unless_it_could_not_be_used,
    a_state_nobody_knows_and_an_end_that_cannot_be_are_told_until_the_file_mends_them,
);

const VIN: &str = "LJ1EEKRN7R4000001";
const ANOTHER: &str = "LJ1EEKRN9R4000002";

/// The cases by their keys, and what is told of them, in the same order.
async fn told(world: &World) -> Vec<(pb::Complaint, Evidence)> {
    let list = pb::ListComplaintsRequest::default();
    let answer = world.complaints().list_complaints(world.hq(list)).await;
    let mut cases = answer.unwrap().into_inner().complaints;
    cases.sort_by(|a, b| a.complaint_key.cmp(&b.complaint_key));
    let ids: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let evidence = world.evidence(&ids).await;
    let of = |case: pb::Complaint| {
        let own = evidence.iter().find(|one| one.id == case.id).unwrap();
        (case, own.clone())
    };
    cases.into_iter().map(of).collect()
}

fn rules(evidence: &Evidence) -> Vec<(&str, &str)> {
    let findings = evidence.findings.iter();
    findings
        .map(|finding| (finding.field.as_str(), finding.rule.as_str()))
        .collect()
}

fn measures(evidence: &Evidence) -> Vec<(&str, &str)> {
    let measures = evidence.measures.iter();
    measures
        .map(|measured| (measured.field.as_str(), measured.measure.as_str()))
        .collect()
}

async fn the_day_of_a_complaint_is_measured_unless_it_could_not_be_used(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = |key: &str, vin: &str, day: &str| {
        format!("{key},c1,{vin},{day},到店,维修质量,低,异响,售后\n")
    };
    // As it should be, as a spreadsheet's number, not at all, and too early.
    let file = format!(
        "{HEADER}{}{}{}{}",
        row("TS1", VIN, "2026-02-20"),
        row("TS2", ANOTHER, "46073"),
        row("TS3", VIN, ""),
        row("TS4", ANOTHER, "1979-02-20"),
    );
    import(&world, &file).await;
    let cases = told(&world).await;
    let of_case: Vec<_> = cases
        .iter()
        .map(|(_, evidence)| (rules(evidence), measures(evidence)))
        .collect();
    let day = vec![("opened_at", "day")];
    assert_eq!(
        of_case,
        [
            (vec![], day.clone()),
            (vec![("opened_at", "date_serial")], day.clone()),
            (vec![], day),
            (vec![("opened_at", "date_too_early")], vec![]),
        ]
    );
    let (first, second) = (&cases[0].1.measures[0], &cases[1].1.measures[0]);
    assert_eq!(first.value, second.value);
}

async fn what_a_row_had_wrong_is_told_until_somebody_corrects_the_case(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = format!(
        "{HEADER}TS1,c1,{VIN},2026-03-01 16:00,400热线,维修质量,很气愤,制动仍有异响,售后\n\
         TS2,c2,,2026-02-27,到店,算账糊涂,低,结算比报价高,售后\n"
    );
    import(&world, &file).await;
    let cases = told(&world).await;
    let (first, flawed) = &cases[0];
    assert_eq!(rules(flawed), [("severity", "severity_unknown")]);
    let holds = |evidence: &Evidence, column: &str| evidence.filled.iter().any(|one| one == column);
    assert!(holds(flawed, "vin") && holds(flawed, "text") && !holds(flawed, "severity"));
    let (_, uncoded) = &cases[1];
    assert_eq!(rules(uncoded), [("category", "choice_unknown")]);
    assert!(!holds(uncoded, "category") && !holds(uncoded, "vin"));
    let text = format!("{flawed:?}{uncoded:?}");
    assert!(
        !text.contains("异响") && !text.contains("糊涂") && !text.contains(VIN),
        "evidence holds no value"
    );

    let amend = pb::AmendComplaintRequest {
        id: first.id.clone(),
        severity: "high".into(),
        ..pb::AmendComplaintRequest::default()
    };
    world
        .complaints()
        .amend_complaint(world.desk("D1", amend))
        .await
        .unwrap();
    let cases = told(&world).await;
    assert!(rules(&cases[0].1).is_empty() && holds(&cases[0].1, "severity"));
    assert!(cases[0].1.version > flawed.version);
    assert_eq!(cases[0].0.text, first.text, "its words are as they were");
}

async fn one_complaint_under_two_numbers_is_told_of_both_until_one_is_corrected(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = |key: &str, day: &str| format!("{key},c1,{VIN},{day},到店,维修质量,低,异响,售后\n");
    let file = format!(
        "{HEADER}{}{}{}",
        row("TS1", "2026-03-01"),
        row("TS2", "2026-03-01"),
        row("TS3", "2026-02-20")
    );
    import(&world, &file).await;
    let cases = told(&world).await;
    let ids: Vec<&str> = cases.iter().map(|(case, _)| case.id.as_str()).collect();
    let twice = ("complaint_key", "entered_twice");
    let expected = [
        (Some(true), ids[1], vec![twice]),
        (Some(true), ids[0], vec![twice]),
        (Some(false), "", vec![]),
    ];
    for ((_, evidence), expected) in cases.iter().zip(expected) {
        let found = (
            evidence.is_repeated,
            evidence.repeats.as_str(),
            rules(evidence),
        );
        assert_eq!(found, expected);
    }
    let other_day = row("TS2", "2026-02-26");
    import(&world, &file.replace(&row("TS2", "2026-03-01"), &other_day)).await;
    let cases = told(&world).await;
    assert!(cases.iter().all(|(_, evidence)| rules(evidence).is_empty()));
}

async fn a_state_nobody_knows_and_an_end_that_cannot_be_are_told_until_the_file_mends_them(
    db: TestDb,
) {
    let world = World::without_scheduler(db).await;
    let file = format!(
        "{STANDING}TS1,c1,{VIN},2026-02-20,异响,已结案,2026-02-24\n\
         TS2,c2,{VIN},2026-02-20,漏油,已结案,2026-02-19\n\
         TS3,c3,{VIN},2026-02-20,黑屏,再说吧,\n"
    );
    import(&world, &file).await;
    let cases = told(&world).await;
    let of_case: Vec<_> = cases.iter().map(|(_, evidence)| rules(evidence)).collect();
    assert_eq!(
        of_case,
        [
            vec![],
            vec![("closed_at", "date_order")],
            vec![("state", "choice_unknown")],
        ]
    );
    assert_eq!(cases[1].1.findings[0].other, "opened_at");
    let (ended, unknown) = (&cases[0].1, &cases[2].1);
    assert_eq!(
        measures(ended),
        [("opened_at", "day"), ("closed_at", "day")]
    );
    let holds = |evidence: &Evidence, column: &str| evidence.filled.iter().any(|one| one == column);
    assert!(holds(ended, "state") && holds(ended, "closed_at"));
    assert!(!holds(unknown, "state") && !holds(unknown, "closed_at"));
    // What is mended in the file is found no more.
    let mended = file
        .replace("2026-02-19", "2026-02-25")
        .replace("再说吧", "处理中");
    import(&world, &mended).await;
    let cases = told(&world).await;
    assert!(cases.iter().all(|(_, evidence)| rules(evidence).is_empty()));
    assert_eq!(cases[2].0.state, "in_progress");
}
