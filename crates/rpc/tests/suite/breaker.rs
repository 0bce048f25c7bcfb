//! A peer that cannot be reached is left alone, and found again when it is back.

use std::time::{Duration, Instant};

use marque_rpc::{RoleRouter, Routes, ServerSettings, StackSettings, serve, stack};
use tokio::net::TcpListener;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::layer::util::Identity;

use crate::common::{ROLE, World, ask, feed, network};

fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| info.reason).unwrap_or_default()
}

#[tokio::test]
async fn callers_of_a_dead_peer_learn_at_once_and_get_through_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let transport = network(ROLE, &format!("http://{address}"));
    for _ in 0..5 {
        let status = feed(&transport).pull(ask("ok")).await.unwrap_err();
        assert_eq!(reason(&status), "PEER_UNREACHABLE");
    }
    let begun = Instant::now();
    for _ in 0..200 {
        let status = feed(&transport.clone()).pull(ask("ok")).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unavailable, "PEER_UNREACHABLE")
        );
        let wait = status
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .unwrap();
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
    }
    assert!(
        begun.elapsed() < Duration::from_millis(400),
        "{:?}",
        begun.elapsed()
    );

    let router = RoleRouter::new();
    let routes = stack(
        ROLE,
        Routes::default(),
        Identity::new(),
        StackSettings::default(),
    );
    router.add(routes).unwrap();
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        let settings = ServerSettings::default();
        serve(listener, router, None, &settings, std::future::pending()).await
    });
    let back = Instant::now();
    while feed(&transport).pull(ask("ok")).await.unwrap_err().code() != Code::Unimplemented {
        assert!(
            back.elapsed() < Duration::from_secs(5),
            "it is never found again"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_peer_that_answers_with_errors_is_not_left_alone() {
    let world = World::start().await;
    for _ in 0..20 {
        let refused = feed(&world.tcp).pull(ask("refuse")).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    feed(&world.tcp).pull(ask("ok")).await.unwrap();
}
