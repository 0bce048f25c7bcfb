//! Deadlines are kept, travel on with what is left, and stop the work.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use marque_api::intake::v1::DownloadQuarantineRequest;
use marque_rpc::{CallMeta, Deadline, RequestId, RoleName, StackSettings};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use crate::common::{World, ask, feed, imports, seen};

fn with_budget<T>(millis: u64, message: T) -> Request<T> {
    CallMeta::new(RequestId::random())
        .within(Duration::from_millis(millis))
        .outgoing(message)
}

#[tokio::test]
async fn fifty_milliseconds_are_not_four_hundred() {
    let world = World::start().await;
    let mut all = Vec::new();
    for transport in world.both() {
        feed(&transport).pull(ask("ok")).await.unwrap();
        let begun = Instant::now();
        let status = feed(&transport)
            .pull(with_budget(50, ask("sleep")))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(
            status.get_details_error_info().unwrap().reason,
            "DEADLINE_EXCEEDED"
        );
        assert!(
            begun.elapsed() < Duration::from_millis(250),
            "took {:?}",
            begun.elapsed()
        );
        all.push(seen(&status));
    }
    assert_eq!(all[0], all[1]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        world.unfinished.load(Ordering::SeqCst),
        2,
        "both handlers were stopped, not left to run"
    );
}

#[tokio::test]
async fn work_that_its_store_ends_in_time_has_run_out_of_time_and_is_not_unavailable() {
    let world = World::start().await;
    for transport in world.both() {
        let asked = with_budget(30, ask("stop at the deadline"));
        let status = feed(&transport).pull(asked).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    }
}

#[tokio::test]
async fn callers_in_a_hurry_shut_nobody_out() {
    let world = World::start().await;
    let [_, network] = world.both();
    feed(&network).pull(ask("ok")).await.unwrap();
    for budget in (1..=30).cycle().take(90) {
        let asked = with_budget(budget, ask("sleep"));
        let status = feed(&network).pull(asked).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    }
    feed(&network).pull(ask("ok")).await.unwrap();
}

#[tokio::test]
async fn a_past_deadline_does_no_work_at_all() {
    let world = World::start().await;
    for transport in world.both() {
        let status = feed(&transport)
            .pull(with_budget(0, ask("sleep")))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
    assert_eq!(world.unfinished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_next_hop_gets_what_is_left() {
    let world = World::start().await;
    for transport in world.both_to(RoleName::Customer) {
        let left = feed(&transport)
            .pull(with_budget(1_000, ask("relay")))
            .await
            .unwrap()
            .get_ref()
            .head;
        assert!(
            (500..=900).contains(&left),
            "{left} ms left of 1000 after 100"
        );
    }
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_the_default_and_a_greedy_one_is_cut() {
    let settings = StackSettings {
        max_deadline: Duration::from_mins(1),
        ..StackSettings::default()
    };
    let world = World::with(settings).await;
    for transport in world.both() {
        let left = feed(&transport)
            .pull(ask("budget"))
            .await
            .unwrap()
            .get_ref()
            .head;
        assert!((9_000..=10_000).contains(&left), "{left}");
        let left = feed(&transport)
            .pull(with_budget(3_600_000, ask("budget")))
            .await
            .unwrap()
            .get_ref()
            .head;
        assert!((59_000..=60_000).contains(&left), "{left}");
    }
}

#[tokio::test]
async fn a_stream_that_hangs_is_cut_at_the_deadline() {
    let world = World::start().await;
    for transport in world.both() {
        let request = DownloadQuarantineRequest {
            import_id: "hang".to_owned(),
        };
        let begun = Instant::now();
        let mut chunks = imports(&transport)
            .download_quarantine(with_budget(100, request))
            .await
            .unwrap()
            .into_inner();
        for _ in 0..3 {
            assert!(chunks.message().await.unwrap().is_some());
        }
        let status = chunks.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(begun.elapsed() < Duration::from_millis(400));
    }
}

#[test]
fn a_chain_keeps_the_earliest_deadline() {
    let meta =
        CallMeta::new(RequestId::random()).with_deadline(Deadline::after(Duration::from_secs(1)));
    let left = meta
        .within(Duration::from_mins(1))
        .deadline()
        .unwrap()
        .remaining();
    assert!(left <= Duration::from_secs(1));
}
