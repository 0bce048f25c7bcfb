//! A stop drops no call.

use std::time::Duration;

use marque_rpc::{RoleName, StackSettings};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::common::{World, ask, feed, network};

#[tokio::test]
async fn a_call_in_progress_ends_well_and_health_turns_first() {
    let mut world = World::start().await;
    let transport = network(RoleName::Vehicle, &world.address);
    let mut health = HealthClient::new(transport.clone());
    health.check(HealthCheckRequest::default()).await.unwrap();
    let busy = tokio::spawn({
        let mut client = feed(&transport);
        async move { client.pull(ask("sleep")).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.stop();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let status = health
        .check(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner()
        .status();
    assert_eq!(status, ServingStatus::NotServing);
    busy.await.unwrap().unwrap();
    world.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_feed_ends_well_when_draining_begins() {
    let mut world = World::with(StackSettings {
        endless: &["/marque.intake.v1.ImportService/DownloadQuarantine"],
        ..StackSettings::default()
    })
    .await;
    let request = marque_api::intake::v1::DownloadQuarantineRequest {
        import_id: "hang".to_owned(),
    };
    let mut events = crate::common::imports(&world.tcp)
        .download_quarantine(request)
        .await
        .unwrap()
        .into_inner();
    world.stop();
    let mut read = 0;
    while events.message().await.unwrap().is_some() {
        read += 1;
    }
    assert_eq!(read, 3, "what was told arrived, and the end is OK");
    world.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_without_end_does_not_hold_the_stop_up_for_ever() {
    let mut world = World::start().await;
    let request = marque_api::intake::v1::DownloadQuarantineRequest {
        import_id: "hang".to_owned(),
    };
    let mut chunks = crate::common::imports(&world.tcp)
        .download_quarantine(request)
        .await
        .unwrap()
        .into_inner();
    chunks.message().await.unwrap();
    world.stop();
    let outcome = tokio::time::timeout(Duration::from_secs(4), world.served)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        outcome,
        Err(marque_rpc::ServeError::DrainTimeout(_))
    ));
}

#[tokio::test]
async fn no_call_is_lost_when_a_connection_has_grown_old() {
    let age = Duration::from_millis(60);
    let world = World::with_age(StackSettings::default(), age).await;
    let callers = (0..4).map(|_| {
        let mut health = HealthClient::new(network(RoleName::Vehicle, &world.address));
        async move {
            let began = std::time::Instant::now();
            while began.elapsed() < 10 * age {
                health.check(HealthCheckRequest::default()).await.unwrap();
            }
        }
    });
    futures::future::join_all(callers).await;
}
