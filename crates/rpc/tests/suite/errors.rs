//! Refusals, panics and broken connections look the same from both sides.

use std::convert::Infallible;

use futures::future::{Either, Ready, ready};
use marque_api::intake::v1::DownloadQuarantineRequest;
use marque_errors::Problem;
use marque_rpc::{
    CallMeta, RequestId, RoleName, RoleRouter, Routes, RpcTransport, StackSettings, stack,
};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;

use crate::common::{World, ask, feed, imports, network, seen};

#[tokio::test]
async fn a_refusal_keeps_code_message_and_details() {
    let world = World::start().await;
    let [memory, tcp] = world.both();
    let over_memory = feed(&memory).pull(ask("refuse")).await.unwrap_err();
    let over_tcp = feed(&tcp).pull(ask("refuse")).await.unwrap_err();
    assert_eq!(seen(&over_memory), seen(&over_tcp));
    let problem = Problem::from(over_tcp);
    assert_eq!(
        (problem.status, problem.reason.as_str()),
        (400, "DEALER_UNKNOWN")
    );
    assert_eq!(problem.violations[0].field, "dealer");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_tells_nothing_and_the_role_lives_on() {
    let world = World::start().await;
    let mut all = Vec::new();
    for transport in world.both() {
        let status = feed(&transport).pull(ask("panic")).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "internal error")
        );
        all.push(seen(&status));
        assert_eq!(
            feed(&transport)
                .pull(ask("ok"))
                .await
                .unwrap()
                .get_ref()
                .head,
            7
        );
    }
    assert_eq!(all[0], all[1]);
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_stream_ends_that_stream_alone() {
    let world = World::start().await;
    for transport in world.both() {
        let (received, status) = drain(&transport, "panic").await;
        assert_eq!((received, status.unwrap().code()), (3, Code::Internal));
        assert_eq!(
            feed(&transport)
                .pull(ask("ok"))
                .await
                .unwrap()
                .get_ref()
                .head,
            7
        );
    }
}

#[tokio::test]
async fn a_stream_that_ends_in_a_refusal_delivers_what_came_before() {
    let world = World::start().await;
    for transport in world.both() {
        let (received, status) = drain(&transport, "refuse").await;
        assert_eq!(
            (received, status.unwrap().code()),
            (3, Code::InvalidArgument)
        );
        assert!(matches!(drain(&transport, "").await, (3, None)));
    }
}

async fn drain(transport: &RpcTransport, id: &str) -> (usize, Option<Status>) {
    let request = DownloadQuarantineRequest {
        import_id: id.to_owned(),
    };
    let mut chunks = imports(transport)
        .download_quarantine(request)
        .await
        .unwrap()
        .into_inner();
    let mut received = 0;
    loop {
        match chunks.message().await {
            Ok(Some(_)) => received += 1,
            Ok(None) => return (received, None),
            Err(status) => return (received, Some(status)),
        }
    }
}

#[tokio::test]
async fn a_peer_that_is_down_is_unavailable_and_says_when_to_come_back() {
    // A port that was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let status = feed(&network(RoleName::Vehicle, &address))
        .pull(ask("ok"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "PEER_UNREACHABLE"
    );
    assert!(
        status
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
}

/// An authentication layer as marque-auth builds one: it answers refusals itself.
#[derive(Clone)]
struct TokenNeeded(Routes);

impl tower::Service<http::Request<Body>> for TokenNeeded {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Either<
        <Routes as tower::Service<http::Request<Body>>>::Future,
        Ready<Result<Self::Response, Infallible>>,
    >;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let meta = CallMeta::in_extensions(request.extensions()).expect("the stack is outside");
        match meta.token() {
            Some("good") => Either::Left(self.0.call(request)),
            _ => Either::Right(ready(Ok(
                Status::unauthenticated("send a token").into_http()
            ))),
        }
    }
}

#[tokio::test]
async fn the_auth_layer_stands_between_stack_and_routes() {
    let router = RoleRouter::new();
    let guarded = stack(
        RoleName::Network,
        Routes::default(),
        tower::layer::layer_fn(TokenNeeded),
        StackSettings::default(),
    );
    router.add(guarded).unwrap();
    let transport = RpcTransport::local(RoleName::Network, &router);
    let status = feed(&transport).pull(ask("ok")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let meta = CallMeta::new(RequestId::random()).with_token("good");
    let status = feed(&transport)
        .pull(meta.outgoing(ask("ok")))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::Unimplemented,
        "let through to routes that have no such service"
    );
}
