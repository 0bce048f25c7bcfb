//! Forgetting people: their records do not come in again, and rows that were held back name them too.

use std::collections::{HashMap, HashSet};

use marque_core::{DealerCode, ImportId, SourceRecordId, Timestamp, source_record_id};
use marque_db::{Conn, StoreError, Value};
use marque_quality::text::tidy;
use marque_vault::{Purpose, Vault};
use prost::Message as _;

use crate::{intake::quarantine_place, outcome::KeptFields, store};

/// Rows opened at once.
const PAGE: u32 = 500;

/// A quarantined row, opened.
#[derive(Debug, Clone, Copy)]
pub struct HeldRow<'a> {
    /// Dealer whose file it was in.
    pub dealer: &'a DealerCode,
    /// Source system of the file.
    pub source: &'a str,
    /// The fields as they came.
    pub fields: &'a [String],
}

impl HeldRow<'_> {
    /// Whether a field is the key of one of the source records.
    pub fn names(&self, records: &[SourceRecordId]) -> bool {
        self.fields.iter().any(|field| self.has_key(field, records))
    }

    /// Whether a text is the key of one of the source records, if it is a key of the file's dealer and source.
    pub(crate) fn has_key(&self, text: &str, records: &[SourceRecordId]) -> bool {
        let key = tidy(text);
        let id = source_record_id(self.dealer, self.source, &key);
        !key.is_empty() && records.contains(&id)
    }
}

/// Remembers by keyed hashes that nothing may come in under these records again.
///
/// # Errors
/// What the store says.
pub fn entomb(
    conn: &mut Conn<'_>,
    vault: &Vault,
    records: &[SourceRecordId],
    now: Timestamp,
) -> Result<(), StoreError> {
    for record in records {
        let token = vault.hq_index(Purpose::Erased, record.as_bytes());
        conn.execute(
            "INSERT INTO erased_records (token, erased_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            &[(&token).into(), now.into()],
        )?;
    }
    Ok(())
}

/// Those of the records whose people were erased.
///
/// # Errors
/// What the store says.
pub fn entombed(
    conn: &mut Conn<'_>,
    vault: &Vault,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<HashSet<SourceRecordId>, StoreError> {
    // Hardly ever is anybody: then nothing is hashed.
    let any = conn.query_opt("SELECT 1 FROM erased_records LIMIT 1", &[], |_| Ok(()))?;
    if any.is_none() {
        return Ok(HashSet::new());
    }
    // Under every index key there is: one that was rotated out still tells who was erased.
    let mut names: HashMap<Vec<u8>, SourceRecordId> = HashMap::new();
    for record in records {
        let tokens = vault.hq_indexes(Purpose::Erased, record.as_bytes());
        names.extend(tokens.into_iter().map(|token| (token.to_vec(), record)));
    }
    let keys: Vec<Value<'_>> = names.keys().map(Value::from).collect();
    let sql = "SELECT token FROM erased_records WHERE token IN (??)";
    let found: Vec<Vec<u8>> = conn.query_in(sql, &[], &keys, |row| row.get(0))?;
    let record = |token: &Vec<u8>| names.get(token).copied();
    Ok(found.iter().filter_map(record).collect())
}

/// Forgets the rows held back that name one of the source records by its key.
///
/// # Errors
/// What the store says.
pub fn forget_rows_of(
    conn: &mut Conn<'_>,
    vault: &Vault,
    records: &[SourceRecordId],
) -> Result<u64, StoreError> {
    forget_rows(conn, vault, |row| row.names(records))
}

/// Forgets the rows held back that `is_his` tells; answers how many there were. All are opened: there is nothing else by
/// which a sealed row could be found.
///
/// # Errors
/// What the store says.
pub fn forget_rows(
    conn: &mut Conn<'_>,
    vault: &Vault,
    is_his: impl Fn(&HeldRow<'_>) -> bool,
) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    for (id, dealer, source) in store::with_quarantine(conn)? {
        // An import for a dealer who cannot be one was never taken in.
        let Ok(dealer) = dealer.parse::<DealerCode>() else {
            continue;
        };
        let mut after = -1;
        loop {
            let page = store::quarantined(conn, id, after, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (line, sealed) in &page {
                let Some(fields) = open(vault, id, *line, sealed) else {
                    continue;
                };
                let row = HeldRow {
                    dealer: &dealer,
                    source: &source,
                    fields: &fields,
                };
                if is_his(&row) {
                    forgotten += store::forget_quarantined(conn, id, *line)?;
                }
            }
        }
    }
    Ok(forgotten)
}

/// The fields of a row; `None` where no key opens it, so that it says nothing to anybody.
pub(crate) fn open(
    vault: &Vault,
    import: ImportId,
    line: i64,
    sealed: &[u8],
) -> Option<Vec<String>> {
    let name = line.to_string();
    let opened = vault.open(quarantine_place(&import, &name), sealed).ok()?;
    let kept = KeptFields::decode(opened.as_slice()).ok()?;
    Some(kept.fields)
}
