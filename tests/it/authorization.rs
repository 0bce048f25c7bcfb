//! The authorization matrix: every method of the contract with every role, generated from the descriptors.

use std::str::FromStr as _;

use marque_api::ACCESS;
use marque_auth::{Role, Scope, ScopeKind};
use marque_config::ServiceRole;
use marque_core::{CustomerId, SystemClock};
use marque_rpc::{CallMeta, RequestId, RpcTransport};
use marque_system_tests::{Sandbox, Topology};
use tonic::{Code, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

/// The role that answers for a method; the feed and imports are every service's, and the customer's stands for all.
pub(crate) fn service_of(path: &str) -> ServiceRole {
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

/// A message to a method; `None` token is nobody.
pub(crate) async fn ask(
    transport: RpcTransport,
    path: &str,
    token: Option<&str>,
    message: Raw,
) -> Result<(), Status> {
    let mut meta = CallMeta::new(RequestId::random()).within(std::time::Duration::from_secs(5));
    if let Some(token) = token {
        meta = meta.with_token(token);
    }
    let mut client = Grpc::new(transport);
    client.ready().await.unwrap();
    let path = PathAndQuery::from_str(path).unwrap();
    let codec: ProstCodec<Raw, ()> = ProstCodec::default();
    client.unary(meta.outgoing(message), path, codec).await?;
    Ok(())
}

/// How an empty message fares.
async fn code_of(transport: RpcTransport, path: &str, token: Option<&str>) -> Code {
    match ask(transport, path, token, Raw::default()).await {
        Ok(()) => Code::Ok,
        Err(status) => status.code(),
    }
}

/// A message as it is on the wire, of whatever type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw(Vec<u8>);

impl Raw {
    /// A message in which one field is a text.
    pub(crate) fn with_text(field: i32, text: &str) -> Self {
        let mut bytes = Vec::new();
        prost::encoding::string::encode(field.unsigned_abs(), &text.to_owned(), &mut bytes);
        Self(bytes)
    }
}

impl prost::Message for Raw {
    fn encode_raw(&self, buffer: &mut impl prost::bytes::BufMut) {
        buffer.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: prost::encoding::WireType,
        buffer: &mut impl prost::bytes::Buf,
        ctx: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buffer, ctx)
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
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
            code_of(transport.clone(), access.path, None).await,
            Code::Unauthenticated,
            "{}",
            access.path
        );
        assert_eq!(
            code_of(transport.clone(), access.path, Some("x.y.z")).await,
            Code::Unauthenticated,
            "{}",
            access.path
        );
        for (role, token) in &tokens {
            let code = code_of(transport.clone(), access.path, Some(token)).await;
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
