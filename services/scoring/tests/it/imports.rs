//! Files of purchases, payments and assessments.

use std::time::Duration;

use marque_api::intake::v1::{
    GetImportRequest, Import, ImportRequest, ImportRow, ImportStart, ImportState,
    ListImportRowsRequest, RowOutcome, import_request::Part,
};
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, assessment, customer, link, linked};

store_test_suite!(
    a_file_of_payments_moves_scores_and_a_second_time_nothing,
    purchases_and_assessments_come_in_under_chinese_headers,
    wrong_rows_are_held_back_with_their_column_and_the_rest_comes_in,
    a_word_that_nobody_knows_is_told_with_those_that_are_known,
    a_file_and_a_live_write_under_one_key_are_one_fact,
);

fn d1() -> Scope {
    Scope::Dealer("D1".parse().unwrap())
}

pub(crate) async fn import(world: &World, kind: &str, file: &str) -> Import {
    let start = ImportStart {
        kind: kind.into(),
        dealer: "D1".into(),
        source: "dms".into(),
        ..ImportStart::default()
    };
    let chunk = Part::Chunk(file.as_bytes().to_vec().into());
    let parts = [Part::Start(start), chunk].map(|part| ImportRequest { part: Some(part) });
    let request = world.ask(Role::Manager, d1(), tokio_stream::iter(parts));
    let queued = world.imports().import(request).await.unwrap();
    let id = queued.into_inner().import.unwrap().id;
    for _ in 0..2_000 {
        let request = world.ask(Role::Manager, d1(), GetImportRequest { id: id.clone() });
        let import = world.imports().get_import(request).await.unwrap();
        let import = import.into_inner().import.unwrap();
        match import.state() {
            ImportState::Succeeded => return import,
            ImportState::Failed => panic!("{}: {}", import.problem_reason, import.problem_detail),
            _ => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
    panic!("the import does not end");
}

async fn rows(world: &World, import: &Import) -> Vec<ImportRow> {
    let message = ListImportRowsRequest {
        import_id: import.id.clone(),
        ..ListImportRowsRequest::default()
    };
    let request = world.ask(Role::Manager, d1(), message);
    let rows = world.imports().list_import_rows(request).await;
    rows.unwrap().into_inner().rows
}

async fn world_of_two(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10)), link("D1", "B", customer(20))];
    world.customers.deliver([linked(1, links)]).await;
    world
}

async fn a_file_of_payments_moves_scores_and_a_second_time_nothing(db: TestDb) {
    let world = world_of_two(db).await;
    let file = "收款单号,客户编号,应收金额,到期日,到账日期\n\
                P1,A,\"3,000.00\",2026-04-01,2026-04-01\n\
                P2,B,3000元,2026-04-01,\n";
    let first = import(&world, "payments", file).await;
    assert_eq!(
        (first.received, first.accepted, first.quarantined),
        (2, 2, 0)
    );
    let (ann, bob) = (
        world.score(customer(10)).await,
        world.score(customer(20)).await,
    );
    assert!(
        ann.hundredths > bob.hundredths,
        "who pays on the day is worth more"
    );
    let told = rows(&world, &first).await;
    assert_eq!(told[0].customer_id, customer(10).to_string());
    assert!(
        told[0].record_id.starts_with("fct_"),
        "{}",
        told[0].record_id
    );
    let changes = world.count("SELECT change FROM score_clock").await;
    let again = import(&world, "payments", file).await;
    assert_eq!((again.received, again.unchanged), (2, 2));
    assert_eq!(world.count("SELECT change FROM score_clock").await, changes);
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 2);
}

async fn purchases_and_assessments_come_in_under_chinese_headers(db: TestDb) {
    let world = world_of_two(db).await;
    let purchases = "合同编号,客户编号,VIN码,成交价（元）,购车日期\n\
                     C1,A,LJ1EEKRN7R4000001,12.8万,2026/5/1\n";
    assert_eq!(import(&world, "purchases", purchases).await.accepted, 1);
    let assessments = "问卷编号,客户编号,评估项目,评分,评估日期\n\
                       S1,A,满意度,5,2026-05-20\n\
                       S2,A,社会影响力,８０,2026-05-20\n\
                       S3,B,intention,4,2026-05-20\n";
    assert_eq!(import(&world, "assessments", assessments).await.accepted, 3);
    let score = format!("{:?}", world.score(customer(10)).await);
    assert!(
        score.contains("purchase_count") && score.contains("128000"),
        "{score}"
    );
    let ann = world.score(customer(10)).await;
    let influence = ann
        .indicators
        .iter()
        .find(|each| each.key == "social_influence");
    assert_eq!(influence.unwrap().points, 80.0);
    let wide = assessment("S4", "A", "social_influence", "７２．５");
    world.put("D1", wide).await;
    let score = world.score(customer(10)).await;
    let mut indicators = score.indicators.iter();
    let influence = indicators.find(|each| each.key == "social_influence");
    assert_eq!(influence.unwrap().points, 72.5);
    assert_eq!(world.score(customer(20)).await.state, 1);
}

async fn wrong_rows_are_held_back_with_their_column_and_the_rest_comes_in(db: TestDb) {
    let world = world_of_two(db).await;
    let file = "payment_key,customer_key,amount,date\n\
                P1,A,100,2026-04-01\n\
                ,A,100,2026-04-01\n\
                P3,A,plenty,2026-04-01\n\
                P4,A,100,soon\n\
                P1,A,200,2026-04-01\n";
    let import = import(&world, "payments", file).await;
    assert_eq!(
        (import.received, import.accepted, import.quarantined),
        (5, 2, 3)
    );
    let told: Vec<(RowOutcome, Vec<(String, String)>)> = rows(&world, &import)
        .await
        .into_iter()
        .map(|row| {
            let named = |finding: &marque_api::intake::v1::Finding| {
                assert!(!finding.message_zh.is_empty() && !finding.message_en.is_empty());
                (finding.field.clone(), finding.rule.clone())
            };
            (row.outcome(), row.findings.iter().map(named).collect())
        })
        .collect();
    let held = |field: &str, rule: &str| {
        (
            RowOutcome::Quarantined,
            vec![(field.to_owned(), rule.to_owned())],
        )
    };
    assert_eq!(told[1], held("payment_key", "missing"));
    assert_eq!(told[2], held("amount", "invalid"));
    assert_eq!(told[3], held("date", "invalid"));
    assert_eq!(told[4].0, RowOutcome::Accepted);
    let amount = "SELECT amount_minor FROM facts";
    assert_eq!(
        world.count(amount).await,
        20_000,
        "the last word on a key counts"
    );
}

async fn a_word_that_nobody_knows_is_told_with_those_that_are_known(db: TestDb) {
    let world = world_of_two(db).await;
    let file = "assessment_key,customer_key,subject,value,date,valid_until,withdrawn\n\
                S1,A,intention,4,2026-05-20,2027-05-20,否\n\
                S2,A,intention,4,2026-05-20,,perhaps\n\
                S3,A,intention,4,2026-05-20,for long,\n";
    let import = import(&world, "assessments", file).await;
    assert_eq!((import.accepted, import.quarantined), (1, 2));
    let told = rows(&world, &import).await;
    for (at, column, words) in [
        (1, "withdrawn", ["yes", "no", "作废", "有效"]),
        (2, "valid_until", ["2027-11-21", "empty", "日期", "留空"]),
    ] {
        assert_eq!(told[at].outcome(), RowOutcome::Quarantined);
        let [finding] = told[at].findings.as_slice() else {
            panic!("one thing is wrong: {:?}", told[at].findings);
        };
        assert_eq!(
            (finding.field.as_str(), finding.rule.as_str()),
            (column, "invalid")
        );
        let said = format!("{} {}", finding.message_en, finding.message_zh);
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!said.contains("perhaps") && !said.contains("for long"));
    }
}

async fn a_file_and_a_live_write_under_one_key_are_one_fact(db: TestDb) {
    let world = world_of_two(db).await;
    world
        .put("D1", assessment("S1", "A", "intention", "2"))
        .await;
    let low = world.score(customer(10)).await.hundredths;
    world.clock.advance(Duration::from_secs(1));
    let file = "assessment_key,customer_key,subject,value,date\nS1,A,intention,5,2026-06-01\n";
    assert_eq!(import(&world, "assessments", file).await.accepted, 1);
    assert!(world.score(customer(10)).await.hundredths > low);
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 1);
}
