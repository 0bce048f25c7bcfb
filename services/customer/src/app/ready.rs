//! A row made ready for the store: cleaned, hashed and sealed. Needs no store, so that it runs beside the writing of the
//! rows before it.

use marque_core::{CustomerNumber, DealerCode, SourceRecordId, Timestamp, source_record_id};
use marque_quality::{Field, Finding};
use marque_vault::{Purpose, Vault};

use crate::{
    domain::{Columns, Facts},
    error::Result,
    storage::{CustomerStore, KeyKind, NewRecord, Token, dealer_token, hq_token, match_token},
};

/// A row made ready for the store.
pub(crate) struct Ready {
    pub(crate) id: SourceRecordId,
    pub(crate) dealer: DealerCode,
    pub(crate) source: String,
    pub(crate) key: String,
    pub(crate) columns: Columns,
    pub(crate) facts: Facts,
    pub(crate) recorded_at: Timestamp,
    pub(super) content_hash: [u8; 16],
    pub(super) sealed: Vec<u8>,
    /// Everything it can be found by.
    pub(super) tokens: Vec<Token>,
    /// Those of them that are evidence of identity.
    pub(super) evidence: Vec<Token>,
}

impl CustomerStore {
    /// Cleans, hashes and seals a row. The row must have a source key.
    pub(crate) fn ready(
        &self,
        dealer: &DealerCode,
        source: &str,
        columns: Columns,
        now: Timestamp,
    ) -> Result<(Ready, Vec<Finding>)> {
        let (facts, findings) = Facts::of(&columns, now);
        // Control characters are no part of a key; PostgreSQL refuses U+0000 in a text.
        let typed = columns
            .get(Field::CustomerSourceKey)
            .unwrap_or_default()
            .trim();
        let key: String = typed.chars().filter(|c| !c.is_control()).collect();
        let id = source_record_id(dealer, source, &key);
        let evidence = evidence_tokens(self.vault(), &facts);
        let ready = Ready {
            id,
            dealer: dealer.clone(),
            source: source.to_owned(),
            key,
            content_hash: content_hash(self.vault(), &columns),
            sealed: self.seal(id, &columns, &[])?,
            tokens: all_tokens(self.vault(), dealer, &facts, &evidence),
            evidence,
            recorded_at: facts.recorded_at.unwrap_or(now),
            columns,
            facts,
        };
        Ok((ready, findings))
    }
}

/// Tokens that are evidence of identity: documents, phone with name, VIN with name.
pub(super) fn evidence_tokens(vault: &Vault, facts: &Facts) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(6);
    tokens.extend(
        facts
            .id_number
            .iter()
            .map(|number| hq_token(vault, KeyKind::IdNumber, number)),
    );
    tokens.extend(
        facts
            .credit_code
            .iter()
            .map(|code| hq_token(vault, KeyKind::CreditCode, code)),
    );
    if let Some(name) = facts.name_key() {
        for value in facts.phones.iter().chain(&facts.vin) {
            tokens.push(match_token(
                vault,
                format!("{value}\u{1f}{name}").as_bytes(),
            ));
        }
    }
    tokens
}

/// Tokens a record is found by, under headquarters' and the dealer's keys.
pub(super) fn all_tokens(
    vault: &Vault,
    dealer: &DealerCode,
    facts: &Facts,
    evidence: &[Token],
) -> Vec<Token> {
    let phones = facts.phones.iter().map(|phone| (KeyKind::Phone, phone));
    let number = facts
        .id_number
        .iter()
        .map(|number| (KeyKind::IdNumber, number));
    let code = facts
        .credit_code
        .iter()
        .map(|code| (KeyKind::CreditCode, code));
    let private: Vec<(KeyKind, &String)> = phones.chain(number).chain(code).collect();
    let plate = facts.plate.iter().map(|plate| (KeyKind::Plate, plate));
    let vin = facts.vin.iter().map(|vin| (KeyKind::Vin, vin));
    let mut tokens = evidence.to_vec();
    tokens.extend(
        private
            .iter()
            .map(|(kind, value)| dealer_token(vault, dealer, *kind, value)),
    );
    tokens.extend(
        private
            .into_iter()
            .chain(plate)
            .chain(vin)
            .map(|(kind, value)| hq_token(vault, kind, value)),
    );
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

fn content_hash(vault: &Vault, columns: &Columns) -> [u8; 16] {
    let mut text = Vec::with_capacity(256);
    for (place, value) in &columns.known {
        text.push(*place);
        text.extend_from_slice(value.as_bytes());
        text.push(0x1f);
    }
    for (header, value) in &columns.extra {
        text.extend_from_slice(header.as_bytes());
        text.push(0x1e);
        text.extend_from_slice(value.as_bytes());
        text.push(0x1f);
    }
    vault.hq_index(Purpose::Content, &text)
}

impl Ready {
    /// The record as it is written.
    pub(super) fn record<'r>(
        &'r self,
        seq: i64,
        customer: CustomerNumber,
        sealed: &'r [u8],
    ) -> NewRecord<'r> {
        NewRecord {
            seq,
            id: self.id,
            customer,
            dealer: &self.dealer,
            source: &self.source,
            key: &self.key,
            content_hash: &self.content_hash,
            sealed,
            recorded_at: self.recorded_at,
            tokens: &self.tokens,
        }
    }
}
