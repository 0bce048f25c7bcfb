//! Tokens, good and bad: the rig holds the issuer's key, so that it can sign what no issuer would.

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use marque_auth::{EMBEDDED_ISSUER, PeerTokens, Verifier};
use marque_core::{Clock as _, ManualClock};
use serde_json::{Value, json};

use super::CUSTOMER;

const KID: &str = "rig";

pub(crate) struct Tokens {
    key: Arc<Ed25519KeyPair>,
    verifier: Verifier,
    peers: PeerTokens,
}

impl Tokens {
    pub(super) fn new() -> Self {
        let key = Ed25519KeyPair::generate().unwrap();
        let x = encode(key.public_key().as_ref());
        let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KID, "x": x}]});
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("issuer.jwks.json");
        std::fs::write(&path, jwks.to_string()).unwrap();
        let peers = PeerTokens::ephemeral("scoring").unwrap();
        let verifier = Verifier::builder("marque")
            .trust_file(&path)
            .unwrap()
            .accept_peers(&peers)
            .build();
        Self {
            key: Arc::new(key),
            verifier,
            peers,
        }
    }

    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier.clone()
    }

    /// A good token of a role, in the scope that goes with it.
    pub(crate) fn of(&self, role: &str) -> String {
        let mut claims = claims(role);
        match role {
            "dms" | "sales" | "service" | "technician" | "manager" => {
                claims["dealer"] = json!("D001");
            }
            "customer" => claims["customer"] = json!(CUSTOMER),
            _ => {}
        }
        self.sign(&header(), &claims)
    }

    /// A good token of a role at a dealer.
    pub(crate) fn at(&self, role: &str, dealer: &str) -> String {
        let mut claims = claims(role);
        claims["dealer"] = json!(dealer);
        self.sign(&header(), &claims)
    }

    /// Whatever is asked for, signed with the right key.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&encode(header.to_string()), &encode(claims.to_string()))
    }

    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{header}.{claims}");
        let signature = encode(self.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// The token that services show each other.
    pub(crate) fn of_a_peer(&self) -> String {
        self.peers.token(ManualClock::default().now()).to_string()
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": KID})
}

/// Claims that pass, for a role of headquarters.
pub(crate) fn claims(role: &str) -> Value {
    let now = ManualClock::default().now().as_micros() / 1_000_000;
    json!({"iss": EMBEDDED_ISSUER, "sub": format!("{role}-1"), "aud": "marque", "exp": now + 600, "nbf": now, "iat": now, "roles": [role]})
}

impl Tokens {
    /// Tokens that must not pass, each by its name.
    pub(crate) fn bad(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        self.bad_headers(&mut all);
        self.bad_claims(&mut all);
        self.bad_shapes(&mut all);
        all
    }

    fn bad_headers(&self, all: &mut Vec<(String, String)>) {
        let changes = [
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "NONE"}),
            json!({"alg": "HS256"}),
            json!({"alg": "RS256"}),
            json!({"alg": "ES256"}),
            json!({"alg": null}),
            json!({"alg": ["EdDSA"]}),
            json!({"kid": "other"}),
            json!({"kid": null}),
            json!({"kid": "../../etc/passwd"}),
            json!({"kid": "' OR 1=1 --"}),
            json!({"typ": "JWT"}),
            json!({"typ": null}),
            json!({"crit": ["exp"]}),
            json!({"crit": ["b64"], "b64": false}),
        ];
        for change in changes {
            let header = merged(header(), &change);
            all.push((
                format!("header {change}"),
                self.sign(&header, &claims("steward")),
            ));
        }
    }

    fn bad_claims(&self, all: &mut Vec<(String, String)>) {
        let now = ManualClock::default().now().as_micros() / 1_000_000;
        let changes = [
            json!({"iss": "https://evil.example"}),
            json!({"iss": null}),
            json!({"aud": "other"}),
            json!({"aud": ["other"]}),
            json!({"aud": null}),
            json!({"aud": []}),
            json!({"exp": now - 60}),
            json!({"exp": null}),
            json!({"exp": (now + 600).to_string()}),
            json!({"nbf": now + 3600}),
            json!({"nbf": "soon"}),
            json!({"iat": now + 3600}),
            json!({"sub": ""}),
            json!({"sub": null}),
            json!({"sub": "x".repeat(300)}),
            json!({"roles": []}),
            json!({"roles": null}),
            json!({"roles": ["emperor"]}),
            json!({"roles": ["peer"]}),
            json!({"roles": "steward"}),
            json!({"dealer": "D001"}),
            json!({"dealer": "D001", "region": "east"}),
            json!({"customer": CUSTOMER}),
            json!({"dealer": "no dealer"}),
        ];
        for change in changes {
            let claims = merged(claims("steward"), &change);
            all.push((
                format!("claims {change}").chars().take(60).collect(),
                self.sign(&header(), &claims),
            ));
        }
    }

    fn bad_shapes(&self, all: &mut Vec<(String, String)>) {
        let good = self.of("steward");
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (head, body) = message.split_once('.').unwrap();
        let other = Self::new().of("steward");
        let twice = encode(r#"{"iss":"marque:embedded","iss":"marque:embedded"}"#);
        let tampered =
            encode(merged(claims("steward"), &json!({"roles": ["hq_admin"]})).to_string());
        let shapes = [
            ("no dots", "token".to_owned()),
            ("no signature", format!("{message}.")),
            ("two parts", message.to_owned()),
            ("four parts", format!("{good}.x")),
            (
                "signature of another",
                format!("{message}.{}", other.rsplit('.').next().unwrap()),
            ),
            ("key of another", other.clone()),
            ("tampered claims", format!("{head}.{tampered}.{signature}")),
            ("repeated claims", self.sign_text(head, &twice)),
            ("claims not JSON", self.sign_text(head, &encode("x"))),
            ("header not base64", format!("***.{body}.{signature}")),
            ("a peer's token", self.of_a_peer()),
            ("too long", format!("{good}{}", "A".repeat(64 * 1024))),
            ("padded", format!("{good}=")),
        ];
        all.extend(shapes.map(|(name, token)| (name.to_owned(), token)));
    }
}

/// The object with these members set, or removed where they are null.
fn merged(mut object: Value, change: &Value) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    object
}
