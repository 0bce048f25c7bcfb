//! Places in lists and feeds as callers carry them from one request to the next: sealed, so that they tell nothing, cannot be
//! made up, and serve nobody else.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Seals places under a key that all replicas derive from the installation's secret. Cheap to clone.
#[derive(Clone)]
pub struct PlaceSeal(Arc<Keys>);

struct Keys {
    data: LessSafeKey,
    nonces: hmac::Key,
}

impl PlaceSeal {
    /// The seal of a secret.
    pub fn under(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let data = hmac::sign(&root, b"marque place seal 1");
        let nonces = hmac::sign(&root, b"marque place nonce 1");
        let data =
            UnboundKey::new(&AES_256_GCM, data.as_ref()).expect("HMAC-SHA-256 gives 32 bytes");
        Self(Arc::new(Keys {
            data: LessSafeKey::new(data),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, nonces.as_ref()),
        }))
    }

    /// A place as its holder carries it. The same place of the same holder looks the same, so that an answer given twice is the
    /// same to the byte.
    pub fn seal(&self, place: &str, holder: &str) -> String {
        let nonce = self.nonce(place, holder);
        let mut sealed = place.as_bytes().to_vec();
        self.0
            .data
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(holder.as_bytes()),
                &mut sealed,
            )
            .expect("a place is shorter than what AES-GCM seals");
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// The place that was sealed for this holder; `None` for anything else.
    pub fn open(&self, sealed: &str, holder: &str) -> Option<String> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let place = self
            .0
            .data
            .open_in_place(nonce, Aad::from(holder.as_bytes()), body)
            .ok()?;
        String::from_utf8(place.to_vec()).ok()
    }

    /// Made of what is sealed: two places never have the same nonce.
    fn nonce(&self, place: &str, holder: &str) -> [u8; NONCE_LEN] {
        let mut mac = hmac::Context::with_key(&self.0.nonces);
        mac.update(&(holder.len() as u64).to_be_bytes());
        mac.update(holder.as_bytes());
        mac.update(place.as_bytes());
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&mac.sign().as_ref()[..NONCE_LEN]);
        nonce
    }
}

impl fmt::Debug for PlaceSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceSeal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_place_is_opened_by_its_holder_under_the_same_secret_alone() {
        let seal = PlaceSeal::under(&[7; 32]);
        let sealed = seal.seal("D001|键", "dealer D001");
        assert_eq!(
            seal.open(&sealed, "dealer D001").as_deref(),
            Some("D001|键")
        );
        assert_eq!(seal.open(&sealed, "dealer D002"), None);
        let another = PlaceSeal::under(&[8; 32]);
        assert_eq!(another.open(&sealed, "dealer D001"), None);
        let replica = PlaceSeal::under(&[7; 32]);
        assert_eq!(replica.seal("D001|键", "dealer D001"), sealed);
    }

    #[test]
    fn a_place_tells_nothing_and_cannot_be_made_up() {
        let seal = PlaceSeal::under(&[7; 32]);
        let sealed = seal.seal("D001", "x");
        assert!(!sealed.contains(&hex("D001")) && !sealed.contains("D001"));
        assert_ne!(sealed[..16], seal.seal("D002", "x")[..16], "no nonce twice");
        for forged in [
            "",
            "-",
            "5bc5b41544303031",
            "键",
            &sealed[1..],
            &sealed[..20],
        ] {
            assert_eq!(seal.open(forged, "x"), None, "{forged}");
        }
        let mut bent = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        bent[NONCE_LEN] ^= 1;
        assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(bent), "x"), None);
    }

    fn hex(text: &str) -> String {
        text.bytes().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    }
}
