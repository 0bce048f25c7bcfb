//! The keys themselves: several by number, one of each kind current.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use aws_lc_rs::{
    digest::{Context, SHA256},
    rand,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{KeyringError, Secret};

/// Bytes of a key.
pub(crate) type KeyBytes = Secret<[u8; 32]>;

/// Data keys, which seal fields, and index keys, from which the keys of look-ups are derived.
#[derive(Clone)]
pub struct Keyring {
    pub(crate) data: Keys,
    pub(crate) index: Keys,
}

/// Keys of one kind by number; the current one writes, all read.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) current: u32,
    pub(crate) by_number: BTreeMap<u32, KeyBytes>,
}

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    data: WrittenKeys,
    index: WrittenKeys,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKeys {
    current: u32,
    keys: BTreeMap<String, String>,
}

const HEAD: &str = "\
# The keys of Marque's personal data. Whoever has this file can read it; without this file nobody can.
# Back it up, elsewhere than the database.

";

impl Keyring {
    /// A new ring with one random key of each kind.
    ///
    /// # Errors
    /// [`KeyringError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyringError> {
        Ok(Self {
            data: Keys::generate()?,
            index: Keys::generate()?,
        })
    }

    /// Adds a random data key, under which nothing is sealed until it is made the current one; answers its number.
    ///
    /// # Errors
    /// [`KeyringError::NoRandomness`].
    pub fn add_data_key(&mut self) -> Result<u32, KeyringError> {
        self.data.add()
    }

    /// Makes a data key the current one; the others still open what they sealed. `false` if there is no such key.
    pub fn use_data_key(&mut self, number: u32) -> bool {
        let is_there = self.data.by_number.contains_key(&number);
        if is_there {
            self.data.current = number;
        }
        is_there
    }

    /// Adds a random data key and makes it current.
    ///
    /// # Errors
    /// [`KeyringError::NoRandomness`].
    pub fn rotate_data_key(&mut self) -> Result<u32, KeyringError> {
        self.data.rotate()
    }

    /// The ring with one more data key, which is current. It has the last number there is: what another ring sealed does not
    /// pass for its own.
    pub(crate) fn probing(&self) -> Result<Self, KeyringError> {
        let mut ring = self.clone();
        ring.data.current = u32::MAX;
        ring.data.by_number.insert(u32::MAX, random_key()?);
        Ok(ring)
    }

    /// Numbers of all data keys.
    pub fn data_keys(&self) -> BTreeSet<u32> {
        self.data.by_number.keys().copied().collect()
    }

    /// Number of the current data key.
    pub fn current_data_key(&self) -> u32 {
        self.data.current
    }

    /// Adds a random index key and makes it current; the others still find what they indexed.
    ///
    /// # Errors
    /// [`KeyringError::NoRandomness`].
    pub fn rotate_index_key(&mut self) -> Result<u32, KeyringError> {
        self.index.rotate()
    }

    /// Removes a data key nothing is sealed under any more. The current key stays: `false`.
    pub fn retire_data_key(&mut self, number: u32) -> bool {
        self.data.retire(number)
    }

    /// Removes an index key no row carries any more. The current key stays: `false`.
    pub fn retire_index_key(&mut self, number: u32) -> bool {
        self.index.retire(number)
    }

    /// A name of each key by kind and number, `data/1`: tells whether two rings hold the same keys, and nothing of the
    /// keys themselves.
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let all = [("data", &self.data), ("index", &self.index)];
        all.into_iter()
            .flat_map(|(kind, keys)| {
                let named = keys.by_number.iter();
                named.map(move |(number, key)| (format!("{kind}/{number}"), fingerprint(key)))
            })
            .collect()
    }

    /// Those of [`Self::fingerprints`] by which something is written now: of the current data key and the current index key.
    pub fn current_fingerprints(&self) -> BTreeMap<String, String> {
        let current = [
            format!("data/{}", self.data.current),
            format!("index/{}", self.index.current),
        ];
        let mut prints = self.fingerprints();
        prints.retain(|name, _| current.contains(name));
        prints
    }

    /// Names of the keys among `prints` that the ring lacks, or has another key by the name of.
    pub fn lacks(&self, prints: &BTreeMap<String, String>) -> Vec<String> {
        let have = self.fingerprints();
        let missing = prints
            .iter()
            .filter(|(name, print)| have.get(*name) != Some(*print));
        missing.map(|(name, _)| name.clone()).collect()
    }

    /// Reads the text of a keyring file.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`], without quoting what stands there.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut written: Written = toml::from_str(text).map_err(|_| KeyringError::Damaged {
            problem: "it is not a keyring in TOML",
        })?;
        Ok(Self {
            data: Keys::read(&mut written.data)?,
            index: Keys::read(&mut written.index)?,
        })
    }

    /// The text of the ring's file: secret as a whole.
    pub fn to_text(&self) -> Secret<String> {
        let mut written = Written {
            data: self.data.write(),
            index: self.index.write(),
        };
        let body = Zeroizing::new(toml::to_string(&written).expect("maps of text are TOML"));
        written.data.wipe();
        written.index.wipe();
        Secret::new(format!("{HEAD}{}", body.as_str()))
    }
}

impl Keys {
    fn generate() -> Result<Self, KeyringError> {
        Ok(Self {
            current: 1,
            by_number: BTreeMap::from([(1, random_key()?)]),
        })
    }

    fn rotate(&mut self) -> Result<u32, KeyringError> {
        self.current = self.add()?;
        Ok(self.current)
    }

    fn add(&mut self) -> Result<u32, KeyringError> {
        let newest = self
            .by_number
            .last_key_value()
            .map_or(0, |(number, _)| *number);
        let number = newest.checked_add(1).ok_or(KeyringError::Damaged {
            problem: "key numbers have run out",
        })?;
        self.by_number.insert(number, random_key()?);
        Ok(number)
    }

    fn retire(&mut self, number: u32) -> bool {
        number != self.current && self.by_number.remove(&number).is_some()
    }

    fn read(written: &mut WrittenKeys) -> Result<Self, KeyringError> {
        let mut by_number = BTreeMap::new();
        for (number, text) in &written.keys {
            let number = number.parse().map_err(|_| KeyringError::Damaged {
                problem: "a key's number is not a number",
            })?;
            let bytes = STANDARD.decode(text).map(Zeroizing::new);
            let key: Option<[u8; 32]> = bytes
                .ok()
                .and_then(|bytes| bytes.as_slice().try_into().ok());
            let key = key.ok_or(KeyringError::Damaged {
                problem: "a key is not 32 bytes in base64",
            })?;
            by_number.insert(number, Secret::new(key));
        }
        let current = written.current;
        written.wipe();
        if by_number.contains_key(&current) {
            Ok(Self { current, by_number })
        } else {
            Err(KeyringError::Damaged {
                problem: "the current key is not among the keys",
            })
        }
    }

    fn write(&self) -> WrittenKeys {
        let keys = self
            .by_number
            .iter()
            .map(|(number, key)| (number.to_string(), STANDARD.encode(key.expose())));
        WrittenKeys {
            current: self.current,
            keys: keys.collect(),
        }
    }
}

impl WrittenKeys {
    fn wipe(&mut self) {
        self.keys.values_mut().for_each(Zeroize::zeroize);
    }
}

/// Eight bytes of a hash over 32 random ones: nobody finds the key by it.
fn fingerprint(key: &KeyBytes) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"marque keyring fingerprint");
    context.update(key.expose());
    STANDARD.encode(&context.finish().as_ref()[..8])
}

fn random_key() -> Result<KeyBytes, KeyringError> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(key.as_mut_slice()).map_err(|_| KeyringError::NoRandomness)?;
    Ok(Secret::new(*key))
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("data_keys", &self.data.by_number.keys())
            .field("current_data_key", &self.data.current)
            .field("index_keys", &self.index.by_number.keys())
            .field("current_index_key", &self.index.current)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_reads_back_as_it_was_written() {
        let mut ring = Keyring::generate().unwrap();
        assert_eq!(ring.rotate_data_key().unwrap(), 2);
        let again = Keyring::parse(ring.to_text().expose()).unwrap();
        assert_eq!((again.data.current, again.index.current), (2, 1));
        assert_eq!(again.data.by_number, ring.data.by_number);
        assert_eq!(again.index.by_number, ring.index.by_number);
    }

    #[test]
    fn fingerprints_tell_rings_apart_and_survive_the_file() {
        let ring = Keyring::generate().unwrap();
        let again = Keyring::parse(ring.to_text().expose()).unwrap();
        assert_eq!(ring.fingerprints(), again.fingerprints());
        assert_eq!(ring.fingerprints().len(), 2);
        let other = Keyring::generate().unwrap();
        assert_ne!(ring.fingerprints(), other.fingerprints());
    }

    #[test]
    fn a_ring_lacks_what_another_one_was_made_with_and_nothing_of_its_own() {
        let mut ring = Keyring::generate().unwrap();
        let first = ring.fingerprints();
        assert!(ring.lacks(&first).is_empty());
        let other = Keyring::generate().unwrap();
        assert_eq!(other.lacks(&first), ["data/1", "index/1"]);
        ring.rotate_data_key().unwrap();
        let now: Vec<String> = ring.current_fingerprints().into_keys().collect();
        assert_eq!(now, ["data/2", "index/1"]);
        ring.retire_data_key(1);
        assert_eq!(ring.lacks(&first), ["data/1"]);
    }

    #[test]
    fn the_current_key_cannot_be_retired() {
        let mut ring = Keyring::generate().unwrap();
        ring.rotate_data_key().unwrap();
        assert!(!ring.retire_data_key(2));
        assert!(ring.retire_data_key(1));
        assert!(!ring.retire_data_key(1));
    }

    #[test]
    fn a_key_is_added_before_it_is_used() {
        let mut ring = Keyring::generate().unwrap();
        assert_eq!(ring.add_data_key().unwrap(), 2);
        assert_eq!(ring.current_data_key(), 1);
        assert!(!ring.use_data_key(3));
        assert!(ring.use_data_key(2));
        assert_eq!(ring.current_data_key(), 2);
        assert_eq!(ring.data_keys(), BTreeSet::from([1, 2]));
    }

    #[test]
    fn debug_and_errors_never_show_a_key() {
        let ring = Keyring::generate().unwrap();
        let text = ring.to_text();
        let key = STANDARD.encode(ring.data.by_number[&1].expose());
        assert!(text.expose().contains(&key));
        assert!(!format!("{ring:?} {text:?}").contains(&key));
        let damaged = text.expose().replace("current = 1", "current = 7");
        let error = Keyring::parse(&damaged).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&key));
    }

    #[test]
    fn keys_written_out_are_wiped() {
        let mut written = Keyring::generate().unwrap().data.write();
        written.wipe();
        let left: Vec<&String> = written.keys.values().collect();
        assert_eq!(left, [""]);
    }

    #[test]
    fn damaged_rings_are_refused_with_the_part_named() {
        let good = Keyring::generate().unwrap().to_text().expose().clone();
        let short = good.replace("= \"", "= \"AAAA");
        let unnumbered = good.replace("1 = \"", "one = \"");
        let lost = good.replace("current = 1", "current = 7");
        for (text, told) in [
            ("", "TOML"),
            ("current = 1", "TOML"),
            (short.as_str(), "32 bytes"),
            (unnumbered.as_str(), "not a number"),
            (lost.as_str(), "not among the keys"),
        ] {
            let error = Keyring::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
