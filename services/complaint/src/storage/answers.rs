//! Answers kept for idempotency keys. They say what people said, so each is sealed to its row. Beside it lie in the clear the cases that it tells
//! of, by which it is found when people are forgotten.

use marque_core::ComplaintId;
use marque_db::StoreError;
use marque_vault::{Place, Vault, VaultError};
use prost::{DecodeError, Message};

use super::{CaseStore, blob::broken, course::sealing};

/// What a sealed answer begins with, and no message does: so one that a release before kept as it was given is told from it, and that
/// release, asked again, fails instead of giving an empty answer.
const MARK: u8 = 0;

/// An answer as it is kept, behind the mark.
#[derive(Clone, PartialEq, Message)]
struct Kept {
    /// Ids as they are printed.
    #[prost(string, repeated, tag = "1")]
    cases: Vec<String>,
    #[prost(bytes = "vec", tag = "2")]
    sealed: Vec<u8>,
}

impl Kept {
    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![MARK];
        bytes.extend(self.encode_to_vec());
        bytes
    }

    /// Nothing where the answer was kept as it was given.
    fn read(kept: &[u8]) -> Result<Option<Self>, DecodeError> {
        match kept.split_first() {
            Some((&MARK, message)) => Self::decode(message).map(Some),
            _ => Ok(None),
        }
    }
}

/// The key of a row: whose it is, the method, and the caller's key.
type RowKey<'a> = [&'a str; 3];

impl CaseStore {
    /// An answer as it is kept.
    pub(crate) fn seal_answer(
        &self,
        row: RowKey<'_>,
        cases: &[ComplaintId],
        answer: &impl Message,
    ) -> Result<Vec<u8>, StoreError> {
        let bytes = row_bytes(row);
        let sealed = self.vault().seal(place(&bytes), &answer.encode_to_vec());
        let kept = Kept {
            cases: cases.iter().map(ToString::to_string).collect(),
            sealed: sealed.map_err(sealing)?,
        };
        Ok(kept.write())
    }

    /// The answer as it was given, also where a release before kept it in the clear.
    pub(crate) fn open_answer<A: Message + Default>(
        &self,
        row: RowKey<'_>,
        kept: &[u8],
    ) -> Result<A, StoreError> {
        let Some(Kept { cases: _, sealed }) = Kept::read(kept).map_err(broken)? else {
            return A::decode(kept).map_err(broken);
        };
        let bytes = row_bytes(row);
        let opened = self.vault().open(place(&bytes), &sealed).map_err(broken)?;
        A::decode(opened.as_slice()).map_err(broken)
    }
}

/// What is kept of an answer, sealed under the current key; `None` if it is, or is not sealed at all.
pub(super) fn reseal_answer(
    vault: &Vault,
    row: RowKey<'_>,
    kept: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let Some(Kept { cases, sealed }) = Kept::read(kept).map_err(|_| VaultError::Unreadable)? else {
        return Ok(None);
    };
    let anew = vault.reseal(place(&row_bytes(row)), &sealed)?;
    Ok(anew.map(|sealed| Kept { cases, sealed }.write()))
}

fn row_bytes(row: RowKey<'_>) -> Vec<u8> {
    row.join("\u{1f}").into_bytes()
}

fn place(row: &[u8]) -> Place<'_> {
    Place::new("idempotency", row, "answer")
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    const ROW: RowKey<'static> = ["dealer/D1/u", "complaint.note", "k"];

    #[test]
    fn answers_follow_an_exchange_of_keys_and_open_in_their_row_alone() {
        let mut ring = Keyring::generate().unwrap();
        let vault = Vault::new(&ring);
        let store = CaseStore::new(vault.clone());
        let said = "it squeaks".to_owned();
        let case = ComplaintId::from(uuid::Uuid::nil());
        let kept = store.seal_answer(ROW, &[case], &said).unwrap();
        assert_eq!(reseal_answer(&vault, ROW, &kept).unwrap(), None);
        assert!(
            String::decode(kept.as_slice()).is_err(),
            "by a release before"
        );
        let before = ring.current_data_key();
        ring.rotate_data_key().unwrap();
        vault.replace(&ring);
        let anew = reseal_answer(&vault, ROW, &kept).unwrap().unwrap();
        assert!(ring.retire_data_key(before));
        vault.replace(&ring);
        assert_eq!(store.open_answer::<String>(ROW, &anew).unwrap(), said);
        assert!(store.open_answer::<String>(ROW, &kept).is_err());
        let another = ["dealer/D2/u", "complaint.note", "k"];
        assert!(store.open_answer::<String>(another, &anew).is_err());
    }

    #[test]
    fn answers_that_were_kept_as_they_were_given_are_left_so() {
        let ring = Keyring::generate().unwrap();
        let vault = Vault::new(&ring);
        let plain = "it squeaks".to_owned().encode_to_vec();
        assert_eq!(reseal_answer(&vault, ROW, &plain).unwrap(), None);
        let store = CaseStore::new(vault);
        let answer: String = store.open_answer(ROW, &plain).unwrap();
        assert_eq!(answer, "it squeaks");
    }
}
