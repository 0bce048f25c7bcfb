//! Heads: the ends of the chains, signed and kept where whoever can write the database cannot.

use std::{collections::BTreeMap, fmt, path::Path};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use marque_config::secret_file::{self, SecretFileError};
use marque_core::Timestamp;
use marque_db::{Conn, StoreError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::chain::{ChainHash, read_hash};

/// The end of a dealer's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Dealer; empty for headquarters' chain.
    pub dealer: String,
    /// Number of the last record.
    pub link: i64,
    /// Its hash.
    pub hash: ChainHash,
}

/// The ends of all chains as the database has them.
pub fn heads(conn: &mut Conn<'_>) -> Result<Vec<Head>, StoreError> {
    conn.query(
        "SELECT dealer, link, hash FROM audit_heads ORDER BY dealer",
        &[],
        |row| {
            Ok(Head {
                dealer: row.get(0)?,
                link: row.get(1)?,
                hash: read_hash(2, &row.get::<Vec<u8>>(2)?)?,
            })
        },
    )
}

/// Signed heads cannot be written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The key's file.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The key in the file.
    #[error(
        "{path} holds no Ed25519 key (PKCS #8, base64): restore it, or remove it to have a new one made"
    )]
    BadKey {
        /// Path of the file.
        path: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// A line that nobody we trust has signed, or that does not follow the one before it.
    #[error("line {line} of the signed heads {problem}")]
    BadLine {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Signs heads with Ed25519.
pub struct HeadSigner {
    key: Ed25519KeyPair,
}

/// Public keys whose signatures are trusted, by name.
#[derive(Debug, Clone, Default)]
pub struct Signers(BTreeMap<String, Vec<u8>>);

/// What a line says.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    service: String,
    /// Microseconds since 1970.
    at: i64,
    /// Number and hash, `57:ab…`, by dealer.
    heads: BTreeMap<String, String>,
    /// Hash of the line before; empty in a file's first.
    previous: String,
    /// Name of the key.
    key: String,
}

impl HeadSigner {
    /// The signer with the key in the file, made on the first start (mode 0600).
    ///
    /// # Errors
    /// The key cannot be read, made or trusted.
    pub fn open(path: &Path) -> Result<Self, HeadError> {
        if !path.exists() {
            let fresh = Ed25519KeyPair::generate().map_err(|_| HeadError::NoRandomness)?;
            let der = fresh.to_pkcs8v1().map_err(|_| HeadError::NoRandomness)?;
            let text = Zeroizing::new(STANDARD.encode(der.as_ref()));
            secret_file::create_if_absent(path, &text)?;
        }
        let text = secret_file::read(path)?;
        let bad = || HeadError::BadKey {
            path: path.display().to_string(),
        };
        let der = STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| bad())?;
        let key = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| bad())?;
        Ok(Self { key })
    }

    /// The key's name: its own digest, so that a new key has a new name.
    pub fn name(&self) -> String {
        name_of(self.key.public_key().as_ref())
    }

    /// The line that tells others our public key.
    pub fn public_line(&self) -> String {
        let key = STANDARD.encode(self.key.public_key().as_ref());
        format!("{} {key}", self.name())
    }

    /// A signed line: the signature, a space, and the JSON it signs. `previous` is the line before it in the same file,
    /// or nothing.
    pub fn line(&self, service: &str, at: Timestamp, heads: &[Head], previous: &str) -> String {
        let said = Said {
            service: service.to_owned(),
            at: at.as_micros(),
            heads: heads
                .iter()
                .map(|head| {
                    let told = format!("{}:{}", head.link, hex::encode(head.hash));
                    (head.dealer.clone(), told)
                })
                .collect(),
            previous: hash_of_line(previous),
            key: self.name(),
        };
        let json = serde_json::to_string(&said).expect("text and numbers are JSON");
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(json.as_bytes()));
        format!("{signature} {json}")
    }
}

impl Signers {
    /// Reads public keys, a line each as [`HeadSigner::public_line`] writes it.
    ///
    /// # Errors
    /// [`HeadError::BadLine`].
    pub fn read(text: &str) -> Result<Self, HeadError> {
        let mut keys = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let key = line
                .split_once(' ')
                .and_then(|(name, key)| Some((name, STANDARD.decode(key).ok()?)))
                .filter(|(name, key)| name_of(key) == *name);
            let (name, key) = key.ok_or(HeadError::BadLine {
                line: at + 1,
                problem: "is no public key with its name",
            })?;
            keys.insert(name.to_owned(), key);
        }
        Ok(Self(keys))
    }

    /// Reads a file of signed lines of one service: each must be signed by a key of ours and follow the one before it.
    /// A last line without its end, as a power cut leaves it, is passed over.
    ///
    /// # Errors
    /// [`HeadError::BadLine`].
    pub fn heads(&self, service: &str, text: &str) -> Result<Vec<Head>, HeadError> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut found = Vec::new();
        let mut previous = "";
        for (at, line) in whole.lines().enumerate() {
            let bad = |problem| HeadError::BadLine {
                line: at + 1,
                problem,
            };
            let said = self
                .said(line)
                .ok_or_else(|| bad("has no signature of a key we trust"))?;
            if said.service != service {
                return Err(bad("is of another service"));
            }
            if said.previous != hash_of_line(previous) {
                return Err(bad("does not follow the line before it"));
            }
            for (dealer, told) in said.heads {
                found
                    .push(read_head(dealer, &told).ok_or_else(|| bad("holds no number and hash"))?);
            }
            previous = line;
        }
        Ok(found)
    }

    fn said(&self, line: &str) -> Option<Said> {
        let (signature, json) = line.split_once(' ')?;
        let said: Said = serde_json::from_str(json).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&ED25519, self.0.get(&said.key)?)
            .verify(json.as_bytes(), &signature)
            .ok()?;
        Some(said)
    }
}

fn read_head(dealer: String, told: &str) -> Option<Head> {
    let (link, hash) = told.split_once(':')?;
    Some(Head {
        dealer,
        link: link.parse().ok()?,
        hash: hex::decode(hash).ok()?.try_into().ok()?,
    })
}

fn name_of(public_key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, public_key).as_ref()[..12])
}

fn hash_of_line(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        hex::encode(digest(&SHA256, line.as_bytes()))
    }
}

impl fmt::Debug for HeadSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadSigner")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(lines: usize) -> (Signers, String) {
        let folder = tempfile::tempdir().unwrap();
        let signer = HeadSigner::open(&folder.path().join("audit.key")).unwrap();
        let (mut text, mut previous) = (String::new(), String::new());
        for n in 0..lines {
            let head = Head {
                dealer: "D1".to_owned(),
                link: n as i64 + 1,
                hash: [n as u8; 32],
            };
            previous = signer.line("customer", Timestamp::from_micros(1), &[head], &previous);
            text.push_str(&previous);
            text.push('\n');
        }
        (Signers::read(&signer.public_line()).unwrap(), text)
    }

    #[test]
    fn signed_lines_read_back_and_a_torn_last_line_is_passed_over() {
        let (signers, text) = signed(3);
        let heads = signers.heads("customer", &text).unwrap();
        assert_eq!(
            heads.iter().map(|head| head.link).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        let torn = format!("{text}abc {{");
        assert_eq!(signers.heads("customer", &torn).unwrap().len(), 3);
    }

    #[test]
    fn a_line_that_was_changed_removed_or_signed_by_others_is_told() {
        let (signers, text) = signed(3);
        let lines: Vec<&str> = text.lines().collect();
        let join = |lines: &[&str]| lines.join("\n") + "\n";
        let changed = text.replacen("\"D1\":\"2:", "\"D1\":\"7:", 1);
        for wrong in [
            changed,
            join(&[lines[0], lines[2]]),
            join(&[lines[1], lines[0]]),
            join(&lines[1..]),
        ] {
            assert!(signers.heads("customer", &wrong).is_err());
        }
        let (strangers, _) = signed(0);
        assert!(strangers.heads("customer", &text).is_err());
        assert!(signers.heads("vehicle", &text).is_err());
    }
}
