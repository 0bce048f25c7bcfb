//! Metadata, sizes and streams.

use futures::{StreamExt as _, future::join_all, stream};
use marque_api::intake::v1::{ImportRequest, import_request::Part};
use marque_rpc::{CallMeta, REPLAYED, RequestId, RoleName};
use tonic::{Code, Request};

use crate::common::{World, ask, feed, imports, seen};

#[tokio::test]
async fn metadata_comes_back_and_the_request_id_goes_through_every_hop() {
    let world = World::start().await;
    for transport in world.both_to(RoleName::Customer) {
        let meta = CallMeta::new(RequestId::parse("order-66").unwrap());
        let response = feed(&transport)
            .pull(meta.outgoing(ask("relay id")))
            .await
            .unwrap();
        assert_eq!(response.metadata().get("x-answered").unwrap(), "yes");
        assert_eq!(
            response.metadata().get("x-seen-request-id").unwrap(),
            "order-66"
        );
    }
}

#[tokio::test]
async fn an_answer_that_was_given_before_says_so_to_whoever_sent_a_key() {
    let world = World::start().await;
    for transport in world.both() {
        let mut keyed = Request::new(ask("again"));
        let key = "k-1".parse().unwrap();
        keyed.metadata_mut().insert("idempotency-key", key);
        let told = feed(&transport).pull(keyed).await.unwrap();
        assert_eq!(told.metadata().get(REPLAYED.as_str()).unwrap(), "true");
        let told = feed(&transport).pull(ask("again")).await.unwrap();
        assert!(told.metadata().get(REPLAYED.as_str()).is_none());
    }
}

#[tokio::test]
async fn a_request_id_that_could_forge_a_log_line_is_replaced() {
    let world = World::start().await;
    for transport in world.both() {
        let mut request = Request::new(ask("request id"));
        request
            .metadata_mut()
            .insert("x-request-id", "a b=c".parse().unwrap());
        let response = feed(&transport).pull(request).await.unwrap();
        let seen = response
            .metadata()
            .get("x-seen-request-id")
            .unwrap()
            .to_str()
            .unwrap();
        assert_eq!(seen.len(), 32);
    }
}

#[tokio::test]
async fn the_token_travels_and_does_not_show_in_debug_output() {
    let world = World::start().await;
    let meta = CallMeta::new(RequestId::random()).with_token("secret-token");
    for transport in world.both() {
        let head = feed(&transport)
            .pull(meta.outgoing(ask("token")))
            .await
            .unwrap()
            .get_ref()
            .head;
        assert_eq!(head, 12);
    }
    assert!(!format!("{meta:?}").contains("secret"));
    assert!(!format!("{:?}", meta.outgoing(())).contains("secret"));
}

#[tokio::test]
async fn a_caller_cannot_choose_another_role_than_his_transport_has() {
    let world = World::start().await;
    for transport in world.both() {
        let mut request = Request::new(ask("role"));
        request
            .metadata_mut()
            .append("marque-role", "customer".parse().unwrap());
        request
            .metadata_mut()
            .append("marque-role", "gateway".parse().unwrap());
        assert_eq!(
            feed(&transport).pull(request).await.unwrap().get_ref().head,
            1
        );
    }
}

#[tokio::test]
async fn messages_over_four_mebibytes_are_refused_in_both_directions() {
    let world = World::start().await;
    let mut all = Vec::new();
    for transport in world.both() {
        let request = ask(&"x".repeat(5 * 1024 * 1024));
        let out = feed(&transport).pull(request).await.unwrap_err();
        let back = feed(&transport).pull(ask("big")).await.unwrap_err();
        assert_eq!(
            (out.code(), back.code()),
            (Code::OutOfRange, Code::OutOfRange)
        );
        all.push((seen(&out), seen(&back)));
        assert!(
            feed(&transport)
                .pull(ask(&"x".repeat(3 * 1024 * 1024)))
                .await
                .is_ok()
        );
    }
    assert_eq!(all[0], all[1]);
}

#[tokio::test]
async fn a_stream_of_any_length_goes_up() {
    let world = World::start().await;
    for transport in world.both() {
        let parts = stream::iter(0..200).map(|_| ImportRequest {
            part: Some(Part::Chunk(vec![0; 64 * 1024].into())),
        });
        let import = imports(&transport)
            .import(parts)
            .await
            .unwrap()
            .into_inner()
            .import
            .unwrap();
        assert_eq!((import.received, import.size_bytes), (200, 200 * 64 * 1024));
    }
}

#[tokio::test]
async fn calls_can_be_spawned_and_run_beside_each_other() {
    let world = World::start().await;
    for transport in world.both() {
        let calls = (0..64).map(|_| {
            let mut client = feed(&transport);
            tokio::spawn(async move {
                client
                    .pull(ask("ok"))
                    .await
                    .map(|answer| answer.into_inner().head)
            })
        });
        for head in join_all(calls).await {
            assert_eq!(head.unwrap().unwrap(), 7);
        }
    }
}
