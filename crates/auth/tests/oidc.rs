//! A real OpenID Connect issuer on 127.0.0.1: discovery, rotation, floods, outage.

#![expect(
    clippy::unwrap_used,
    reason = "the whole file is a test; clippy knows only the functions marked as such"
)]

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use axum::{Json, Router, http::StatusCode, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::{Request, Response};
use marque_auth::{AuthError, AuthLayer, Role, Verifier};
use marque_config::TokenAlgorithm;
use marque_core::{Clock as _, ManualClock};
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// A key of the issuer.
enum Key {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn rs256() -> Self {
        Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (B64.encode(&point[1..33]), B64.encode(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y})
            }
            Self::Rs256(key) => {
                let public = key.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                let (n, e) = (
                    B64.encode(n.big_endian_without_leading_zero()),
                    B64.encode(e.big_endian_without_leading_zero()),
                );
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => key
                .sign(&SystemRandom::new(), message)
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .unwrap();
                signature
            }
        }
    }

    fn alg(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        }
    }
}

/// What the issuer publishes and how often it was asked.
#[derive(Default)]
struct Published {
    keys: Mutex<Vec<Value>>,
    /// What stands beside the keys and is of no use.
    filler: Mutex<String>,
    claimed_issuer: Mutex<Option<String>>,
    fetches: AtomicU32,
    is_down: AtomicBool,
}

impl Published {
    fn key_set(&self) -> Value {
        json!({"keys": *self.keys.lock().unwrap(), "filler": *self.filler.lock().unwrap()})
    }
}

struct Idp {
    url: String,
    published: Arc<Published>,
    clock: ManualClock,
}

impl Idp {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let published = Arc::new(Published::default());
        let (discovery, keys, base) = (Arc::clone(&published), Arc::clone(&published), url.clone());
        let discover = move || async move {
            if discovery.is_down.load(Ordering::SeqCst) {
                return Err(StatusCode::SERVICE_UNAVAILABLE);
            }
            let issuer = discovery
                .claimed_issuer
                .lock()
                .unwrap()
                .clone()
                .unwrap_or_else(|| base.clone());
            Ok(Json(
                json!({"issuer": issuer, "jwks_uri": format!("{base}/keys")}),
            ))
        };
        let fetch = move || async move {
            keys.fetches.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            Json(keys.key_set())
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discover))
            .route("/keys", get(fetch));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            published,
            clock: ManualClock::default(),
        }
    }

    fn publish(&self, keys: &[(&str, &Key)]) {
        *self.published.keys.lock().unwrap() = keys.iter().map(|(kid, key)| key.jwk(kid)).collect();
    }

    /// Makes the key set this long.
    fn fill_to(&self, bytes: usize) {
        let bare = self.published.key_set().to_string().len();
        *self.published.filler.lock().unwrap() = "x".repeat(bytes - bare);
    }

    fn fetches(&self) -> u32 {
        self.published.fetches.load(Ordering::SeqCst)
    }

    fn token(&self, kid: &str, key: &Key, subject: &str) -> String {
        let now = self.clock.now().as_micros() / 1_000_000;
        let header = json!({"alg": key.alg(), "typ": "at+jwt", "kid": kid});
        let claims = json!({
            "iss": self.url, "aud": "marque", "sub": subject, "exp": now + 7200,
            "roles": ["sales"], "dealer": "D1",
        });
        let message = format!(
            "{}.{}",
            B64.encode(header.to_string()),
            B64.encode(claims.to_string())
        );
        format!("{message}.{}", B64.encode(key.sign(message.as_bytes())))
    }

    fn verifier(&self, algorithm: TokenAlgorithm) -> Verifier {
        Verifier::builder("marque")
            .trust_oidc(&self.url, algorithm)
            .unwrap()
            .build()
    }

    async fn passes(&self, verifier: &Verifier, token: &str) -> bool {
        verifier.verify(token, self.clock.now()).await.is_ok()
    }
}

#[tokio::test]
async fn keys_are_found_by_discovery_for_elliptic_curves_and_rsa() {
    for (key, algorithm, other) in [
        (Key::es256(), TokenAlgorithm::ES256, TokenAlgorithm::RS256),
        (Key::rs256(), TokenAlgorithm::RS256, TokenAlgorithm::PS256),
    ] {
        let idp = Idp::start().await;
        idp.publish(&[("k1", &key)]);
        let token = idp.token("k1", &key, "u1");
        assert!(idp.passes(&idp.verifier(algorithm), &token).await);
        assert!(
            !idp.passes(&idp.verifier(other), &token).await,
            "one algorithm an issuer"
        );
    }
}

#[tokio::test]
async fn a_public_rsa_key_is_no_shared_secret() {
    let idp = Idp::start().await;
    let key = Key::rs256();
    idp.publish(&[("k1", &key)]);
    let verifier = idp.verifier(TokenAlgorithm::RS256);
    assert!(idp.passes(&verifier, &idp.token("k1", &key, "u1")).await);
    let Key::Rs256(pair) = &key else {
        unreachable!()
    };
    let der = pair.public_key().as_der().unwrap().as_ref().to_vec();
    let good = idp.token("k1", &key, "u1");
    let claims = good.split('.').nth(1).unwrap();
    let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}).to_string();
    let message = format!("{}.{claims}", B64.encode(header));
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &der);
    let forged = format!(
        "{message}.{}",
        B64.encode(aws_lc_rs::hmac::sign(&secret, message.as_bytes()))
    );
    assert_eq!(
        verifier.verify(&forged, idp.clock.now()).await,
        Err(AuthError::TokenInvalid)
    );
}

#[tokio::test]
async fn a_rotation_under_load_refuses_nobody_and_a_removed_key_no_longer_opens() {
    let idp = Idp::start().await;
    let (old, new) = (Key::es256(), Key::es256());
    idp.publish(&[("old", &old)]);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    let remembered = idp.token("old", &old, "early");
    assert!(idp.passes(&verifier, &remembered).await);

    idp.clock.advance(Duration::from_mins(1));
    idp.publish(&[("old", &old), ("new", &new)]);
    let callers = (0..50).map(|n| {
        let token = if n % 2 == 0 {
            idp.token("new", &new, &format!("u{n}"))
        } else {
            idp.token("old", &old, &format!("u{n}"))
        };
        let (verifier, now) = (verifier.clone(), idp.clock.now());
        tokio::spawn(async move { verifier.verify(&token, now).await.is_ok() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert!(caller.await.unwrap());
    }
    assert_eq!(
        idp.fetches(),
        2,
        "one at first, one for the new key, whoever asked"
    );

    // The old key is withdrawn; some unknown key id makes the verifier look.
    idp.clock.advance(Duration::from_mins(1));
    idp.publish(&[("new", &new)]);
    assert!(
        idp.passes(&verifier, &remembered).await,
        "nobody has looked yet"
    );
    assert!(!idp.passes(&verifier, &idp.token("other", &new, "x")).await);
    assert!(
        !idp.passes(&verifier, &remembered).await,
        "not even from memory"
    );
    assert!(idp.passes(&verifier, &idp.token("new", &new, "late")).await);
}

#[tokio::test]
async fn ten_thousand_unknown_key_ids_cause_one_fetch() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    assert!(idp.passes(&verifier, &idp.token("k1", &key, "u1")).await);
    idp.clock.advance(Duration::from_secs(31));
    let before = idp.fetches();
    let genuine = idp.token("k1", &key, "u2");
    let (_, body) = genuine.split_once('.').unwrap();
    let flood = (0..10_000).map(|n| {
        let header =
            json!({"alg": "ES256", "typ": "at+jwt", "kid": format!("random-{n}")}).to_string();
        let token = format!("{}.{body}", B64.encode(header));
        let (verifier, now) = (verifier.clone(), idp.clock.now());
        tokio::spawn(async move { verifier.verify(&token, now).await })
    });
    let flood = flood.collect::<Vec<_>>();
    assert!(idp.passes(&verifier, &genuine).await);
    for call in flood {
        assert_eq!(call.await.unwrap(), Err(AuthError::TokenInvalid));
    }
    assert!(
        idp.fetches() - before <= 1,
        "{} fetches",
        idp.fetches() - before
    );
}

#[tokio::test]
async fn an_issuer_that_is_down_for_an_hour_is_not_missed() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    assert!(idp.passes(&verifier, &idp.token("k1", &key, "u0")).await);
    idp.published.is_down.store(true, Ordering::SeqCst);
    for minute in 1..60 {
        idp.clock.advance(Duration::from_mins(1));
        assert!(
            idp.passes(&verifier, &idp.token("k1", &key, &format!("u{minute}")))
                .await
        );
        let unknown = verifier
            .verify(&idp.token("k2", &key, "u"), idp.clock.now())
            .await;
        assert_eq!(unknown, Err(AuthError::TokenInvalid));
    }
}

#[tokio::test]
async fn an_issuer_that_was_never_reached_is_told_apart_from_a_bad_token() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    idp.published.is_down.store(true, Ordering::SeqCst);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    let token = idp.token("k1", &key, "u1");
    assert_eq!(
        verifier.verify(&token, idp.clock.now()).await,
        Err(AuthError::IssuerUnavailable)
    );
    idp.published.is_down.store(false, Ordering::SeqCst);
    idp.clock.advance(Duration::from_secs(30));
    assert!(
        idp.passes(&verifier, &token).await,
        "and it comes back by itself"
    );
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_not_believed() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    *idp.published.claimed_issuer.lock().unwrap() = Some("https://evil.example".to_owned());
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    let verdict = verifier
        .verify(&idp.token("k1", &key, "u1"), idp.clock.now())
        .await;
    assert_eq!(verdict, Err(AuthError::IssuerUnavailable));
    assert_eq!(idp.fetches(), 0);
}

#[tokio::test]
async fn a_key_set_is_read_up_to_256_kib() {
    for (bytes, is_read) in [(256 << 10, true), ((256 << 10) + 1, false)] {
        let idp = Idp::start().await;
        let key = Key::es256();
        idp.publish(&[("k1", &key)]);
        idp.fill_to(bytes);
        let verifier = idp.verifier(TokenAlgorithm::ES256);
        let passes = idp.passes(&verifier, &idp.token("k1", &key, "u1")).await;
        assert_eq!(passes, is_read, "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_call_whose_key_has_to_be_asked_for_is_answered_when_it_is_there() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    let service = AuthLayer::new(verifier, Arc::new(ManualClock::default())).layer(service_fn(
        |_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))),
    ));
    let method = marque_api::ACCESS
        .iter()
        .find(|access| access.roles.contains(&Role::Sales.number()))
        .unwrap();
    for (kid, is_refused) in [("k1", false), ("unknown", true)] {
        let bearer = format!("Bearer {}", idp.token(kid, &key, "u1"));
        let request = Request::post(method.path).header("authorization", bearer);
        let answered = service.clone().oneshot(request.body(()).unwrap());
        let response = answered.await.unwrap();
        assert_eq!(
            response.headers().contains_key("grpc-status"),
            is_refused,
            "{kid}"
        );
    }
}

#[tokio::test]
async fn keys_are_read_in_the_background_before_anybody_calls() {
    let idp = Idp::start().await;
    let key = Key::es256();
    idp.publish(&[("k1", &key)]);
    let verifier = idp.verifier(TokenAlgorithm::ES256);
    let background = verifier.clone();
    let task = tokio::spawn(async move {
        background
            .keep_fresh(Arc::new(ManualClock::default()))
            .await;
    });
    let token = idp.token("k1", &key, "u1");
    let mut tries = 0;
    while verifier.verify_at_once(&token, idp.clock.now()).is_none() {
        tries += 1;
        assert!(tries < 500, "the keys were not read");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        verifier
            .verify_at_once(&token, idp.clock.now())
            .unwrap()
            .is_ok()
    );
    task.abort();
}

#[test]
fn an_issuer_over_plain_http_is_not_trusted() {
    for address in [
        "http://login.example",
        "embedded",
        "http://127.0.0.1.evil.example",
    ] {
        assert!(
            Verifier::builder("marque")
                .trust_oidc(address, TokenAlgorithm::RS256)
                .is_err(),
            "{address}"
        );
    }
}
