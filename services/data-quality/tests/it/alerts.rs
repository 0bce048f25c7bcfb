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
    a_score_that_falls_again_after_the_word_on_it_is_told_again,
    a_score_that_falls_after_a_month_without_records_is_told,
    suspects_come_with_the_figures_behind_them,
    a_replay_judges_entries_by_the_thresholds_of_the_draft,
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

    // It says the figures behind it: all his entries so far, where hardly one would be usual.
    let sign = raised.sign.as_ref().unwrap();
    assert_eq!((sign.count, sign.window_s), (sign.of, None));
    assert!(sign.expected < 3.0 && sign.strength > 0.5, "{sign:?}");
    assert!(sign.p <= sign.q && sign.q < 0.1, "{sign:?}");
    let text = raised.text.as_ref().unwrap();
    let (count, of) = (sign.count, sign.of);
    assert!(text.en.contains(&format!("{count} of {of}")), "{text:?}");
    assert!(
        text.zh.contains(&format!("{of} 条中有 {count} 条")),
        "{text:?}"
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
    assert_eq!((&same.sign, &same.text), (&raised.sign, &raised.text));
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
    let in_two_years = now.plus(Duration::from_hours(2 * 366 * 24));
    for instant in [now, in_two_years] {
        let refused = decide(&world, until(instant)).await;
        assert_eq!(refused.unwrap_err(), Code::InvalidArgument);
    }
    let asleep = decide(&world, until(now.plus(Duration::from_hours(48)))).await;
    assert_eq!(asleep.unwrap().state, "snoozed");
    let listed = async |state: &str| {
        let mut listed = alerts(&world, state).await.into_iter();
        let same = listed.find(|alert| alert.id == raised.id);
        same.map(|alert| (alert.state, alert.snoozed_until.is_some()))
    };
    let sleeps = Some(("snoozed".to_owned(), true));
    assert_eq!(listed("open").await, None);
    assert_eq!(listed("snoozed").await, sleeps);
    assert_eq!(listed("all").await, sleeps);
    world.clock.advance(Duration::from_hours(49));
    let is_awake = Some(("open".to_owned(), false));
    assert_eq!(listed("open").await, is_awake);
    assert_eq!(listed("snoozed").await, None);
    assert_eq!(listed("all").await, is_awake);

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
    // It goes on after that word: there is one new alert, and no second while that is open.
    world.clock.advance(Duration::from_hours(1));
    let further = |from: u32| -> Vec<Evidence> {
        let numbers = (from..from + 60).filter(|n| n % 6 == 3);
        numbers
            .map(|n| with_phone(n, 6, "13800138000", "S5"))
            .collect()
    };
    world.change(&further(7_200));
    let same = |alert: &pb::Alert| alert.clerk == "S5" && alert.detail == "placeholder_phone";
    let again = world
        .wait_for(async || alerts(&world, "open").await.into_iter().find(same))
        .await;
    assert_ne!(again.id, raised.id);
    world.clock.advance(Duration::from_hours(1));
    world.change(&further(7_800));
    assessed(&world).await;
    let all = alerts(&world, "all").await;
    assert_eq!(all.iter().filter(|alert| same(alert)).count(), 2);
}

/// Waits until all entries were compared after now.
async fn assessed(world: &World) {
    world.clock.advance(Duration::from_mins(1));
    let now = Some(to_proto_time(world.clock.now()));
    world.change(&[record(
        90_000 + world.clock.now().as_micros() as u32 % 9_999,
        6,
        1,
    )]);
    world
        .wait_for(async || {
            let request = world.hq(pb::ListSuspectsRequest::default());
            let answer = world.quality().list_suspects(request).await.unwrap();
            let at = answer.into_inner().assessed_at;
            let later = at
                .zip(now)
                .is_some_and(|(at, now)| at.seconds >= now.seconds);
            later.then_some(())
        })
        .await;
}

/// Forty records of D000, of today or so many days ago, with all columns or with hardly one.
fn of_day(world: &World, days_ago: i64, version: i64, is_good: bool) -> Vec<Evidence> {
    let entered = marque_core::Timestamp::from_micros(
        world.clock.now().as_micros() - days_ago * 86_400_000_000,
    );
    let filled: &[&str] = if is_good {
        &[
            "source_key",
            "name",
            "phone",
            "id_number",
            "address",
            "vin",
            "gender",
            "email",
        ]
    } else {
        &["source_key"]
    };
    let of = |n: u32| Evidence {
        entered_at: Some(to_proto_time(entered)),
        filled: filled.iter().map(|column| (*column).to_owned()).collect(),
        findings: Vec::new(),
        party: "person".into(),
        is_repeated: None,
        ..record(n * 6 + 60_000 * u32::from(days_ago > 0), 6, version)
    };
    (0..40).map(of).collect()
}

async fn a_score_that_falls_again_after_the_word_on_it_is_told_again(db: TestDb) {
    let world = World::start(db, Owner::default(), 6).await;
    // The middle of a month, so that the days of the test stay in it.
    world.clock.advance(Duration::from_hours(14 * 24));
    world.change(&of_day(&world, 31, 1, true));
    world.change(&of_day(&world, 0, 1, false));
    let fell = async || {
        let open = alerts(&world, "open").await.into_iter();
        open.filter(|alert| alert.kind == "score_fell" && alert.dealer == "D000")
            .collect::<Vec<_>>()
    };
    let first = world
        .wait_for(async || fell().await.into_iter().next())
        .await;
    assert_eq!(first.detail, "2026-01");
    let fall = first.fall.as_ref().unwrap();
    assert!(fall.before - fall.after >= 5.0, "{fall:?}");
    assert!(fall.records_before >= 30 && fall.records_after >= 30);
    let text = &first.text.as_ref().unwrap().en;
    let figures = format!("from {:.1} ({} records)", fall.before, fall.records_before);
    assert!(text.contains(&figures), "{text}");
    let close = pb::DecideAlertRequest {
        outcome: "mended".into(),
        ..word(&first, "close")
    };
    let request = world.hq(close);
    world.quality().decide_alert(request).await.unwrap();
    // Still as low: nothing new. Made good, and low again: a new fall.
    assessed(&world).await;
    assert!(fell().await.is_empty());
    world.change(&of_day(&world, 0, 2, true));
    world
        .wait_for(async || {
            let cards = world.cards("dealer", "2026-01").await.into_iter();
            let mut own = cards.filter(|card| card.dealer == "D000");
            let is_good = own.any(|card| card.means.as_ref().unwrap().total > 70.0);
            is_good.then_some(())
        })
        .await;
    assessed(&world).await;
    assert!(fell().await.is_empty());
    world.change(&of_day(&world, 0, 3, false));
    let second = world
        .wait_for(async || fell().await.into_iter().next())
        .await;
    assert_ne!(second.id, first.id);
}

async fn suspects_come_with_the_figures_behind_them(db: TestDb) {
    let world = invented(db).await;
    let suspect = world
        .wait_for(async || {
            let request = world.hq(pb::ListSuspectsRequest::default());
            let answer = world.quality().list_suspects(request).await.unwrap();
            let mut suspects = answer.into_inner().suspects.into_iter();
            suspects.find(|one| one.kind == "placeholder_phone" && one.clerk.is_empty())
        })
        .await;
    assert_eq!((suspect.count, suspect.of), (30, 60));
    assert!(
        (0.1..3.0).contains(&suspect.expected),
        "{}",
        suspect.expected
    );
    assert!(suspect.p <= suspect.q && suspect.q < 1e-6);
    let evidence = suspect.evidence.unwrap();
    assert!(evidence.en.contains("30 of 60") && evidence.en.contains("q ="));
    assert!(evidence.zh.contains("60 条中有 30 条"), "{}", evidence.zh);
}

async fn a_replay_judges_entries_by_the_thresholds_of_the_draft(db: TestDb) {
    let world = invented(db).await;
    let is_suspected = async || {
        let request = world.hq(pb::ListSuspectsRequest::default());
        let answer = world.quality().list_suspects(request).await.unwrap();
        let suspects = answer.into_inner().suspects;
        let is_his = |one: &pb::Suspect| one.dealer == "D003" && one.count == 30;
        suspects.iter().any(is_his).then_some(())
    };
    world.wait_for(is_suspected).await;
    let ask = world.hq(pb::GetStandardRequest {
        kind: "customers".into(),
    });
    let listed = world.quality().get_standard(ask).await.unwrap();
    let mut standards = listed.into_inner().standards.into_iter();
    let text = standards.find(|standard| standard.in_force).unwrap().text;
    let mean_of = async |thresholds: &str| {
        let text = text.replacen("[[purpose]]", &format!("{thresholds}[[purpose]]"), 1);
        let request = world.hq(pb::ReplayStandardRequest { text });
        let replayed = world.quality().replay_standard(request).await.unwrap();
        let mut changes = replayed.into_inner().changes.into_iter();
        let of_dealer =
            |change: &pb::ReplayChange| change.dealer == "D003" && change.purpose == "overall";
        let change = changes.find(of_dealer).unwrap();
        change.after.unwrap().total
    };
    // Where such phones matter only when they are a hundred times as frequent as usual, his are believed more.
    let lenient = mean_of("[invention]\nplaceholder_times = 100\n\n").await;
    assert!(lenient > mean_of("").await + 1.0, "{lenient}");
}

async fn a_score_that_falls_after_a_month_without_records_is_told(db: TestDb) {
    let world = World::start(db, Owner::default(), 6).await;
    world.clock.advance(Duration::from_hours(14 * 24));
    world.change(&of_day(&world, 62, 1, true));
    world.change(&of_day(&world, 0, 1, false));
    let fell = async || {
        let mut open = alerts(&world, "open").await.into_iter();
        open.find(|alert| alert.kind == "score_fell" && alert.dealer == "D000")
    };
    let fell = world.wait_for(fell).await;
    let fall = fell.fall.unwrap();
    assert!(fall.before - fall.after >= 5.0, "{fall:?}");
}
