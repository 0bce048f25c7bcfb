//! What of this store is sealed: within the head of a visit, what its customer said and signed.

use marque_reseal::{
    KeyPart,
    Part::{Int, Text, Uuid},
    SealedColumn,
};
use marque_vault::{Vault, VaultError};

use super::blob;

/// The order that a kept head is of, which its seal names.
const DEALER: &str = "(SELECT v.dealer FROM visits v WHERE v.id = t.visit_id)";
const ORDER: &str = "(SELECT v.order_number FROM visits v WHERE v.id = t.visit_id)";

/// Sealed columns, for an exchange of keys.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "visits",
        column: "header",
        key: &[("id", Uuid)],
        beside: &[("dealer", Text), ("order_number", Text)],
        reseal: |vault, key, header| head(vault, &key[1..], header),
    },
    SealedColumn {
        table: "visit_versions",
        column: "header",
        key: &[("visit_id", Uuid), ("version", Int)],
        beside: &[(DEALER, Text), (ORDER, Text)],
        reseal: |vault, key, header| head(vault, &key[2..], header),
    },
    SealedColumn {
        table: "restricted_visits",
        column: "header",
        key: &[
            ("source_record_id", Uuid),
            ("visit_id", Uuid),
            ("version", Int),
        ],
        beside: &[(DEALER, Text), (ORDER, Text)],
        reseal: |vault, key, header| head(vault, &key[3..], header),
    },
    marque_intake::QUARANTINE,
];

fn head(vault: &Vault, order: &[KeyPart], header: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
    blob::reseal_header(vault, &order[0].text(), &order[1].text(), header)
}
