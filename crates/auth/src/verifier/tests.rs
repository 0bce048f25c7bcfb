//! Bad tokens of every kind (RFC 8725, ASVS 9) are refused, and all alike.

use std::time::Instant;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use marque_core::ManualClock;
use serde_json::{Value, json};

use super::*;
use crate::{Role, Scope, TokenRequest};

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

fn with(mut object: Value, member: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    object
}

/// Tokens whose form or header is bad.
fn bad_forms(bench: &Bench) -> Vec<(&'static str, String)> {
    let good = bench.good();
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let public = bench.issuer.jwks()["keys"][0]["x"]
        .as_str()
        .unwrap()
        .to_owned();
    let none = |alg: &str| {
        let header = with(bench.header(), "alg", json!(alg)).to_string();
        format!("{}.{claims}.", B64.encode(header))
    };
    let hs256 = {
        let header = with(bench.header(), "alg", json!("HS256")).to_string();
        let message = format!("{}.{claims}", B64.encode(header));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &B64.decode(&public).unwrap());
        format!(
            "{message}.{}",
            B64.encode(hmac::sign(&key, message.as_bytes()))
        )
    };
    let mut flipped = B64.decode(signature).unwrap();
    flipped[10] ^= 1;
    let header_text = bench.header().to_string();
    let claims_text = bench.claims().to_string();
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    vec![
        ("empty", String::new()),
        ("one dot", format!("{header}.{claims}")),
        ("four parts", format!("{good}.x")),
        (
            "five parts, as encrypted tokens have",
            format!("{good}.a.b"),
        ),
        ("no signature", format!("{header}.{claims}.")),
        ("only dots", "..".to_owned()),
        ("padded base64", format!("{header}.{claims}.{signature}=")),
        (
            "other base64 alphabet",
            format!("{header}.{claims}.{}+/", &signature[..signature.len() - 2]),
        ),
        ("a space inside", format!("{header} .{claims}.{signature}")),
        ("a line end behind", format!("{good}\n")),
        (
            "64 KiB",
            format!("{}.{claims}.{signature}", "A".repeat(64 << 10)),
        ),
        (
            "64 KiB, well signed",
            bench.with_claim("filler", json!("x".repeat(64 << 10))),
        ),
        (
            "header no JSON",
            format!("{}.{claims}.{signature}", B64.encode("hello")),
        ),
        ("header a list", bench.of_text("[]", &claims_text)),
        (
            "deeply nested claims",
            bench.of_text(&header_text, &"[".repeat(5000)),
        ),
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg NONE with spaces", none(" NONE ")),
        (
            "alg none, signature kept",
            format!("{}{signature}", none("nOnE")),
        ),
        ("alg empty", bench.with_header("alg", json!(""))),
        ("alg missing", bench.with_header("alg", Value::Null)),
        (
            "alg in lower case",
            bench.with_header("alg", json!("eddsa")),
        ),
        (
            "alg of another family",
            bench.with_header("alg", json!("RS256")),
        ),
        ("alg a list", bench.with_header("alg", json!(["EdDSA"]))),
        ("HS256 under the public key", hs256),
        ("kid missing", bench.with_header("kid", Value::Null)),
        ("kid empty", bench.with_header("kid", json!(""))),
        (
            "kid a path",
            bench.with_header("kid", json!("../../../../dev/null")),
        ),
        (
            "kid SQL",
            bench.with_header("kid", json!("x' UNION SELECT 'key")),
        ),
        ("kid a number", bench.with_header("kid", json!(1))),
        (
            "jku",
            bench.with_header("jku", json!("https://evil.example/keys")),
        ),
        (
            "jwk",
            bench.with_header("jwk", bench.issuer.jwks()["keys"][0].clone()),
        ),
        (
            "x5u",
            bench.with_header("x5u", json!("https://evil.example/chain")),
        ),
        ("x5c", bench.with_header("x5c", json!(["MIIB"]))),
        ("unknown crit", bench.with_header("crit", json!(["exp2"]))),
        ("empty crit", bench.with_header("crit", json!([]))),
        ("b64", bench.with_header("b64", json!(false))),
        ("zip", bench.with_header("zip", json!("DEF"))),
        ("typ missing", bench.with_header("typ", Value::Null)),
        ("typ JWT", bench.with_header("typ", json!("JWT"))),
        (
            "typ of an ID token",
            bench.with_header("typ", json!("id+jwt")),
        ),
        (
            "alg twice",
            bench.of_text(&twice(&header_text, r#""alg":"none""#), &claims_text),
        ),
        (
            "signature flipped",
            format!("{header}.{claims}.{}", B64.encode(flipped)),
        ),
        (
            "signature of another token",
            format!(
                "{header}.{}.{signature}",
                B64.encode(with(bench.claims(), "dealer", json!("D2")).to_string())
            ),
        ),
        (
            "signed by somebody else",
            Issuer::ephemeral("marque")
                .unwrap()
                .sign(&bench.header(), &bench.claims()),
        ),
        (
            "claims twice: dealer",
            bench.of_text(&header_text, &twice(&claims_text, r#""dealer":"D2""#)),
        ),
        (
            "claims twice: exp",
            bench.of_text(&header_text, &twice(&claims_text, r#""exp":99999999999"#)),
        ),
        (
            "claims twice, one escaped",
            bench.of_text(&header_text, &twice(&claims_text, r#""\u0064ealer":"D2""#)),
        ),
        (
            "claims followed by more",
            bench.of_text(&header_text, &format!("{claims_text}{claims_text}")),
        ),
    ]
}

/// Well-signed tokens whose claims are bad.
fn bad_claims(bench: &Bench) -> Vec<(&'static str, String)> {
    let now = bench.seconds();
    let claim = |member: &str, value: Value| bench.with_claim(member, value);
    let roles = |roles: Value, member: &str, value: Value| {
        let claims = with(
            with(with(bench.claims(), "dealer", Value::Null), "roles", roles),
            member,
            value,
        );
        bench.issuer.sign(&bench.header(), &claims)
    };
    vec![
        ("iss missing", claim("iss", Value::Null)),
        (
            "iss of somebody else",
            claim("iss", json!("https://evil.example")),
        ),
        (
            "iss with a slash more",
            claim("iss", json!(format!("{EMBEDDED_ISSUER}/"))),
        ),
        ("iss a list", claim("iss", json!([EMBEDDED_ISSUER]))),
        ("aud missing", claim("aud", Value::Null)),
        ("aud of another service", claim("aud", json!("shop"))),
        (
            "aud a list without us",
            claim("aud", json!(["shop", "marque2"])),
        ),
        ("aud an empty list", claim("aud", json!([]))),
        (
            "aud a list with a number",
            claim("aud", json!(["marque", 1])),
        ),
        ("sub missing", claim("sub", Value::Null)),
        ("sub empty", claim("sub", json!(""))),
        ("sub a number", claim("sub", json!(7))),
        ("sub too long", claim("sub", json!("x".repeat(256)))),
        ("exp missing", claim("exp", Value::Null)),
        ("exp passed", claim("exp", json!(now - 31))),
        ("exp passed this very second", claim("exp", json!(now - 30))),
        ("exp a text", claim("exp", json!((now + 600).to_string()))),
        ("exp a fraction", claim("exp", json!(now as f64 + 600.5))),
        ("exp too large", claim("exp", json!(u64::MAX))),
        ("exp negative", claim("exp", json!(i64::MIN))),
        ("nbf to come", claim("nbf", json!(now + 31))),
        ("nbf a text", claim("nbf", json!("0"))),
        ("iat to come", claim("iat", json!(now + 3600))),
        ("roles missing", claim("roles", Value::Null)),
        ("roles empty", claim("roles", json!([]))),
        ("roles a text", claim("roles", json!("sales"))),
        ("roles unknown", claim("roles", json!(["sales", "root"]))),
        ("roles in capitals", claim("roles", json!(["SALES"]))),
        ("role peer", roles(json!(["peer"]), "x", Value::Null)),
        (
            "roles hq_admin and peer",
            roles(json!(["hq_admin", "peer"]), "x", Value::Null),
        ),
        ("sales without a dealer", claim("dealer", Value::Null)),
        ("dealer empty", claim("dealer", json!(""))),
        ("dealer a list", claim("dealer", json!(["D1", "D2"]))),
        ("dealer a wildcard", claim("dealer", json!("*"))),
        ("dealer too long", claim("dealer", json!("D".repeat(33)))),
        ("dealer and region", claim("region", json!("north"))),
        (
            "sales of a region",
            roles(json!(["sales"]), "region", json!("north")),
        ),
        ("hq_admin of a dealer", claim("roles", json!(["hq_admin"]))),
        (
            "hq_admin of a region",
            roles(json!(["hq_admin"]), "region", json!("north")),
        ),
        ("agent of a dealer", claim("roles", json!(["agent"]))),
        (
            "manager of nothing",
            roles(json!(["manager"]), "x", Value::Null),
        ),
        (
            "analyst of a blank region",
            roles(json!(["analyst"]), "region", json!(" ")),
        ),
        (
            "sales and hq_admin",
            claim("roles", json!(["sales", "hq_admin"])),
        ),
        (
            "customer without an id",
            roles(json!(["customer"]), "x", Value::Null),
        ),
        ("customer of a dealer", claim("roles", json!(["customer"]))),
        (
            "customer with a vehicle's id",
            roles(
                json!(["customer"]),
                "customer",
                json!(format!("veh_{}", "0".repeat(32))),
            ),
        ),
        (
            "a customer's id with another role",
            roles(
                json!(["steward"]),
                "customer",
                json!(format!("cus_{}", "0".repeat(32))),
            ),
        ),
    ]
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
            ttl: Duration::from_secs(60),
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
        ttl: Duration::from_secs(60),
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

/// `cargo test --release -p marque-auth -- --ignored --nocapture costs`
#[test]
#[ignore = "measures; run it in release"]
fn costs_of_verifying() {
    const ROUNDS: u32 = 200_000;
    let bench = Bench::new();
    let (good, peer, now) = (bench.good(), bench.peers.token(bench.now()), bench.now());
    for (name, rounds, run) in [
        (
            "remembered token",
            ROUNDS,
            &(|| bench.verdict(&good).is_ok()) as &dyn Fn() -> bool,
        ),
        ("peer token, remembered", ROUNDS, &|| {
            bench.verdict(&peer).is_ok()
        }),
        ("token anew (EdDSA)", ROUNDS / 20, &|| {
            bench.verifier.shared.check_anew(&good, now).is_ok()
        }),
        ("authorize", ROUNDS, &|| {
            crate::authorize(marque_api::ACCESS[3].path, Role::Peer.into()).is_ok()
        }),
    ] {
        let start = Instant::now();
        let passed = (0..rounds).filter(|_| run()).count();
        println!(
            "{name}: {:?} each, {passed} of {rounds} passed",
            start.elapsed() / rounds
        );
    }
}
