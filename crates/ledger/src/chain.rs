//! The chain: each audit record is bound to the one before it in its dealer's chain.

use aws_lc_rs::digest::{Context, SHA256};
use marque_db::{Conn, StoreError};

/// A hash of the chain.
pub type ChainHash = [u8; 32];

/// What the first record of a chain follows.
pub(crate) const START: ChainHash = [0; 32];

/// Separates these hashes from all others, and this form of a record from later ones.
const DOMAIN: &[u8] = b"marque audit record 1";

/// A record as it is hashed: all that a record says.
pub(crate) struct Sealed<'a> {
    pub(crate) link: i64,
    pub(crate) at: i64,
    pub(crate) dealer: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) act: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: &'a str,
    pub(crate) request_id: &'a str,
}

impl Sealed<'_> {
    /// The hash of the record after the one with the hash `previous`.
    pub(crate) fn hash(&self, previous: &ChainHash) -> ChainHash {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(previous);
        context.update(&self.link.to_be_bytes());
        context.update(&self.at.to_be_bytes());
        for text in [
            self.dealer,
            self.actor,
            self.act,
            self.subject,
            self.detail,
            self.request_id,
        ] {
            // With their lengths, so that no two records have the same bytes.
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut hash = START;
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}

/// Takes the next place in a dealer's chain: its number and the hash before it. Others who want a place in the same chain
/// wait until this transaction ends.
pub(crate) fn next_place(
    conn: &mut Conn<'_>,
    dealer: &str,
) -> Result<(i64, ChainHash), StoreError> {
    let place = conn.query_opt(
        "INSERT INTO audit_heads (dealer, link, hash) VALUES (?1, 1, ?2)
         ON CONFLICT (dealer) DO UPDATE SET link = audit_heads.link + 1 RETURNING link, hash",
        &[dealer.into(), START.as_slice().into()],
        |row| Ok((row.get(0)?, read_hash(1, &row.get::<Vec<u8>>(1)?)?)),
    )?;
    Ok(place.expect("an insert that returns its row returns one"))
}

/// Makes a record the end of its chain.
pub(crate) fn set_end(
    conn: &mut Conn<'_>,
    dealer: &str,
    hash: &ChainHash,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE audit_heads SET hash = ?2 WHERE dealer = ?1",
        &[dealer.into(), hash.as_slice().into()],
    )?;
    Ok(())
}

pub(crate) fn read_hash(column: usize, bytes: &[u8]) -> Result<ChainHash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Decode {
        column,
        source: "a hash has 32 bytes".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed<'a>(actor: &'a str, act: &'a str) -> Sealed<'a> {
        Sealed {
            link: 1,
            at: 2,
            dealer: "D1",
            actor,
            act,
            subject: "s",
            detail: "",
            request_id: "r",
        }
    }

    #[test]
    fn a_hash_depends_on_every_field_and_on_where_each_ends() {
        let hash = sealed("ab", "c").hash(&START);
        assert_ne!(hash, sealed("a", "bc").hash(&START));
        assert_ne!(hash, sealed("ab", "c").hash(&[1; 32]));
        let mut other = sealed("ab", "c");
        other.link = 2;
        assert_ne!(hash, other.hash(&START));
        other.link = 1;
        other.at = 3;
        assert_ne!(hash, other.hash(&START));
    }
}
