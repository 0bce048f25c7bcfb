//! What reports count as ended and as come back.

use marque_api::complaint::v1 as pb;
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::{STANDING, import},
    world::{World, complaint},
};

store_test_suite!(history_and_withdrawn_cases_that_are_re_opened_are_no_returns);

async fn history_and_withdrawn_cases_that_are_re_opened_are_no_returns(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let rows = (0..3).map(|n| {
        format!("TS{n},c{n},LJ1EEKRN7R400000{n},2026-02-20 16:00,异响,已结案,2026-02-25\n")
    });
    let file: String = std::iter::once(STANDING.to_owned()).chain(rows).collect();
    import(&world, &file).await;
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let history = listed.unwrap().into_inner().complaints.remove(0);
    world.go(&history.id, "reopened", "又响了").await.unwrap();
    let withdrawn = world.open(complaint("D1", "c9")).await;
    for to in ["withdrawn", "reopened"] {
        world.go(&withdrawn.id, to, "x").await.unwrap();
    }
    let line = async || {
        let ask = pb::GetReportRequest {
            by: "all".into(),
            ..pb::GetReportRequest::default()
        };
        let answer = world.complaints().get_report(world.hq(ask)).await.unwrap();
        answer.into_inner().lines.remove(0)
    };
    let before = line().await;
    assert_eq!(
        (before.ended, before.scored),
        (0, false),
        "none was resolved"
    );
    // What is resolved here and comes back counts, whatever it was before.
    for to in ["in_progress", "resolved", "reopened"] {
        world.go(&withdrawn.id, to, "x").await.unwrap();
    }
    let after = line().await;
    assert_eq!(after.ended, 1);
    assert!((after.reopen_rate - 1.0).abs() < 1e-9);
}
