//! What of this store is sealed. The bytes of attachments lie elsewhere: see `files.rs`.

use marque_reseal::{
    KeyPart,
    Part::{Int, Text, Uuid},
    SealedColumn,
};
use marque_vault::Place;

use super::answers::reseal_answer;

/// A text of a part of a case, sealed to the part's id.
macro_rules! text_of {
    ($table:literal, $column:literal) => {
        SealedColumn {
            table: $table,
            column: $column,
            key: &[("complaint_id", Uuid), ("id", Uuid)],
            beside: &[],
            reseal: |vault, key, sealed| {
                vault.reseal(Place::new($table, key[1].bytes(), $column), sealed)
            },
        }
    };
}

/// Sealed columns, for an exchange of keys.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "complaints",
        column: "body",
        key: &[("id", Uuid)],
        beside: &[],
        reseal: |vault, key, sealed| {
            vault.reseal(Place::new("complaints", key[0].bytes(), "body"), sealed)
        },
    },
    SealedColumn {
        table: "complaint_entries",
        column: "note",
        key: &[("seq", Int)],
        beside: &[("id", Uuid)],
        reseal: |vault, key, sealed| {
            vault.reseal(
                Place::new("complaint_entries", key[1].bytes(), "note"),
                sealed,
            )
        },
    },
    text_of!("complaint_tasks", "words"),
    text_of!("complaint_tasks", "outcome"),
    text_of!("complaint_attachments", "name"),
    text_of!("complaint_compensations", "reason"),
    text_of!("complaint_compensations", "decision"),
    SealedColumn {
        table: "idempotency",
        column: "answer",
        key: &[("scope", Text), ("method", Text), ("key", Text)],
        beside: &[],
        reseal: |vault, key, kept| {
            let [scope, method, own] = [&key[0], &key[1], &key[2]].map(KeyPart::text);
            reseal_answer(vault, [&scope, &method, &own], kept)
        },
    },
    marque_intake::QUARANTINE,
];
