//! What of this store is sealed.

use marque_reseal::{Part::Text, SealedColumn};
use marque_vault::Place;

/// Sealed columns, for an exchange of keys.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "vehicle_rows",
        column: "sealed",
        key: &[("dealer", Text), ("source", Text), ("vin", Text)],
        beside: &[],
        reseal: |vault, key, sealed| {
            let row = row_of(&key[0].text(), &key[1].text(), &key[2].text());
            vault.reseal(place(&row), sealed)
        },
    },
    marque_intake::QUARANTINE,
];

/// The row that a source's columns of a car are sealed to.
pub(crate) fn row_of(dealer: &str, source: &str, vin: &str) -> String {
    format!("{dealer}\u{1f}{source}\u{1f}{vin}")
}

/// Where they are sealed.
pub(crate) fn place(row: &str) -> Place<'_> {
    Place::new("vehicle_rows", row, "columns")
}
