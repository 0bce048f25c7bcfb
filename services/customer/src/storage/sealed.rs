//! What of this store is sealed.

use marque_reseal::{
    Part::{Int, Uuid},
    SealedColumn,
};
use marque_vault::Place;

/// Sealed columns, for an exchange of keys. A record that was set aside keeps the seal of its first place.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "source_records",
        column: "sealed",
        key: &[("seq", Int)],
        beside: &[("id", Uuid)],
        reseal: |vault, key, sealed| vault.reseal(place(key[1].bytes(), "sealed"), sealed),
    },
    SealedColumn {
        table: "source_records",
        column: "features",
        key: &[("seq", Int)],
        beside: &[("id", Uuid)],
        reseal: |vault, key, sealed| vault.reseal(place(key[1].bytes(), "features"), sealed),
    },
    SealedColumn {
        table: "restricted_records",
        column: "sealed",
        key: &[("erasure", Uuid), ("seq", Int)],
        beside: &[("id", Uuid)],
        reseal: |vault, key, sealed| vault.reseal(place(key[2].bytes(), "sealed"), sealed),
    },
    marque_intake::QUARANTINE,
];

/// Where a part of a source record is sealed.
pub(super) fn place<'a>(id: &'a [u8], field: &'static str) -> Place<'a> {
    Place::new("source_records", id, field)
}
