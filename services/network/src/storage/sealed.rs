//! What of this store is sealed.

use marque_reseal::{Part::Text, SealedColumn};
use marque_vault::Place;

/// Sealed columns, for an exchange of keys.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "staff",
    column: "phone",
    key: &[("dealer", Text), ("code", Text)],
    beside: &[],
    reseal: |vault, key, sealed| {
        let row = super::row_of(&key[0].text(), &key[1].text());
        vault.reseal(Place::new("staff", &row, "phone"), sealed)
    },
}];
