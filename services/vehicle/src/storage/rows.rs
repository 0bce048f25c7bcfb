//! Dealers' rows as they last came.

use marque_core::{CustomerId, DealerCode, PageRequest, SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_quality::{Field, RecordKind, VehicleRow};
use prost::Message;
use uuid::Uuid;

use crate::{
    app::RawRow,
    domain::{RowFact, Told},
};

/// What is known of an earlier row.
#[derive(Debug, Clone)]
pub(crate) struct EarlierRow {
    pub(crate) vin: String,
    pub(crate) told: Told,
    /// Owner, driver and payer it named, in this order.
    pub(crate) parts: [Option<SourceRecordId>; 3],
    /// When the row was last written live; the epoch if it never was.
    pub(crate) live_at: Timestamp,
}

/// The earlier rows of one source for VINs.
pub(crate) fn find_rows(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    source: &str,
    vins: &[&str],
) -> Result<Vec<EarlierRow>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    conn.query_in(
        "SELECT vin, content, owner, driver, payer, live_at FROM vehicle_rows
         WHERE dealer = ?1 AND source = ?2 AND vin IN (??)",
        &[dealer.as_str().into(), source.into()],
        &keys,
        |row| {
            let part = |column| {
                Ok::<_, StoreError>(row.get::<Option<Uuid>>(column)?.map(SourceRecordId::from))
            };
            Ok(EarlierRow {
                vin: row.get(0)?,
                told: read_told(&row.get::<Vec<u8>>(1)?),
                parts: [part(2)?, part(3)?, part(4)?],
                live_at: row.get(5)?,
            })
        },
    )
}

/// Content of a row that stands alone, as releases before wrote it: its hash. Else the import, how many rows of it have come, and the
/// hashes of the rows.
fn read_told(content: &[u8]) -> Told {
    let (hashes, []) = content.as_chunks::<16>() else {
        return read_run(content).unwrap_or_default();
    };
    Told {
        came: hashes.len(),
        rows: hashes.to_vec(),
        ..Told::default()
    }
}

fn read_run(content: &[u8]) -> Option<Told> {
    let (file, rest) = content.split_first_chunk::<16>()?;
    let (came, rest) = rest.split_first_chunk::<4>()?;
    let rows = rest.as_chunks::<16>().0.to_vec();
    Some(Told {
        file: Uuid::from_bytes(*file),
        came: rows.len().min(u32::from_le_bytes(*came) as usize),
        rows,
    })
}

fn write_told(told: &Told) -> Vec<u8> {
    let came = told.came as u32;
    let head = [&told.file.as_bytes()[..], &came.to_le_bytes()].concat();
    [head, told.rows.concat()].concat()
}

/// Keeps how far the rows of a file have come that say nothing new.
pub(crate) fn put_told(
    conn: &mut Conn<'_>,
    (dealer, source, vin): (&DealerCode, &str, &str),
    told: &Told,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE vehicle_rows SET content = ?4 WHERE dealer = ?1 AND source = ?2 AND vin = ?3",
        &[
            dealer.as_str().into(),
            source.into(),
            vin.into(),
            write_told(told).as_slice().into(),
        ],
    )?;
    Ok(())
}

/// Notes that a row was written live with what it says already.
pub(crate) fn note_live(
    conn: &mut Conn<'_>,
    (dealer, source, vin): (&DealerCode, &str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE vehicle_rows SET live_at = ?4 WHERE dealer = ?1 AND source = ?2 AND vin = ?3",
        &[
            dealer.as_str().into(),
            source.into(),
            vin.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Keeps rows in place of the earlier ones of the same dealer, source and VIN; at most one for each in `rows`. They are written live
/// at `live_at`, or come in a file if that is the epoch.
pub(crate) fn put_rows(
    conn: &mut Conn<'_>,
    rows: &[(&RowFact, &Told)],
    (live_at, now): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let contents: Vec<Vec<u8>> = rows.iter().map(|(_, told)| write_told(told)).collect();
    let values: Vec<Value<'_>> = rows
        .iter()
        .zip(&contents)
        .flat_map(|((row, _), content)| {
            let part =
                |record: Option<SourceRecordId>| Value::from(record.map(SourceRecordId::uuid));
            [
                row.dealer.as_str().into(),
                (&row.source).into(),
                (&row.vin).into(),
                content.as_slice().into(),
                part(row.owner),
                part(row.driver),
                part(row.payer),
                (&row.sealed).into(),
                now.into(),
                live_at.into(),
            ]
        })
        .collect();
    let columns = [
        "dealer",
        "source",
        "vin",
        "content",
        "owner",
        "driver",
        "payer",
        "sealed",
        "received_at",
        "live_at",
    ];
    let on_conflict = "ON CONFLICT (dealer, source, vin) DO UPDATE SET content = excluded.content,
        owner = excluded.owner, driver = excluded.driver, payer = excluded.payer, sealed = excluded.sealed,
        received_at = excluded.received_at,
        live_at = CASE WHEN vehicle_rows.live_at > excluded.live_at THEN vehicle_rows.live_at ELSE excluded.live_at END";
    conn.insert_many("vehicle_rows", &columns, on_conflict, &values)
}

/// A row as it lies in the store.
#[derive(Debug, Clone)]
pub(crate) struct KeptRow {
    pub(crate) dealer: String,
    pub(crate) source: String,
    pub(crate) vin: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) received_at: Timestamp,
}

/// The rows of all dealers and sources about vehicles.
pub(crate) fn rows_of(conn: &mut Conn<'_>, vehicles: &[Uuid]) -> Result<Vec<KeptRow>, StoreError> {
    let keys: Vec<Value<'_>> = vehicles.iter().map(|id| Value::Uuid(*id)).collect();
    let sql = "SELECT vehicle_rows.dealer, source, vehicle_rows.vin, sealed, received_at FROM vehicle_rows
               JOIN vehicles ON vehicles.vin = vehicle_rows.vin WHERE vehicles.id IN (??)";
    conn.query_in(sql, &[], &keys, read_kept)
}

/// The rows of one source for VINs.
pub(crate) fn kept_rows(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    source: &str,
    vins: &[&str],
) -> Result<Vec<KeptRow>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    conn.query_in(
        "SELECT dealer, source, vin, sealed, received_at FROM vehicle_rows
         WHERE dealer = ?1 AND source = ?2 AND vin IN (??)",
        &[dealer.as_str().into(), source.into()],
        &keys,
        read_kept,
    )
}

fn read_kept(row: &Row<'_>) -> Result<KeptRow, StoreError> {
    Ok(KeptRow {
        dealer: row.get(0)?,
        source: row.get(1)?,
        vin: row.get(2)?,
        sealed: row.get(3)?,
        received_at: row.get(4)?,
    })
}

/// A dealer's row that names people of whom one is asked for.
#[derive(Debug, Clone)]
pub(crate) struct NamingRow {
    pub(crate) kept: KeptRow,
    /// Owner, driver and payer it names, in this order.
    pub(crate) parts: [Option<SourceRecordId>; 3],
}

impl NamingRow {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        let KeptRow {
            dealer,
            source,
            vin,
            ..
        } = &self.kept;
        format!("{vin}|{dealer}|{source}")
    }
}

/// A page of the rows that name a customer, by car. Sight is the caller's to check.
pub(crate) fn rows_naming(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    page: &PageRequest,
) -> Result<Vec<NamingRow>, StoreError> {
    let after = page.after.as_ref().map_or("", |token| token.key.as_str());
    let (vin, rest) = after.split_once('|').unwrap_or_default();
    let (dealer, source) = rest.split_once('|').unwrap_or_default();
    let sql = "SELECT r.dealer, r.source, r.vin, r.sealed, r.received_at, r.owner, r.driver, r.payer FROM vehicle_rows AS r
               WHERE r.vin IN (SELECT v.vin FROM vehicles AS v JOIN vehicle_parties AS p ON p.vehicle_id = v.id
                   WHERE p.customer_id = ?1)
               AND EXISTS (SELECT 1 FROM record_links AS l
                   WHERE l.customer_id = ?1 AND l.source_record_id IN (r.owner, r.driver, r.payer))
               AND (r.vin, r.dealer, r.source) > (?2, ?3, ?4) ORDER BY r.vin, r.dealer, r.source LIMIT ?5";
    let values = [
        customer.uuid().into(),
        vin.into(),
        dealer.into(),
        source.into(),
        page.size.into(),
    ];
    conn.query(sql, &values, |row| {
        let part = |column| {
            let record = row.get::<Option<Uuid>>(column)?;
            Ok::<_, StoreError>(record.map(SourceRecordId::from))
        };
        Ok(NamingRow {
            kept: read_kept(row)?,
            parts: [part(5)?, part(6)?, part(7)?],
        })
    })
}

/// Ids of vehicles in their order, after one of them.
pub(crate) fn vehicle_ids(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<VehicleId>, StoreError> {
    conn.query(
        "SELECT id FROM vehicles WHERE id > ?1 ORDER BY id LIMIT ?2",
        &[after.into(), limit.into()],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}

/// A row's columns as they came, as they are sealed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredColumns {
    #[prost(message, repeated, tag = "1")]
    columns: Vec<StoredColumn>,
    #[prost(message, repeated, tag = "2")]
    extra: Vec<StoredColumn>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredColumn {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

impl StoredColumns {
    /// Filled columns in the dictionary's order, then the unknown ones by name: equal rows are equal bytes.
    pub(crate) fn of(raw: &RawRow<'_>) -> Self {
        let column = |(name, value): (&str, &str)| StoredColumn {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let columns = Field::of(RecordKind::Vehicles)
            .filter_map(|field| {
                raw.columns
                    .get(field)
                    .map(|value| column((field.column(), value)))
            })
            .filter(|column| !column.value.is_empty())
            .collect();
        let mut extra: Vec<StoredColumn> = raw.extra.iter().copied().map(column).collect();
        extra.sort_unstable_by(|a, b| (&a.name, &a.value).cmp(&(&b.name, &b.value)));
        Self { columns, extra }
    }

    /// Without the plate, the owner and the columns of the dealer's own: what is left is about the car alone.
    pub(crate) fn of_the_car(mut self) -> Self {
        let of_people = [Field::VehiclePlate, Field::VehicleOwnerKey].map(Field::column);
        self.columns
            .retain(|column| !of_people.contains(&column.name.as_str()));
        self.extra.clear();
        self
    }

    /// The columns we know, and those of the dealer's own: each header with what stood under it.
    pub(crate) fn into_pairs(self) -> [Vec<(String, String)>; 2] {
        [self.columns, self.extra].map(|columns| {
            let pair = |column: StoredColumn| (column.name, column.value);
            columns.into_iter().map(pair).collect()
        })
    }

    /// Without those columns of the dealer's own that are called so.
    pub(crate) fn without(mut self, headers: &[&str]) -> Self {
        self.extra.retain(|column| {
            let name = column.name.trim();
            !headers
                .iter()
                .any(|header| name.eq_ignore_ascii_case(header))
        });
        self
    }

    /// Without the columns of the dealer's own, and without the owner's key.
    pub(crate) fn for_others(mut self) -> Self {
        self.columns
            .retain(|column| column.name != Field::VehicleOwnerKey.column());
        self.extra.clear();
        self
    }

    /// The bytes that are hashed and sealed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Reads the bytes that were sealed.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        Self::decode(bytes).map_err(|error| StoreError::Decode {
            column: 3,
            source: error.into(),
        })
    }

    /// The columns we know, as the validators want them.
    pub(crate) fn row(&self) -> VehicleRow<'_> {
        let mut row = VehicleRow::default();
        for field in Field::of(RecordKind::Vehicles) {
            let column = self
                .columns
                .iter()
                .find(|column| column.name == field.column());
            row.set(field, column.map(|column| column.value.as_str()));
        }
        row
    }
}
