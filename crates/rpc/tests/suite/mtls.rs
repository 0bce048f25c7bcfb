//! Only roles of the same authority speak with each other.

use std::{path::Path, time::Duration};

use marque_config::secret_file;
use marque_core::{Clock as _, ManualClock, Timestamp};
use marque_rpc::{
    DevCaError, PeerError, PeerSettings, RoleName, RoleRouter, Routes, RpcTransport,
    ServerSettings, StackSettings, TlsError, TlsFiles, connect_lazily, make_dev_ca, serve, stack,
};
use tokio::net::TcpListener;
use tonic::{
    Code,
    transport::{Certificate, ClientTlsConfig, Endpoint},
};
use tonic_types::StatusExt as _;
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

/// One who follows this role's events.
fn client(ca: &Path, address: &str) -> RpcTransport {
    client_with(ca, RoleName::ServiceHistory, address)
}

fn client_with(ca: &Path, role: RoleName, address: &str) -> RpcTransport {
    let peer = PeerSettings {
        address: address.to_owned(),
        tls: Some(TlsFiles::of_dev_ca(ca, Some(role)).read().unwrap()),
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

/// Puts the files of one authority in the place of another's, as an operator or a controller of Kubernetes does.
fn rotate(place: &Path, new: &Path) {
    for file in [
        "ca.pem",
        "service-history.pem",
        "service-history.key",
        "vehicle.pem",
        "vehicle.key",
    ] {
        let beside = place.join(format!("{file}.new"));
        std::fs::copy(new.join(file), &beside).unwrap();
        std::fs::rename(beside, place.join(file)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_certificates_are_taken_without_a_restart_and_no_call_fails() {
    let (files, next) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_dev_ca(files.path()).unwrap();
    make_dev_ca(next.path()).unwrap();
    let address = start(files.path(), Some(RoleName::Vehicle)).await;
    let calling = {
        let client = client(files.path(), &address);
        tokio::spawn(async move {
            for _ in 0..250 {
                assert_eq!(code(&client).await, Code::Unimplemented, "a call failed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    let before = client(files.path(), &address);
    assert_eq!(code(&before).await, Code::Unimplemented);
    // Half of a change: the certificate without its key. The old ones stay in use.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    std::fs::copy(
        next.path().join("vehicle.pem"),
        files.path().join("vehicle.pem"),
    )
    .unwrap();
    let during = client(files.path(), &address);
    assert_eq!(code(&during).await, Code::Unimplemented);
    rotate(files.path(), next.path());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // Who knows only the new authority is let in now, and takes the server for who it is.
    assert_eq!(
        code(&client(next.path(), &address)).await,
        Code::Unimplemented
    );
    assert_eq!(
        code(&before).await,
        Code::Unimplemented,
        "its connection lives on"
    );
    calling.await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let ours = tempfile::tempdir().unwrap();
    let expired = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(authority, key).unwrap();
    for folder in [ours.path(), expired.path()] {
        std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
        for role in ["vehicle", "service-history"] {
            let key = rcgen::KeyPair::generate().unwrap();
            let name = format!("{role}.marque.internal");
            let mut params = rcgen::CertificateParams::new(vec![name]).unwrap();
            if folder == expired.path() {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }
            let certificate = params.signed_by(&key, &authority).unwrap();
            std::fs::write(folder.join(format!("{role}.pem")), certificate.pem()).unwrap();
            let place = folder.join(format!("{role}.key"));
            secret_file::create_if_absent(&place, &key.serialize_pem()).unwrap();
        }
    }
    let address = start(ours.path(), Some(RoleName::Vehicle)).await;
    assert_eq!(
        code(&client(ours.path(), &address)).await,
        Code::Unimplemented
    );
    assert_eq!(
        code(&client(expired.path(), &address)).await,
        Code::Unavailable
    );
}

#[test]
fn what_peers_would_refuse_is_found_by_looking_at_the_files() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_dev_ca(ours.path()).unwrap();
    make_dev_ca(theirs.path()).unwrap();
    let now = ManualClock::default().now();
    let vehicle = TlsFiles::of_dev_ca(ours.path(), Some(RoleName::Vehicle));
    vehicle.check([RoleName::Vehicle], now).unwrap();
    let two = [RoleName::Vehicle, RoleName::Customer];
    let told = vehicle.check(two, now).unwrap_err().to_string();
    assert!(
        told.contains("vehicle.pem does not bear the name customer.marque.internal"),
        "{told}"
    );
    let all = TlsFiles::of_dev_ca(ours.path(), None);
    all.check(RoleName::ALL, now).unwrap();
    let foreign = TlsFiles {
        ca: theirs.path().join("ca.pem"),
        ..all.clone()
    };
    let after_its_end = Timestamp::from_micros(i64::MAX);
    for (files, now) in [(&foreign, now), (&all, after_its_end)] {
        let refused = files.check(RoleName::ALL, now);
        assert!(matches!(refused, Err(TlsError::Refused(..))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_role_may_call_only_what_its_work_needs() {
    let ours = tempfile::tempdir().unwrap();
    make_dev_ca(ours.path()).unwrap();
    let address = start(ours.path(), Some(RoleName::Vehicle)).await;
    // Vehicle's events are followed by the service history and not by the customer service.
    for (role, expected) in [
        (RoleName::ServiceHistory, Code::Unimplemented),
        (RoleName::Scoring, Code::Unimplemented),
        (RoleName::Network, Code::PermissionDenied),
        (RoleName::Gateway, Code::PermissionDenied),
    ] {
        let status = feed(&client_with(ours.path(), role, &address))
            .pull(ask("ok"))
            .await
            .unwrap_err();
        assert_eq!(status.code(), expected, "{role}");
        if expected == Code::PermissionDenied {
            let info = status.get_details_error_info().unwrap();
            assert_eq!(info.reason, "PEER_NOT_ALLOWED");
        }
    }
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

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    make_dev_ca(folder.path()).unwrap();
    let files = TlsFiles::of_dev_ca(folder.path(), Some(RoleName::Vehicle));
    std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let TlsError::Key(told) = files.read().unwrap_err() else {
        panic!("it was taken");
    };
    assert!(told.to_string().contains("chmod 600"), "{told}");
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
