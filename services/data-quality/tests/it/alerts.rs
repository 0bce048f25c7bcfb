//! Alerts: raised once, told by events without names, slept over, acknowledged, closed with what came of them.

use std::time::Duration;

use chrono::NaiveDate;
use marque_api::{evidence::v1::Evidence, quality::v1 as pb};
use marque_auth::Role;
use marque_core::Clock as _;
use marque_events::to_proto_time;
use marque_quality::{
    CustomerRow, clean_customer,
    falsification::{Entry, EntryExtras},
};
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;
use tonic::Code;

use crate::world::{Owner, World, record, records};

store_test_suite!(
    an_alert_is_told_without_names_and_takes_its_course,
    a_write_with_a_key_happens_once,
);

/// A record with the entry of a customer whose phone is this one.
fn with_phone(n: u32, dealers: u32, phone: &str, clerk: &str) -> Evidence {
    let name = format!(
        "{}{}",
        ["王", "李", "张", "刘", "陈"][(n % 5) as usize],
        char::from_u32(0x5B50 + n * 7 % 900).unwrap()
    );
    let row = CustomerRow {
        source_key: Some("K"),
        name: Some(&name),
        phone: Some(phone),
        ..CustomerRow::default()
    };
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let entry = Entry::of(&row, &clean_customer(&row, today), EntryExtras::default());
    Evidence {
        entry: entry.to_bytes(),
        clerk: clerk.into(),
        ..record(n, dealers, 1)
    }
}

/// Six dealers of sixty records; S5 of D003 puts a number in place of every second phone.
async fn invented(db: TestDb) -> World {
    let world = World::start(db, Owner::default(), 6).await;
    let all: Vec<Evidence> = (0..360)
        .map(|n| {
            let phone = format!("13{}", 100_000_000 + n * 1_940_737 % 800_000_000);
            match n {
                _ if n % 6 == 3 && n / 6 % 2 == 0 => with_phone(n, 6, "13800138000", "S5"),
                _ => with_phone(n, 6, &phone, "S1"),
            }
        })
        .collect();
    world.change(&all);
    world.until(|cards| records(cards) == 360).await;
    world
}

async fn alerts(world: &World, state: &str) -> Vec<pb::Alert> {
    let request = world.hq(pb::ListAlertsRequest {
        state: state.into(),
        page_size: 100,
        ..pb::ListAlertsRequest::default()
    });
    let answer = world.quality().list_alerts(request).await.unwrap();
    answer.into_inner().alerts
}

async fn decide(world: &World, decision: pb::DecideAlertRequest) -> Result<pb::Alert, Code> {
    let request = world.of_dealer(Role::Manager, "D003", decision);
    let answer = world.quality().decide_alert(request).await;
    answer
        .map(|answer| answer.into_inner().alert.unwrap())
        .map_err(|status| status.code())
}

fn word(alert: &pb::Alert, decision: &str) -> pb::DecideAlertRequest {
    pb::DecideAlertRequest {
        id: alert.id.clone(),
        decision: decision.into(),
        ..pb::DecideAlertRequest::default()
    }
}

async fn a_write_with_a_key_happens_once(db: TestDb) {
    let world = World::start(db, Owner::default(), 3).await;
    world.change(&(0..30).map(|n| record(n, 3, 1)).collect::<Vec<_>>());
    world.until(|cards| records(cards) == 30).await;
    let draw = |size| {
        let mut request = world.hq(pb::CreateWorkListRequest {
            size,
            seed: 7,
            ..pb::CreateWorkListRequest::default()
        });
        let key = "drawn".parse().unwrap();
        request.metadata_mut().insert("idempotency-key", key);
        request
    };
    let mut quality = world.quality();
    let first = quality
        .create_work_list(draw(5))
        .await
        .unwrap()
        .into_inner();
    let again = quality
        .create_work_list(draw(5))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first, "the same list and no second one");
    let reused = quality.create_work_list(draw(6)).await.unwrap_err();
    assert_eq!(reused.code(), Code::FailedPrecondition);
}

async fn an_alert_is_told_without_names_and_takes_its_course(db: TestDb) {
    let world = invented(db).await;
    let raised = world
        .wait_for(async || {
            let alerts = alerts(&world, "open").await;
            let found = alerts.into_iter().find(|alert| alert.clerk == "S5");
            found.filter(|alert| alert.detail == "placeholder_phone")
        })
        .await;
    assert_eq!(
        (raised.dealer.as_str(), raised.state.as_str()),
        ("D003", "open")
    );

    // Others hear of it: which dealer, and the clerk by a code that is not his number.
    let told = world.told("marque.quality.alerts.raised").await;
    let told: Vec<pb::Alert> = told
        .iter()
        .flat_map(|event| {
            pb::AlertsRaised::decode(event.data.as_slice())
                .unwrap()
                .alerts
        })
        .collect();
    let same = told.iter().find(|alert| alert.id == raised.id).unwrap();
    assert!(same.clerk.starts_with("stf_") && same.clerk.len() == 36);
    assert!(
        told.iter()
            .all(|alert| alert.dealer == "D003" && !alert.clerk.contains("S5"))
    );

    // It sleeps, is not listed, and wakes by itself.
    let now = world.clock.now();
    let until = |at| pb::DecideAlertRequest {
        until: Some(to_proto_time(at)),
        ..word(&raised, "snooze")
    };
    assert_eq!(
        decide(&world, until(now)).await.unwrap_err(),
        Code::InvalidArgument
    );
    let asleep = decide(&world, until(now.plus(Duration::from_hours(48)))).await;
    assert_eq!(asleep.unwrap().state, "snoozed");
    let is_open = async || {
        let open = alerts(&world, "open").await;
        open.iter().any(|alert| alert.id == raised.id)
    };
    assert!(!is_open().await);
    world.clock.advance(Duration::from_hours(49));
    assert!(is_open().await);

    // It is acknowledged, and closed with an outcome; then nothing more is said about it.
    let seen = decide(&world, word(&raised, "acknowledge")).await.unwrap();
    assert_eq!(
        (seen.state.as_str(), seen.snoozed_until),
        ("acknowledged", None)
    );
    let closing = |outcome: &str| pb::DecideAlertRequest {
        outcome: outcome.into(),
        remark: "asked him, he will call them".into(),
        ..word(&raised, "close")
    };
    assert_eq!(
        decide(&world, closing("whatever")).await.unwrap_err(),
        Code::InvalidArgument
    );
    let closed = decide(&world, closing("explained")).await.unwrap();
    assert_eq!(
        (closed.state.as_str(), closed.outcome.as_str()),
        ("closed", "explained")
    );
    let late = decide(&world, word(&raised, "acknowledge")).await;
    assert_eq!(late.unwrap_err(), Code::FailedPrecondition);

    // The same cause, compared again, raises nothing anew.
    let before = alerts(&world, "all").await.len();
    world.change(&[record(6_000, 6, 1)]);
    world.until(|cards| records(cards) == 361).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(alerts(&world, "all").await.len(), before);
}
