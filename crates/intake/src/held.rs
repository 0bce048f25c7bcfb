//! Rows held back that are somebody's by his key, for him: they are kept about him, and go when he is erased.

use std::collections::BTreeSet;

use marque_api::intake::v1 as pb;
use marque_core::{PageRequest, SourceRecordId};
use marque_db::{Conn, StoreError};
use marque_tabular::{HeaderMap, Row, Schema};
use marque_vault::Vault;
use prost::Message as _;
use uuid::Uuid;

use crate::{
    HeldRow,
    forgetting::open,
    sender,
    store::{self, ImportRow},
};

/// Columns with the key of the customer whose row it is.
const KEYS: [&str; 2] = ["customer_key", "owner_key"];
/// Rows opened at once.
const AT_ONCE: u32 = 50;
/// A page ends once so many rows were opened for it, however few of them are his.
const MOST_OPENED: usize = 20_000;
/// A page ends once it has so many bytes.
const MOST_BYTES: usize = 1 << 20;

/// One page of rows held back, as they are handed out, and where the next begins; `None` if there is none.
#[derive(Debug, Clone, Default)]
pub struct HeldPage {
    /// The rows.
    pub rows: Vec<pb::HeldRow>,
    /// Key of the next page.
    pub next: Option<String>,
}

/// Rows held back under the keys of some source records, each with its dealer. Unlike a row that is
/// forgotten ([`HeldRow::names`]) it is his only if his key stands where a customer's key does: elsewhere it may be any other number, and
/// the row another's. Keys of others in the columns `keys_beside` are left out.
///
/// # Errors
/// What the store says.
pub fn held_rows(
    conn: &mut Conn<'_>,
    vault: &Vault,
    records: &[(SourceRecordId, String)],
    keys_beside: &[&str],
    page: &PageRequest,
) -> Result<HeldPage, StoreError> {
    let dealers: BTreeSet<&str> = records.iter().map(|(_, dealer)| dealer.as_str()).collect();
    let records: Vec<SourceRecordId> = records.iter().map(|(record, _)| *record).collect();
    let place = page.after.as_ref().and_then(|token| read(&token.key));
    let (first, begun) = place.unwrap_or((Uuid::nil(), -1));
    let (mut found, mut bytes, mut opened) = (HeldPage::default(), 0, 0);
    for import in store::with_quarantine_of(conn, &dealers, first)? {
        let Some(file) = HeldFile::of(&import, keys_beside) else {
            continue;
        };
        let id = import.id.uuid();
        let mut after = if id == first { begun } else { -1 };
        loop {
            let rows = store::quarantined(conn, import.id, after, AT_ONCE)?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            for (line, sealed) in &rows {
                let fields = open(vault, import.id, *line, sealed).unwrap_or_default();
                if let Some(row) = file.row(*line, &fields, &records) {
                    bytes += row.encoded_len();
                    found.rows.push(row);
                }
            }
            opened += rows.len();
            let is_full = found.rows.len() >= page.size as usize;
            if is_full || bytes >= MOST_BYTES || opened >= MOST_OPENED {
                found.next = Some(format!("{id} {after}"));
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Import and line where a page begins.
fn read(key: &str) -> Option<(Uuid, i64)> {
    let (import, line) = key.split_once(' ')?;
    Some((import.parse().ok()?, line.parse().ok()?))
}

/// A file of which rows are held back.
struct HeldFile<'a> {
    import: &'a ImportRow,
    headers: Vec<String>,
    map: HeaderMap,
    /// Places of the customer's key and of the dealer in the schema.
    key: usize,
    dealer: Option<usize>,
    keys_beside: &'a [&'a str],
}

impl<'a> HeldFile<'a> {
    /// `None` if its rows have no customer's key.
    fn of(import: &'a ImportRow, keys_beside: &'a [&'a str]) -> Option<Self> {
        let headers: Vec<String> = serde_json::from_str(&import.headers).ok()?;
        let schema = Schema::of(&import.kind)?;
        let mapping = import.mapping().ok()?;
        let map = HeaderMap::recognise_keys(&headers, schema, mapping.as_ref()).ok()?;
        let key = KEYS.into_iter().find_map(|name| schema.column(name))?;
        Some(Self {
            import,
            headers,
            map,
            key,
            dealer: schema.column(sender::COLUMN),
            keys_beside,
        })
    }

    /// A row of it, if every key of a customer in it is of one of the records. A row with another dealer's code has keys of that dealer's.
    fn row(&self, line: i64, fields: &[String], records: &[SourceRecordId]) -> Option<pb::HeldRow> {
        let held = HeldRow {
            dealer: &self.import.dealer,
            source: &self.import.source,
            fields,
        };
        let row = Row::of(line.cast_unsigned(), fields.iter().map(String::as_str));
        let bears = self.dealer.map_or("", |dealer| self.map.get(&row, dealer));
        if sender::is_anothers(bears, held.dealer) {
            return None;
        }
        let read = std::iter::once(self.map.get(&row, self.key));
        let typed = read.chain(self.map.others(&row, self.key));
        let keys: Vec<&str> = typed.filter(|key| !key.is_empty()).collect();
        if keys.is_empty() || !keys.iter().all(|key| held.has_key(key, records)) {
            return None;
        }
        let is_beside = |header: &str| {
            let mut beside = self.keys_beside.iter();
            beside.any(|name| header.trim().eq_ignore_ascii_case(name))
        };
        let mut columns = Vec::with_capacity(fields.len());
        for (place, value) in fields.iter().enumerate() {
            let header = self.headers.get(place).map_or("", String::as_str);
            let is_others = is_beside(header) && !held.has_key(value, records);
            if !value.is_empty() && !is_others {
                columns.push(pb::Column {
                    name: header.to_owned(),
                    value: value.clone(),
                });
            }
        }
        Some(pb::HeldRow {
            import_id: self.import.id.to_string(),
            kind: self.import.kind.clone(),
            dealer: self.import.dealer.to_string(),
            source: self.import.source.clone(),
            line,
            columns,
        })
    }
}
