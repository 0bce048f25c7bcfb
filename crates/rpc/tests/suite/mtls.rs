//! Only roles of the same authority speak with each other.

use std::{path::Path, time::Duration};

use marque_rpc::{
    DevCaError, PeerError, PeerSettings, RoleName, RoleRouter, Routes, RpcTransport,
    ServerSettings, StackSettings, TlsFiles, connect_lazily, make_dev_ca, serve, stack,
};
use tokio::net::TcpListener;
use tonic::{
    Code,
    transport::{Certificate, ClientTlsConfig, Endpoint},
};
use tower::layer::util::Identity;

use crate::common::{ask, feed};

/// A vehicle role behind mTLS with a certificate of this authority; its address.
async fn start(ca: &Path, certificate: Option<RoleName>) -> String {
    let router = RoleRouter::new();
    let routes = stack(
        RoleName::Vehicle,
        Routes::default(),
        Identity::new(),
        StackSettings::default(),
    );
    router.add(routes).unwrap();
    let tls = TlsFiles::of_dev_ca(ca, certificate).read().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        serve(
            listener,
            router,
            Some(&tls),
            &ServerSettings::default(),
            std::future::pending(),
        )
        .await
    });
    format!("https://127.0.0.1:{port}")
}

fn client(ca: &Path, address: &str) -> RpcTransport {
    let peer = PeerSettings {
        address: address.to_owned(),
        tls: Some(
            TlsFiles::of_dev_ca(ca, Some(RoleName::Customer))
                .read()
                .unwrap(),
        ),
        connect_timeout: Duration::from_secs(2),
        server_name: None,
    };
    connect_lazily(RoleName::Vehicle, &peer).unwrap()
}

/// The code of a call: UNIMPLEMENTED comes from the role itself, which has no services here.
async fn code(transport: &RpcTransport) -> Code {
    feed(transport).pull(ask("ok")).await.unwrap_err().code()
}

#[tokio::test]
async fn the_right_authority_is_let_in_and_another_is_not() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_dev_ca(ours.path()).unwrap();
    make_dev_ca(theirs.path()).unwrap();
    let address = start(ours.path(), Some(RoleName::Vehicle)).await;
    assert_eq!(
        code(&client(ours.path(), &address)).await,
        Code::Unimplemented
    );
    assert_eq!(
        code(&client(theirs.path(), &address)).await,
        Code::Unavailable
    );
}

#[tokio::test]
async fn a_client_who_trusts_us_but_shows_no_or_a_strange_certificate_is_refused() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_dev_ca(ours.path()).unwrap();
    make_dev_ca(theirs.path()).unwrap();
    let address = start(ours.path(), Some(RoleName::Vehicle)).await;
    let trusting = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(
            std::fs::read(ours.path().join("ca.pem")).unwrap(),
        ))
        .domain_name("localhost");
    let strange = tonic::transport::Identity::from_pem(
        std::fs::read(theirs.path().join("customer.pem")).unwrap(),
        std::fs::read(theirs.path().join("customer.key")).unwrap(),
    );
    for tls in [trusting.clone(), trusting.identity(strange)] {
        let channel = Endpoint::from_shared(address.clone())
            .unwrap()
            .tls_config(tls)
            .unwrap()
            .connect_lazy();
        assert_eq!(
            code(&RpcTransport::tcp(RoleName::Vehicle, channel)).await,
            Code::Unavailable
        );
    }
}

#[tokio::test]
async fn a_role_with_another_roles_certificate_is_not_taken_for_it() {
    let ours = tempfile::tempdir().unwrap();
    make_dev_ca(ours.path()).unwrap();
    let impostor = start(ours.path(), Some(RoleName::Scoring)).await;
    assert_eq!(
        code(&client(ours.path(), &impostor)).await,
        Code::Unavailable
    );
    let shared = start(ours.path(), None).await;
    assert_eq!(
        code(&client(ours.path(), &shared)).await,
        Code::Unimplemented
    );
}

#[test]
fn an_authority_is_never_overwritten_and_keys_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    make_dev_ca(folder.path()).unwrap();
    assert!(matches!(
        make_dev_ca(folder.path()),
        Err(DevCaError::Exists(_))
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = std::fs::metadata(folder.path().join("gateway.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn an_address_that_contradicts_its_certificates_is_refused_with_words() {
    let peer = |address: &str| PeerSettings {
        address: address.to_owned(),
        tls: None,
        connect_timeout: Duration::from_secs(1),
        server_name: None,
    };
    let refused = |address: &str| connect_lazily(RoleName::Vehicle, &peer(address)).unwrap_err();
    assert!(matches!(
        refused("https://127.0.0.1:1"),
        PeerError::Scheme(_)
    ));
    assert!(matches!(refused("not an address"), PeerError::Address(_)));
}
