//! More calls than a role can take are refused at once, over all connections together.

use std::time::Duration;

use marque_api::intake::v1::DownloadQuarantineRequest;
use marque_rpc::{InFlightLimit, StackSettings};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::common::{ROLE, World, ask, feed, imports, network, seen};

fn room_for(calls: usize) -> StackSettings {
    StackSettings {
        in_flight: InFlightLimit::new(calls),
        ..StackSettings::default()
    }
}

#[tokio::test]
async fn the_limit_is_one_over_memory_and_every_connection_and_frees_itself() {
    let world = World::with(room_for(1)).await;
    let other_connection = network(ROLE, &world.address);
    let [memory, tcp] = world.both();
    let busy = tokio::spawn({
        let mut client = feed(&memory);
        async move { client.pull(ask("sleep")).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut all = Vec::new();
    for transport in [&memory, &tcp, &other_connection] {
        let status = feed(transport).pull(ask("ok")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(
            status.get_details_error_info().unwrap().reason,
            "OVERLOADED"
        );
        assert_eq!(
            status.get_details_retry_info().unwrap().retry_delay,
            Some(Duration::from_secs(1))
        );
        all.push(seen(&status));
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    busy.await.unwrap().unwrap();
    for transport in [&memory, &tcp, &other_connection] {
        feed(transport).pull(ask("ok")).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_holds_its_place_until_its_end() {
    let world = World::with(room_for(1)).await;
    for transport in world.both() {
        let request = DownloadQuarantineRequest {
            import_id: "hang".to_owned(),
        };
        let mut chunks = imports(&transport)
            .download_quarantine(request)
            .await
            .unwrap()
            .into_inner();
        chunks.message().await.unwrap();
        assert_eq!(
            feed(&transport).pull(ask("ok")).await.unwrap_err().code(),
            Code::Unavailable
        );
        drop(chunks);
        wait_until_free(&transport).await;
    }
}

#[tokio::test]
async fn who_watches_keeps_nobody_out_who_asks_and_watchers_have_a_limit_of_their_own() {
    let world = World::with(StackSettings {
        streams: InFlightLimit::of_streams(1),
        endless: &["/marque.intake.v1.ImportService/DownloadQuarantine"],
        ..room_for(1)
    })
    .await;
    for transport in world.both() {
        let watch = || {
            let mut client = imports(&transport);
            async move {
                let request = DownloadQuarantineRequest {
                    import_id: "hang".to_owned(),
                };
                client.download_quarantine(request).await
            }
        };
        let mut watching = watch().await.unwrap().into_inner();
        watching.message().await.unwrap();
        feed(&transport).pull(ask("ok")).await.unwrap();
        let refused = watch().await.map(|_| ()).unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        drop(watching);
        let mut is_free = false;
        for _ in 0..100 {
            is_free = is_free || watch().await.is_ok();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(is_free, "the place was given back");
    }
}

#[tokio::test]
async fn a_panic_and_a_caller_that_went_away_give_their_places_back() {
    let world = World::with(room_for(1)).await;
    for transport in world.both() {
        feed(&transport).pull(ask("panic")).await.unwrap_err();
        wait_until_free(&transport).await;
        let gone = tokio::time::timeout(
            Duration::from_millis(50),
            feed(&transport).pull(ask("sleep")),
        )
        .await;
        assert!(gone.is_err());
        wait_until_free(&transport).await;
    }
}

/// Over the network the server learns of a caller's leaving a moment later.
async fn wait_until_free(transport: &marque_rpc::RpcTransport) {
    for _ in 0..100 {
        if feed(transport).pull(ask("ok")).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the place was never given back");
}
