//! Bad tokens of every kind (RFC 8725, ASVS 9) are refused, and all alike.

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use marque_core::ManualClock;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::vectors::{bad_claims, bad_forms};
use super::*;
use crate::{Role, Scope, TokenRequest};

mod vectors;

struct Bench {
    issuer: Issuer,
    peers: PeerTokens,
    verifier: Verifier,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        let issuer = Issuer::ephemeral("marque").unwrap();
        let peers = PeerTokens::ephemeral("customer").unwrap();
        let verifier = Verifier::builder("marque")
            .trust(&issuer)
            .accept_peers(&peers)
            .build();
        Self {
            issuer,
            peers,
            verifier,
            clock: ManualClock::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn seconds(&self) -> i64 {
        self.now().as_micros() / 1_000_000
    }

    fn header(&self) -> Value {
        let kid = self.issuer.jwks()["keys"][0]["kid"].clone();
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid})
    }

    fn claims(&self) -> Value {
        let now = self.seconds();
        json!({
            "iss": EMBEDDED_ISSUER, "sub": "u1", "aud": "marque", "exp": now + 600, "nbf": now, "iat": now,
            "roles": ["sales"], "dealer": "D1",
        })
    }

    fn good(&self) -> String {
        self.issuer.sign(&self.header(), &self.claims())
    }

    /// A well-signed token whose header has this member (absent for null).
    fn with_header(&self, member: &str, value: Value) -> String {
        self.issuer
            .sign(&with(self.header(), member, value), &self.claims())
    }

    /// A well-signed token whose claims have this member (absent for null).
    fn with_claim(&self, member: &str, value: Value) -> String {
        self.issuer
            .sign(&self.header(), &with(self.claims(), member, value))
    }

    /// A good token of this many bytes.
    fn of_length(&self, length: usize) -> String {
        // Of four characters the second ends no text of base64: then the header is longer.
        let mut tries = (0..6).map(|n| {
            let (pad, more) = (n / 2, n % 2);
            let header = with(self.header(), "pad", json!("x".repeat(pad)));
            let signed = |filler: usize| {
                let claims = with(self.claims(), "filler", json!("x".repeat(filler)));
                self.issuer.sign(&header, &claims)
            };
            signed((length - signed(0).len()) * 3 / 4 + more)
        });
        tries
            .find(|token| token.len() == length)
            .expect("one of the headers fits")
    }

    /// A well-signed token of the two JSON texts, however odd.
    fn of_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", B64.encode(header), B64.encode(claims));
        // Signed by way of a token whose message is exactly this one.
        format!("{message}.{}", self.issuer.sign_message(&message))
    }

    fn verdict(&self, token: &str) -> Result<Arc<Identity>, AuthError> {
        self.verifier
            .verify_at_once(token, self.now())
            .expect("no issuer has to be asked")
    }
}

/// A token for the sales of one dealer, good for a minute.
fn of_sales() -> TokenRequest {
    TokenRequest {
        subject: "u1".into(),
        roles: Role::Sales.into(),
        scope: Scope::Dealer("D1".parse().unwrap()),
        ttl: Duration::from_mins(1),
    }
}

fn with(mut object: Value, member: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    object
}

#[test]
fn every_bad_token_is_refused_with_the_same_answer() {
    let bench = Bench::new();
    assert!(bench.verdict(&bench.good()).is_ok());
    let mut all = bad_forms(&bench);
    all.extend(bad_claims(&bench));
    assert!(all.len() >= 40, "{}", all.len());
    for (what, token) in all {
        assert_eq!(
            bench.verdict(&token),
            Err(AuthError::TokenInvalid),
            "{what}"
        );
        // A second look, when a cache might remember it.
        assert_eq!(
            bench.verdict(&token),
            Err(AuthError::TokenInvalid),
            "{what}, again"
        );
    }
}

#[test]
fn no_bit_of_a_token_can_be_changed() {
    let bench = Bench::new();
    let good = bench.good();
    for at in 0..good.len() {
        let mut token = good.clone().into_bytes();
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(token).unwrap();
        assert!(bench.verdict(&token).is_err(), "byte {at}");
    }
}

#[test]
fn good_tokens_of_every_kind_pass() {
    let bench = Bench::new();
    let later = bench.with_claim("exp", json!(bench.seconds() - 29));
    let kinds = [
        bench.good(),
        later,
        bench.with_claim("aud", json!(["shop", "marque"])),
        bench.with_claim("nbf", Value::Null),
        bench.with_claim("extra", json!({"x": 1})),
        bench.with_header("typ", json!("application/AT+JWT")),
    ];
    for token in kinds {
        let identity = bench.verdict(&token).unwrap();
        assert_eq!(identity.scope, Scope::Dealer("D1".parse().unwrap()));
        assert_eq!(identity.roles, Role::Sales.into());
        assert_eq!(identity.subject.as_ref(), "u1");
    }
}

#[test]
fn what_is_as_long_as_it_may_be_passes_and_a_byte_more_does_not() {
    let bench = Bench::new();
    let of_subject = |length: usize| bench.with_claim("sub", json!("x".repeat(length)));
    let of_region = |length: usize| {
        let claims = with(bench.claims(), "dealer", Value::Null);
        let claims = with(claims, "roles", json!(["analyst"]));
        let claims = with(claims, "region", json!("x".repeat(length)));
        bench.issuer.sign(&bench.header(), &claims)
    };
    for (longest, longer) in [
        (of_subject(255), of_subject(256)),
        (of_region(64), of_region(65)),
        (
            bench.of_length(MAX_TOKEN_BYTES),
            bench.of_length(MAX_TOKEN_BYTES + 1),
        ),
    ] {
        assert!(bench.verdict(&longest).is_ok(), "{longest}");
        assert_eq!(
            bench.verdict(&longer),
            Err(AuthError::TokenInvalid),
            "{longer}"
        );
    }
}

#[test]
fn a_token_serves_the_audience_it_was_made_for() {
    let clock = ManualClock::default();
    let issuer = Issuer::ephemeral("shop").unwrap();
    let token = issuer.issue(&of_sales(), &clock).unwrap();
    let passes = |audience: &str| {
        let verifier = Verifier::builder(audience).trust(&issuer).build();
        let verdict = verifier.verify_at_once(&token, clock.now());
        verdict.expect("no issuer has to be asked").is_ok()
    };
    assert!(passes("shop") && !passes("marque"));
}

#[test]
fn a_process_without_the_issuers_key_trusts_the_file_it_publishes() {
    let (keys, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = ManualClock::default();
    let peers = PeerTokens::ephemeral("customer").unwrap();
    let issuer = Issuer::open(keys.path(), "marque").unwrap();
    let token = issuer.issue(&of_sales(), &clock).unwrap();
    let published = keys.path().join("issuer.jwks.json");
    let by_file = AuthConfig {
        issuer_keys_file: Some(published.clone()),
        ..AuthConfig::default()
    };
    for (config, keys_dir) in [
        (&by_file, elsewhere.path()),
        (&AuthConfig::default(), keys.path()),
    ] {
        let verifier = Verifier::from_config(config, keys_dir, &peers).unwrap();
        for token in [&*token, &*peers.token(clock.now())] {
            let verdict = verifier.verify_at_once(token, clock.now());
            assert!(verdict.unwrap().is_ok());
        }
    }
    fs::write(&published, "{}").unwrap();
    assert!(Verifier::from_config(&by_file, keys.path(), &peers).is_err());
}

#[test]
fn keys_that_were_never_read_are_asked_for_sooner() {
    let builder = || Verifier::builder("marque");
    assert_eq!(builder().build().pause(), Duration::from_mins(10));
    let waiting = builder()
        .trust_oidc("https://login.example", TokenAlgorithm::ES256)
        .unwrap()
        .build();
    assert_eq!(waiting.pause(), Duration::from_secs(30));
}

#[test]
fn what_is_issued_is_what_is_verified() {
    let bench = Bench::new();
    let customer = marque_core::CustomerId::new(&bench.clock);
    for (role, scope) in [
        (Role::Technician, Scope::Dealer("D1".parse().unwrap())),
        (Role::Manager, Scope::Region("north".into())),
        (Role::HqAdmin, Scope::Headquarters),
        (Role::Customer, Scope::Customer(customer)),
    ] {
        let request = TokenRequest {
            subject: "u1".into(),
            roles: role.into(),
            scope,
            ttl: Duration::from_mins(1),
        };
        let token = bench.issuer.issue(&request, &bench.clock).unwrap();
        let identity = bench.verdict(&token).unwrap();
        assert_eq!(
            (identity.roles, &identity.scope),
            (request.roles, &request.scope)
        );
    }
    let wrong = TokenRequest {
        subject: "u1".into(),
        roles: Role::HqAdmin.into(),
        scope: Scope::Region("north".into()),
        ttl: Duration::from_mins(1),
    };
    assert!(bench.issuer.issue(&wrong, &bench.clock).is_err());
}

#[test]
fn a_remembered_token_ends_when_it_says() {
    let bench = Bench::new();
    let token = bench.good();
    assert!(bench.verdict(&token).is_ok());
    bench.clock.advance(Duration::from_secs(629));
    assert!(bench.verdict(&token).is_ok());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.verdict(&token), Err(AuthError::TokenInvalid));
}

#[test]
fn a_leeway_above_thirty_seconds_is_cut() {
    let bench = Bench::new();
    let config = AuthConfig {
        leeway_s: 3600,
        ..AuthConfig::default()
    };
    let verifier = Verifier::with_settings(&config)
        .trust(&bench.issuer)
        .build();
    let token = bench.with_claim("exp", json!(bench.seconds() - 31));
    assert_eq!(
        verifier.verify_at_once(&token, bench.now()),
        Some(Err(AuthError::TokenInvalid))
    );
}

#[test]
fn a_peer_passes_inside_and_never_outside() {
    let bench = Bench::new();
    let token = bench.peers.token(bench.now());
    let identity = bench.verdict(&token).unwrap();
    assert_eq!(
        (identity.roles, &identity.scope),
        (Role::Peer.into(), &Scope::Headquarters)
    );
    assert_eq!(identity.subject.as_ref(), "customer");
    // Remembered by now, and still of no use outside.
    let outside = bench.verifier.facing_outside();
    assert_eq!(
        outside.verify_at_once(&token, bench.now()),
        Some(Err(AuthError::TokenInvalid))
    );
    assert!(
        outside
            .verify_at_once(&bench.good(), bench.now())
            .unwrap()
            .is_ok()
    );
    let peerless = Verifier::builder("marque").trust(&bench.issuer).build();
    assert_eq!(
        peerless.verify_at_once(&token, bench.now()),
        Some(Err(AuthError::TokenInvalid))
    );
}

#[test]
fn a_peers_token_cannot_be_made_changed_or_kept() {
    let bench = Bench::new();
    let token = bench.peers.token(bench.now());
    let stranger = PeerTokens::ephemeral("customer")
        .unwrap()
        .token(bench.now());
    let renamed = token.replace("customer", "gateway");
    let (message, _) = token.rsplit_once('.').unwrap();
    let [longer, bare] = [
        format!(
            "peer1.customer.99999999999.{}",
            token.rsplit('.').next().unwrap()
        ),
        message.to_owned(),
    ];
    for bad in [
        &*stranger,
        &renamed,
        &longer,
        &bare,
        "peer1.",
        "peer1...",
        "peer1.customer.x.y",
    ] {
        assert_eq!(bench.verdict(bad), Err(AuthError::TokenInvalid), "{bad}");
    }
    bench.clock.advance(Duration::from_secs(330));
    assert_eq!(bench.verdict(&token), Err(AuthError::TokenInvalid));
    assert!(
        bench.verdict(&bench.peers.token(bench.now())).is_ok(),
        "a new one is minted"
    );
}

#[test]
fn a_peers_token_is_minted_once_and_renewed_in_time() {
    let bench = Bench::new();
    let first = bench.peers.token(bench.now());
    bench.clock.advance(Duration::from_secs(179));
    assert!(Arc::ptr_eq(&first, &bench.peers.token(bench.now())));
    bench.clock.advance(Duration::from_secs(2));
    assert!(!Arc::ptr_eq(&first, &bench.peers.token(bench.now())));
    let other = bench.peers.of_service("vehicle").token(bench.now());
    assert_eq!(bench.verdict(&other).unwrap().subject.as_ref(), "vehicle");
}

#[test]
fn remembered_tokens_are_bounded() {
    let bench = Bench::new();
    let config = AuthConfig {
        token_cache: 10,
        ..AuthConfig::default()
    };
    let verifier = Verifier::with_settings(&config)
        .trust(&bench.issuer)
        .build();
    for n in 0..200 {
        let token = bench.with_claim("sub", json!(format!("u{n}")));
        assert!(
            verifier
                .verify_at_once(&token, bench.now())
                .unwrap()
                .is_ok()
        );
    }
    verifier.shared.verified.run_pending_tasks();
    assert!(verifier.shared.verified.entry_count() <= 10);
}

proptest! {
    #[test]
    fn noise_is_refused_and_never_panics(noise in "\\PC{0,200}", bytes: Vec<u8>) {
        let bench = Bench::new();
        let part = B64.encode(bytes);
        for token in [noise.clone(), format!("peer1.{noise}"), format!("{part}.{part}.{part}"), format!("{noise}.{part}.")] {
            prop_assert_eq!(bench.verdict(&token), Err(AuthError::TokenInvalid));
        }
    }

    #[test]
    fn well_signed_nonsense_is_refused(member in "[a-z0-9]{1,6}", value in "\\PC{0,40}") {
        let bench = Bench::new();
        for header in ["alg", "typ", "kid"] {
            let token = bench.with_header(header, json!(value));
            prop_assert_eq!(bench.verdict(&token), Err(AuthError::TokenInvalid));
        }
        let text = format!("{{\"{member}\":{value}}}");
        prop_assert_eq!(bench.verdict(&bench.of_text(&text, &text)), Err(AuthError::TokenInvalid));
    }
}

/// `cargo test --release -p marque-auth -- --ignored --nocapture costs`
#[test]
#[ignore = "measures; run it in release"]
fn costs_of_verifying() {
    let bench = Bench::new();
    let (good, peer, now) = (bench.good(), bench.peers.token(bench.now()), bench.now());
    let method = marque_api::ACCESS[3].path;
    let runs: [(&str, &dyn Fn() -> bool); 4] = [
        ("remembered token", &|| bench.verdict(&good).is_ok()),
        ("remembered token of a peer", &|| {
            bench.verdict(&peer).is_ok()
        }),
        ("token anew (EdDSA)", &|| {
            bench.verifier.shared.check_anew(&good, now).is_ok()
        }),
        ("authorize", &|| {
            crate::authorize(method, Role::ALL.into_iter().collect()).is_ok()
        }),
    ];
    for (name, run) in runs {
        println!("{name}: {:?} each", quickest(run));
    }
}

/// Time of one call in the quickest of many batches: what others do on the machine meanwhile does not count.
fn quickest(run: &dyn Fn() -> bool) -> Duration {
    const BATCH: u32 = 200;
    let batch = || {
        let start = Instant::now();
        assert_eq!((0..BATCH).filter(|_| run()).count() as u32, BATCH);
        start.elapsed() / BATCH
    };
    (0..300).map(|_| batch()).min().expect("there are batches")
}
