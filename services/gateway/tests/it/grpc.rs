//! gRPC to the outside, over a real connection on the same listener.

use std::{num::NonZeroU32, sync::Arc};

use futures::stream;
use marque_api::complaint::v1::{
    ListComplaintsRequest, WatchComplaintsRequest, complaint_service_client::ComplaintServiceClient,
};
use marque_api::intake::v1::{
    GetImportRequest, ImportRequest, ImportStart, ImportState, ListImportsRequest,
    import_request::Part, import_service_client::ImportServiceClient,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{
    Code, Request,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt as _;

use crate::rig::{Rig, request};

async fn connect(rig: &Arc<Rig>) -> (Channel, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let rig = Arc::clone(rig);
    let serving = tokio::spawn(async move {
        marque_gateway::serve(listener, &rig.gateway, std::future::pending())
            .await
            .unwrap();
    });
    (
        Endpoint::try_from(address)
            .unwrap()
            .connect()
            .await
            .unwrap(),
        serving,
    )
}

fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn start(kind: &str) -> ImportRequest {
    let start = ImportStart {
        kind: kind.to_owned(),
        dealer: "D001".to_owned(),
        source: "dms".to_owned(),
        ..ImportStart::default()
    };
    ImportRequest {
        part: Some(Part::Start(start)),
    }
}

fn chunk(text: &'static str) -> ImportRequest {
    ImportRequest {
        part: Some(Part::Chunk(text.into())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_rows_reaches_the_role_of_its_kind() {
    let rig = Arc::new(Rig::new());
    let (channel, _serving) = connect(&rig).await;
    let mut client = ImportServiceClient::new(channel);
    let token = rig.tokens.of("dms");
    let rows = stream::iter([start("customers"), chunk("a,b\n"), chunk("1,2\n")]);
    let import = client
        .import(with_token(rows, &token))
        .await
        .unwrap()
        .into_inner()
        .import
        .unwrap();
    assert_eq!(import.state(), ImportState::Queued);
    assert_eq!((rig.sink.bytes(), rig.sink.files()), (8, 1));
    let found = client
        .get_import(with_token(
            GetImportRequest {
                id: "imp_visits".to_owned(),
            },
            &token,
        ))
        .await
        .unwrap();
    assert_eq!(found.into_inner().import.unwrap().kind, "visits");
    let listed = client
        .list_imports(with_token(ListImportsRequest::default(), &token))
        .await
        .unwrap();
    assert_eq!(listed.into_inner().imports.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_taken_in_before_says_so() {
    let rig = Arc::new(Rig::new());
    rig.customer.repeat_itself();
    let (channel, _serving) = connect(&rig).await;
    let mut client = ImportServiceClient::new(channel);
    for (key, told) in [(Some("key-1"), true), (None, false)] {
        let rows = stream::iter([start("customers"), chunk("a,b\n")]);
        let mut request = with_token(rows, &rig.tokens.of("dms"));
        if let Some(key) = key {
            let metadata = request.metadata_mut();
            metadata.insert("idempotency-key", key.parse().unwrap());
        }
        let answer = client.import(request).await.unwrap();
        assert_eq!(answer.metadata().contains_key("marque-replayed"), told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_cases_are_streamed_and_nothing_else_of_that_role_is_outside() {
    let rig = Arc::new(Rig::new());
    let (channel, _serving) = connect(&rig).await;
    let mut client = ComplaintServiceClient::new(channel);
    let after = WatchComplaintsRequest { after: 7 };
    let mut changes = client
        .watch_complaints(with_token(after, &rig.tokens.of("manager")))
        .await
        .unwrap()
        .into_inner();
    assert!(changes.message().await.unwrap().is_some());
    assert_eq!(
        rig.complaint.last_message(),
        "WatchComplaintsRequest { after: 7 }"
    );
    let code = |status: tonic::Status| status.code();
    let customer = with_token(after, &rig.tokens.of("customer"));
    let refused = client.watch_complaints(customer).await.map(drop);
    assert_eq!(refused.map_err(code), Err(Code::PermissionDenied));
    let list = with_token(ListComplaintsRequest::default(), &rig.tokens.of("manager"));
    let refused = client.list_complaints(list).await.map(drop);
    assert_eq!(refused.map_err(code), Err(Code::Unimplemented));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_import_is_refused_with_its_reason() {
    use marque_errors::Problem;
    let rig = Arc::new(Rig::new());
    let (channel, _serving) = connect(&rig).await;
    let mut client = ImportServiceClient::new(channel);
    let large = ImportRequest {
        part: Some(Part::Chunk(vec![b'x'; 5_000_000].into())),
    };
    let cases = [
        (vec![chunk("x")], "IMPORT_OUT_OF_ORDER"),
        (vec![], "IMPORT_OUT_OF_ORDER"),
        (vec![start("horses")], "IMPORT_KIND_UNKNOWN"),
        (vec![start("orders")], "IMPORT_KIND_UNAVAILABLE"),
        (vec![start("customers"), large], "IMPORT_CHUNK_TOO_LARGE"),
    ];
    for (messages, reason) in cases {
        let status = client
            .import(with_token(stream::iter(messages), &rig.tokens.of("dms")))
            .await
            .unwrap_err();
        assert_eq!(Problem::from(status).reason, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_has_the_same_door_as_rest() {
    let rig = Arc::new(Rig::new());
    let (channel, _serving) = connect(&rig).await;
    let mut client = ImportServiceClient::new(channel.clone());
    let bare = client
        .list_imports(ListImportsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(bare.code(), Code::Unauthenticated);
    let peer = client
        .list_imports(with_token(
            ListImportsRequest::default(),
            &rig.tokens.of_a_peer(),
        ))
        .await
        .unwrap_err();
    assert_eq!(
        peer.code(),
        Code::Unauthenticated,
        "a peer's token is not for the outside"
    );
    let sales = client
        .list_imports(with_token(
            ListImportsRequest::default(),
            &rig.tokens.of("sales"),
        ))
        .await
        .unwrap_err();
    assert_eq!(sales.code(), Code::PermissionDenied);
    let mut health = HealthClient::new(channel);
    for service in [
        "",
        "gateway",
        "marque.intake.v1.ImportService",
        "marque.complaint.v1.ComplaintService",
    ] {
        let service = service.to_owned();
        let told = health.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(told.into_inner().status(), ServingStatus::Serving);
    }
}

#[tokio::test]
async fn json_sent_to_a_path_of_grpc_is_told_so() {
    let rig = Rig::new();
    let reply = rig
        .call("POST", "/marque.intake.v1.ImportService/ListImports", "{}")
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.reason().as_str()),
        (415, "CONTENT_TYPE_UNSUPPORTED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_has_one_bucket_for_grpc_and_rest() {
    let rig = Arc::new(Rig::with(|settings| {
        settings.requests_per_second = NonZeroU32::MIN;
        settings.burst = NonZeroU32::new(2).unwrap();
    }));
    let (channel, _serving) = connect(&rig).await;
    let mut client = ImportServiceClient::new(channel);
    let token = rig.tokens.of("dms");
    let ask = || with_token(ListImportsRequest::default(), &token);
    client.list_imports(ask()).await.unwrap();
    let mut refused = None;
    // On a slow machine the bucket may fill between two requests.
    while refused.is_none() {
        let by_rest = request("GET", "/v1/imports", &token, "");
        if rig.send(by_rest).await.status.as_u16() == 429 {
            refused = client.list_imports(ask()).await.err();
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "RATE_LIMITED");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    assert!(refused.metadata().get("ratelimit").is_some());
    let other = with_token(ListImportsRequest::default(), &rig.tokens.of("steward"));
    client.list_imports(other).await.unwrap();
}
