//! The authorization matrix: every method of the contract with every role, generated from the descriptors.

use std::str::FromStr as _;

use marque_api::ACCESS;
use marque_auth::{Role, Scope, ScopeKind};
use marque_config::ServiceRole;
use marque_core::{CustomerId, SystemClock};
use marque_rpc::{CallMeta, RequestId, RpcTransport};
use marque_system_tests::{Sandbox, Topology};
use tonic::{Code, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

/// The role that answers for a method; the feed and imports are every service's, and the customer's stands for all.
fn service_of(path: &str) -> ServiceRole {
    match path.split('.').nth(1) {
        Some("network") => ServiceRole::Network,
        Some("vehicle") => ServiceRole::Vehicle,
        Some("service_history") => ServiceRole::ServiceHistory,
        Some("quality") => ServiceRole::DataQuality,
        Some("scoring") => ServiceRole::Scoring,
        Some("complaint") => ServiceRole::Complaint,
        _ => ServiceRole::Customer,
    }
}

fn scope_for(role: Role) -> Scope {
    match role.scopes()[0] {
        ScopeKind::Headquarters => Scope::Headquarters,
        ScopeKind::Region => Scope::Region("east".into()),
        ScopeKind::Dealer => Scope::Dealer("D1".parse().unwrap()),
        ScopeKind::Customer => Scope::Customer(CustomerId::new(&SystemClock)),
    }
}

/// An empty message to a method; `None` token is nobody.
async fn ask(transport: RpcTransport, path: &str, token: Option<&str>) -> Code {
    let mut meta = CallMeta::new(RequestId::random()).within(std::time::Duration::from_secs(5));
    if let Some(token) = token {
        meta = meta.with_token(token);
    }
    let mut client = Grpc::new(transport);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_str(path).unwrap();
    let codec: ProstCodec<(), ()> = ProstCodec::default();
    match client.unary(meta.outgoing(()), path, codec).await {
        Ok(_) => Code::Ok,
        Err(status) => status.code(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_lets_in_the_declared_roles_and_nobody_else() -> anyhow::Result<()> {
    let sandbox = Sandbox::start(Topology::AllInOne).await?;
    let people = Role::ALL.into_iter().filter(|role| *role != Role::Peer);
    let tokens: Vec<(Role, String)> = people
        .map(|role| (role, sandbox.token(role, scope_for(role))))
        .collect();
    for access in ACCESS {
        let transport = sandbox.transport(service_of(access.path))?;
        assert_eq!(
            ask(transport.clone(), access.path, None).await,
            Code::Unauthenticated,
            "{}",
            access.path
        );
        assert_eq!(
            ask(transport.clone(), access.path, Some("x.y.z")).await,
            Code::Unauthenticated,
            "{}",
            access.path
        );
        for (role, token) in &tokens {
            let code = ask(transport.clone(), access.path, Some(token)).await;
            let is_allowed = access.roles.contains(&role.number());
            assert_eq!(
                code != Code::PermissionDenied,
                is_allowed,
                "{} by {role}: {code:?}",
                access.path
            );
            assert_ne!(code, Code::Unauthenticated, "{} by {role}", access.path);
            assert_ne!(
                code,
                Code::Unimplemented,
                "{} is served by nobody",
                access.path
            );
        }
    }
    sandbox.stop().await
}
