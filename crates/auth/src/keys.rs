//! Public keys of one issuer, and signatures under them.

use std::collections::HashMap;

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use marque_config::TokenAlgorithm;

use crate::token::{Refusal, Unverified};

/// The keys of one issuer that fit its one algorithm, by key id.
pub(crate) struct KeySet {
    algorithm: TokenAlgorithm,
    by_id: HashMap<String, PublicKey>,
}

struct PublicKey {
    /// As it was published, to see whether it changed.
    published: AlgorithmParameters,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a JWKS document; keys of another kind, another use or without an id are left out.
    /// `None` if it is no such document or holds no key that fits.
    pub(crate) fn parse(json: &[u8], algorithm: TokenAlgorithm) -> Option<Self> {
        let document: serde_json::Value = serde_json::from_slice(json).ok()?;
        // Key by key: one of a kind yet to be invented must not lose us the others.
        let keys = document.get("keys")?.as_array()?.iter();
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let by_id: HashMap<_, _> = keys.filter_map(|jwk| usable(&jwk, algorithm)).collect();
        (!by_id.is_empty()).then_some(Self { algorithm, by_id })
    }

    /// Whether every key of `self` is in `other` unchanged.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.by_id.iter().all(|(kid, mine)| {
            other
                .by_id
                .get(kid)
                .is_some_and(|theirs| theirs.published == mine.published)
        })
    }

    /// Checks the signature of a token whose header names this set's algorithm.
    pub(crate) fn check(&self, token: &Unverified<'_>) -> Result<(), Refusal> {
        if token.header.alg != name(self.algorithm) {
            return Err(Refusal::Algorithm);
        }
        let key = self
            .by_id
            .get(&token.header.kid)
            .ok_or(Refusal::UnknownKey)?;
        let message = token.message.as_bytes();
        match jsonwebtoken::crypto::verify(
            token.signature,
            message,
            &key.key,
            library_name(self.algorithm),
        ) {
            Ok(true) => Ok(()),
            _ => Err(Refusal::Signature),
        }
    }
}

/// The name of the algorithm in a token's header.
pub(crate) const fn name(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::RS256 => "RS256",
        TokenAlgorithm::PS256 => "PS256",
        TokenAlgorithm::ES256 => "ES256",
        TokenAlgorithm::EdDSA => "EdDSA",
    }
}

const fn library_name(algorithm: TokenAlgorithm) -> Algorithm {
    match algorithm {
        TokenAlgorithm::RS256 => Algorithm::RS256,
        TokenAlgorithm::PS256 => Algorithm::PS256,
        TokenAlgorithm::ES256 => Algorithm::ES256,
        TokenAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

fn usable(jwk: &Jwk, algorithm: TokenAlgorithm) -> Option<(String, PublicKey)> {
    let declared = match algorithm {
        TokenAlgorithm::RS256 => KeyAlgorithm::RS256,
        TokenAlgorithm::PS256 => KeyAlgorithm::PS256,
        TokenAlgorithm::ES256 => KeyAlgorithm::ES256,
        TokenAlgorithm::EdDSA => KeyAlgorithm::EdDSA,
    };
    let fits = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), TokenAlgorithm::RS256 | TokenAlgorithm::PS256) => true,
        (AlgorithmParameters::EllipticCurve(key), TokenAlgorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(key), TokenAlgorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let signs = jwk
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|it| *it == PublicKeyUse::Signature)
        && jwk
            .common
            .key_algorithm
            .is_none_or(|named| named == declared);
    let kid = jwk.common.key_id.clone().filter(|kid| !kid.is_empty())?;
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| fits && signs)?;
    Some((
        kid,
        PublicKey {
            published: jwk.algorithm.clone(),
            key,
        },
    ))
}

#[cfg(test)]
mod tests {
    use std::slice;

    use serde_json::{Value, json};

    use super::*;
    use crate::Issuer;

    /// A new key as an issuer publishes it, with these members in place of its own.
    fn jwk(members: &Value) -> Value {
        let mut jwk = Issuer::ephemeral("marque").unwrap().jwks()["keys"][0].clone();
        for (name, value) in members.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    fn key_set(keys: &[Value]) -> Option<KeySet> {
        let document = json!({"keys": keys}).to_string();
        KeySet::parse(document.as_bytes(), TokenAlgorithm::EdDSA)
    }

    #[test]
    fn a_key_that_does_not_sign_by_the_one_algorithm_is_left_out() {
        assert!(key_set(&[jwk(&json!({}))]).is_some());
        for unfit in [
            json!({"use": "enc"}),
            json!({"alg": "RS256"}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            json!({"crv": "P-256"}),
            json!({"kid": ""}),
            json!({"kid": null}),
        ] {
            assert!(key_set(&[jwk(&unfit)]).is_none(), "{unfit}");
        }
    }

    #[test]
    fn a_key_that_is_gone_or_was_exchanged_under_its_name_is_missed() {
        let [first, second, exchanged] = ["1", "2", "1"].map(|kid| jwk(&json!({"kid": kid})));
        let old = key_set(slice::from_ref(&first)).unwrap();
        let is_within = |keys: &[Value]| old.is_within(&key_set(keys).unwrap());
        assert!(is_within(&[first, second.clone()]), "one came");
        assert!(!is_within(&[second]), "it is gone");
        assert!(!is_within(&[exchanged]), "it is another key");
    }
}
