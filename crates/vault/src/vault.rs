//! Sealing, opening, looking up.

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use marque_config::VaultConfig;
use marque_core::DealerCode;
use rustc_hash::FxHashMap;
use zeroize::Zeroizing;

use crate::{
    Keyring, KeyringError, Numbering, Place, Purpose, Series, VaultError,
    index::{IndexKeys, Token},
    keyring::Keys,
    nonce,
};

/// First byte of every sealed field.
const VERSION: u8 = 1;
/// Version and key number.
pub(crate) const HEADER_LEN: usize = 5;
/// Bytes of the tag at the end.
const TAG_LEN: usize = 16;
/// By how many bytes a sealed field is longer than what was sealed.
pub(crate) const OVERHEAD: usize = HEADER_LEN + NONCE_LEN + TAG_LEN;

/// Seals and opens fields and makes look-up tokens. Cheap to clone; clones follow a change of keys.
#[derive(Clone)]
pub struct Vault(Arc<ArcSwap<Expanded>>);

/// The keys of a ring, expanded once.
struct Expanded {
    current_data: u32,
    data: FxHashMap<u32, LessSafeKey>,
    /// The current index key first.
    index: Vec<IndexKeys>,
}

impl Vault {
    /// A vault with the keys of a ring.
    pub fn new(ring: &Keyring) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Expanded::new(ring))))
    }

    /// A vault with the keys of a ring and one more, which is current and nothing is sealed under: by [`Self::reseal`] it opens
    /// everything, and so shows what no key of the ring opens.
    ///
    /// # Errors
    /// [`KeyringError::NoRandomness`].
    pub fn probing(ring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self::new(&ring.probing()?))
    }

    /// The keyring of a configuration as it is now: the inline one, or the file's, made on the first start.
    ///
    /// # Errors
    /// The keyring cannot be read, made or trusted, or has several index keys.
    pub fn ring_of(config: &VaultConfig, data_dir: &Path) -> Result<Keyring, KeyringError> {
        let ring = match &config.keyring {
            Some(text) => Keyring::parse(text.expose())?,
            // A file that was named must exist: a new one in its place would hide that the right one is lost.
            None if config.keyring_file.is_some() => Keyring::open(&config.file(data_dir))?,
            None => Keyring::open_or_create(&config.file(data_dir))?,
        };
        match ring.index.by_number.len() {
            1 => Ok(ring),
            count => Err(KeyringError::SeveralIndexKeys { count }),
        }
    }

    /// Exchanges the keys while running; calls under way finish with the old ones.
    pub fn replace(&self, ring: &Keyring) {
        self.0.store(Arc::new(Expanded::new(ring)));
    }

    /// Seals a field under the current key, bound to its place.
    ///
    /// # Errors
    /// [`VaultError::Unsealable`] when there is no randomness.
    pub fn seal(&self, place: Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let keys = self.0.load();
        let key = keys
            .data
            .get(&keys.current_data)
            .ok_or(VaultError::Unsealable)?;
        let header = header(keys.current_data);
        let nonce = nonce::fresh()?;
        let body = HEADER_LEN + NONCE_LEN;
        let mut sealed = Vec::with_capacity(body + plaintext.len() + TAG_LEN);
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = place
            .with_associated_data(header, |aad| {
                key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed[body..])
            })
            .map_err(|_| VaultError::Unsealable)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a field at its place. The plaintext is wiped when dropped.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] if anything at all is wrong with it.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let keys = self.0.load();
        let number = key_number(sealed).ok_or(VaultError::Unreadable)?;
        let key = keys.data.get(&number).ok_or(VaultError::Unreadable)?;
        let (nonce, body) = sealed[HEADER_LEN..]
            .split_at_checked(NONCE_LEN)
            .ok_or(VaultError::Unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Unreadable)?;
        let mut opened = Zeroizing::new(body.to_vec());
        let length = place
            .with_associated_data(header(number), |aad| {
                key.open_in_place(nonce, Aad::from(aad), &mut opened)
                    .map(|plaintext| plaintext.len())
            })
            .map_err(|_| VaultError::Unreadable)?;
        opened.truncate(length);
        Ok(opened)
    }

    /// Seals a field anew under the current key; `None` if it is, or is empty.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::seal`].
    pub fn reseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if sealed.is_empty() || self.is_current(sealed) {
            return Ok(None);
        }
        let opened = self.open(place, sealed)?;
        self.seal(place, &opened).map(Some)
    }

    /// The number of the current data key, and of all on the ring.
    pub fn data_keys(&self) -> (u32, BTreeSet<u32>) {
        let keys = self.0.load();
        (keys.current_data, keys.data.keys().copied().collect())
    }

    /// Whether the field is sealed under the current key; if not, a rotation has still to reseal it.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        key_number(sealed) == Some(self.0.load().current_data)
    }

    /// Whether a data key is on the ring.
    pub(crate) fn has_data_key(&self, number: u32) -> bool {
        self.0.load().data.contains_key(&number)
    }

    /// Headquarters' token of a normalised value.
    pub fn hq_index(&self, purpose: Purpose, value: impl AsRef<[u8]>) -> [u8; 16] {
        self.0
            .load()
            .current_index()
            .headquarters(purpose, value.as_ref())
    }

    /// One dealer's token of a normalised value: of no use to any other dealer.
    pub fn dealer_index(
        &self,
        dealer: &DealerCode,
        purpose: Purpose,
        value: impl AsRef<[u8]>,
    ) -> [u8; 16] {
        self.0
            .load()
            .current_index()
            .dealer(dealer, purpose, value.as_ref())
    }

    /// What turns the serials of a series into the numbers that people are told, of at least so many digits (six or more). Its key
    /// comes from the index key, which is not exchanged while running: it may be kept.
    pub fn numbering(&self, series: Series, least: u32) -> Numbering {
        let key = self.0.load().current_index().numbering(series);
        Numbering::new(key, least)
    }

    /// Headquarters' tokens under every index key, the current first: what to search for during a rotation.
    pub fn hq_indexes(&self, purpose: Purpose, value: impl AsRef<[u8]>) -> Vec<Token> {
        self.0
            .load()
            .index
            .iter()
            .map(|keys| keys.headquarters(purpose, value.as_ref()))
            .collect()
    }

    /// One dealer's tokens under every index key, the current first.
    pub fn dealer_indexes(
        &self,
        dealer: &DealerCode,
        purpose: Purpose,
        value: impl AsRef<[u8]>,
    ) -> Vec<Token> {
        self.0
            .load()
            .index
            .iter()
            .map(|keys| keys.dealer(dealer, purpose, value.as_ref()))
            .collect()
    }
}

impl Expanded {
    fn new(ring: &Keyring) -> Self {
        let data = ring.data.by_number.iter().map(|(number, key)| {
            let key =
                UnboundKey::new(&AES_256_GCM, key.expose()).expect("an AES-256 key has 32 bytes");
            (*number, LessSafeKey::new(key))
        });
        Self {
            current_data: ring.data.current,
            data: data.collect(),
            index: index_keys(&ring.index),
        }
    }

    fn current_index(&self) -> &IndexKeys {
        &self.index[0]
    }
}

/// Current first, the others from the newest to the oldest.
fn index_keys(keys: &Keys) -> Vec<IndexKeys> {
    let current = keys
        .by_number
        .iter()
        .filter(|(number, _)| **number == keys.current);
    let others = keys
        .by_number
        .iter()
        .rev()
        .filter(|(number, _)| **number != keys.current);
    current
        .chain(others)
        .map(|(_, key)| IndexKeys::new(key.clone()))
        .collect()
}

fn header(key_number: u32) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = key_number.to_be_bytes();
    [VERSION, a, b, c, d]
}

/// The number of the key that a sealed field names.
pub(crate) fn key_number(sealed: &[u8]) -> Option<u32> {
    match sealed {
        [VERSION, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

#[cfg(test)]
mod tests;
