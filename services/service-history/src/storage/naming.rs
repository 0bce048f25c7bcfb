//! What names people who were erased, in the texts of their visits that are kept.

use marque_core::SourceRecordId;
use marque_db::{Conn, StoreError, Value};
use marque_events::{Erased, ErasedWord};
use marque_intake::hide_erased;
use marque_quality::identifiers::without_identifiers;
use marque_vault::{Purpose, Vault};

/// Takes what names somebody who was erased out of texts.
pub(crate) struct Redaction<'v> {
    vault: &'v Vault,
    /// The hashes of his words, with the erasure that salts them.
    words: Vec<(String, ErasedWord)>,
}

impl<'v> Redaction<'v> {
    /// That of a record whose person was erased.
    pub(crate) fn of(
        conn: &mut Conn<'_>,
        vault: &'v Vault,
        record: SourceRecordId,
    ) -> Result<Self, StoreError> {
        let sql =
            "SELECT erasure, chars, word FROM erased_words WHERE record = ?1 ORDER BY erasure";
        let words = conn.query(sql, &[(&key(vault, record)).into()], |row| {
            let (chars, token) = (row.get::<i64>(1)?, row.get(2)?);
            let chars = chars as usize;
            Ok((row.get(0)?, ErasedWord { chars, token }))
        })?;
        Ok(Self { vault, words })
    }

    /// A text without his names and numbers, and without any phone or ID number: whose it is, nobody knows.
    pub(super) fn of_text(&self, text: &str) -> String {
        without_identifiers(&self.of_code(text)).into_owned()
    }

    /// A code of a job, a part or a fault without his names and numbers. A part may have the digits of somebody's phone.
    pub(super) fn of_code(&self, code: &str) -> String {
        let mut shown = code.to_owned();
        for of_erasure in self.words.chunk_by(|one, next| one.0 == next.0) {
            let words: Vec<ErasedWord> = of_erasure.iter().map(|(_, word)| word.clone()).collect();
            shown = hide_erased(self.vault, &of_erasure[0].0, &words, &shown).into_owned();
        }
        shown
    }
}

/// Remembers what names an erased person, by each of his records: what a dealer brings under them later has it too.
pub(super) fn remember_words(
    conn: &mut Conn<'_>,
    vault: &Vault,
    erased: &Erased,
) -> Result<(), StoreError> {
    for record in &erased.records {
        let record = key(vault, *record);
        for word in &erased.words {
            let values: [Value<'_>; 4] = [
                (&record).into(),
                (&word.token).into(),
                (word.chars as i64).into(),
                (&erased.erasure).into(),
            ];
            conn.execute(
                "INSERT INTO erased_words (record, word, chars, erasure) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                &values,
            )?;
        }
    }
    Ok(())
}

fn key(vault: &Vault, record: SourceRecordId) -> [u8; 16] {
    vault.hq_index(Purpose::Erased, record.as_bytes())
}
