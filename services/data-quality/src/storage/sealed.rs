//! What of this store is sealed: within what is known of a record, what was measured of it.

use marque_reseal::{Part::Uuid, SealedColumn};

use super::blob;

/// Sealed columns, for an exchange of keys.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "records",
        column: "facts",
        key: &[("id", Uuid)],
        beside: &[],
        reseal: |vault, key, facts| blob::reseal_facts(vault, key[0].bytes(), facts),
    },
    marque_intake::QUARANTINE,
];
