//! A row made ready for the store: cleaned, hashed and sealed. Needs no store, so that it runs beside the writing of the
//! rows before it.

use marque_core::{CustomerSerial, DealerCode, SourceRecordId, Timestamp, source_record_id};
use marque_linkage::dealer::{BlockKey, KeyKind as BlockKind, Prepared, block_keys, name_key};
use marque_quality::{Field, Finding, text::tidy};
use marque_vault::{Purpose, Vault};

use crate::{
    domain::{Columns, Facts, features},
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
    pub(crate) features: Prepared,
    pub(crate) recorded_at: Timestamp,
    pub(super) content_hash: [u8; 16],
    pub(super) sealed: Vec<u8>,
    pub(super) sealed_features: Vec<u8>,
    pub(super) keys: Keys,
}

/// Everything a record can be found by.
pub(crate) struct Keys {
    /// Linkage's blocking keys; records that share one are compared.
    pub(super) blocking: Vec<BlockKey>,
    /// Their tokens, in the same order.
    pub(super) blocks: Vec<Token>,
    /// Token of the name, to count who bears it.
    pub(super) name: Option<Token>,
    /// All tokens: these, and those of exact look-ups under headquarters' and the dealer's keys. Sorted.
    pub(super) all: Vec<Token>,
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
        // As visits, cars and complaints read the key by which they name him; PostgreSQL refuses U+0000 in a text.
        let typed = columns.get(Field::CustomerSourceKey).unwrap_or_default();
        let key = tidy(typed).into_owned();
        let id = source_record_id(dealer, source, &key);
        let features = features(&columns, facts.kind);
        let ready = Ready {
            id,
            dealer: dealer.clone(),
            source: source.to_owned(),
            key,
            content_hash: content_hash(self.vault(), &columns),
            sealed: self.seal(id, &columns, &[], &[])?,
            sealed_features: self.seal_features(id, &features)?,
            keys: Keys::of(self.vault(), dealer, &facts, &features),
            recorded_at: facts.recorded_at.unwrap_or(now),
            columns,
            facts,
            features,
        };
        Ok((ready, findings))
    }
}

impl Keys {
    pub(super) fn of(
        vault: &Vault,
        dealer: &DealerCode,
        facts: &Facts,
        features: &Prepared,
    ) -> Self {
        let blocking = block_keys(features);
        let blocks: Vec<Token> = blocking
            .iter()
            .map(|key| block_token(vault, facts, key))
            .collect();
        let name = name_key(features).map(|key| match_token(vault, &key));
        let mut all = blocks.clone();
        all.extend(name);
        all.extend(lookup_tokens(vault, dealer, facts));
        all.sort_unstable();
        all.dedup();
        Self {
            blocking,
            blocks,
            name,
            all,
        }
    }
}

/// A phone, ID number, credit code or plate is found by the same token whether somebody looks it up or linkage does.
fn block_token(vault: &Vault, facts: &Facts, key: &BlockKey) -> Token {
    // The kind in front, a zero behind.
    let value = &key.bytes[1..key.bytes.len() - 1];
    let shared = match key.kind {
        BlockKind::Identity => facts
            .id_number
            .as_ref()
            .map(|number| (KeyKind::IdNumber, number))
            .into_iter()
            .chain(
                facts
                    .credit_code
                    .as_ref()
                    .map(|code| (KeyKind::CreditCode, code)),
            )
            .find(|(_, known)| known.as_bytes() == value),
        BlockKind::Plate => facts
            .plate
            .as_ref()
            .map(|plate| (KeyKind::Plate, plate))
            .filter(|(_, known)| known.as_bytes() == value),
        BlockKind::Phone => {
            let number = value.try_into().map_or(0, u64::from_le_bytes);
            let e164 = format!("+86{number}");
            let known = facts.phones.iter().find(|phone| **phone == e164);
            known.map(|phone| (KeyKind::Phone, phone))
        }
        _ => None,
    };
    match shared {
        Some((kind, known)) => hq_token(vault, kind, known),
        None => match_token(vault, &key.bytes),
    }
}

/// Tokens of exact look-ups, under headquarters' and the dealer's keys.
fn lookup_tokens(vault: &Vault, dealer: &DealerCode, facts: &Facts) -> Vec<Token> {
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
    let of_dealer = private
        .iter()
        .map(|(kind, value)| dealer_token(vault, dealer, *kind, value));
    let mut tokens: Vec<Token> = of_dealer.collect();
    tokens.extend(
        private
            .into_iter()
            .chain(plate)
            .chain(vin)
            .map(|(kind, value)| hq_token(vault, kind, value)),
    );
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
        customer: CustomerSerial,
        sealed: &'r [u8],
        live_at: Timestamp,
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
            features: &self.sealed_features,
            recorded_at: self.recorded_at,
            live_at,
            tokens: &self.keys.all,
        }
    }
}
