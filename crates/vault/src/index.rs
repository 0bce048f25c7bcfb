//! Blind indexes: keyed hashes by which a value is found without being stored.

use std::sync::Arc;

use aws_lc_rs::{
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    hmac,
};
use marque_core::DealerCode;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use zeroize::Zeroizing;

use crate::{Purpose, Series, keyring::KeyBytes};

/// A token: HMAC-SHA-256 cut to 16 bytes. Two of 10^9 values collide with a chance of 10^-21.
pub(crate) type Token = [u8; 16];

/// All keys that come from one index key.
pub(crate) struct IndexKeys {
    root: KeyBytes,
    headquarters: PurposeKeys,
    dealers: RwLock<FxHashMap<DealerCode, Arc<PurposeKeys>>>,
}

/// One expanded key a purpose.
struct PurposeKeys([hmac::Key; Purpose::ALL.len()]);

impl IndexKeys {
    pub(crate) fn new(root: KeyBytes) -> Self {
        let headquarters = PurposeKeys::derive(&root, None);
        Self {
            root,
            headquarters,
            dealers: RwLock::default(),
        }
    }

    pub(crate) fn headquarters(&self, purpose: Purpose, value: &[u8]) -> Token {
        self.headquarters.token(purpose, value)
    }

    pub(crate) fn dealer(&self, dealer: &DealerCode, purpose: Purpose, value: &[u8]) -> Token {
        if let Some(keys) = self.dealers.read().get(dealer) {
            return keys.token(purpose, value);
        }
        let keys = Arc::new(PurposeKeys::derive(&self.root, Some(dealer)));
        let token = keys.token(purpose, value);
        self.dealers.write().insert(dealer.clone(), keys);
        token
    }

    /// The key of a series' numbers.
    pub(crate) fn numbering(&self, series: Series) -> hmac::Key {
        let material = Salt::new(HKDF_SHA256, b"marque numbers 1").extract(self.root.expose());
        expand(&material, &[series.label().as_bytes()])
    }
}

impl PurposeKeys {
    fn derive(root: &KeyBytes, dealer: Option<&DealerCode>) -> Self {
        let material = Salt::new(HKDF_SHA256, b"marque blind index 1").extract(root.expose());
        let owner = dealer.map_or("headquarters", |_| "dealer");
        let code = dealer.map_or("", DealerCode::as_str);
        Self(Purpose::ALL.map(|purpose| {
            // A zero byte parts the pieces; neither labels nor dealer codes can hold one.
            let info = [
                owner.as_bytes(),
                b"\0",
                code.as_bytes(),
                b"\0",
                purpose.label().as_bytes(),
            ];
            expand(&material, &info)
        }))
    }

    fn token(&self, purpose: Purpose, value: &[u8]) -> Token {
        let tag = hmac::sign(&self.0[purpose as usize], value);
        tag.as_ref()[..16]
            .try_into()
            .expect("a SHA-256 tag has 32 bytes")
    }
}

/// A key that comes from the material, and from what it is for.
fn expand(material: &Prk, info: &[&[u8]]) -> hmac::Key {
    let mut key = Zeroizing::new([0; 32]);
    material
        .expand(info, Length32)
        .and_then(|expanded| expanded.fill(key.as_mut_slice()))
        .expect("HKDF-SHA256 gives 32 bytes");
    hmac::Key::new(hmac::HMAC_SHA256, key.as_slice())
}

/// Length of the derived keys.
#[derive(Clone, Copy)]
struct Length32;

impl KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_stand_at_their_own_place_in_the_table() {
        for (at, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, at);
        }
    }
}
