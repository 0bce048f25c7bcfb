//! Source records and the tokens they are found by.

use marque_auth::Scope;
use marque_core::{CustomerSerial, DealerCode, SourceRecordId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    CustomerStore, Token, checks,
    customers::{read_serial, serial},
    dialect,
};
use crate::{
    domain::{ColumnCheck, SourceRecord},
    error::Result,
};

/// What there is of a record that comes again.
#[derive(Debug, Clone)]
pub(crate) struct Existing {
    pub(crate) seq: i64,
    pub(crate) customer: CustomerSerial,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) recorded_at: Timestamp,
    pub(crate) version: i64,
    /// When it was last written live; the epoch if it never was.
    pub(crate) live_at: Timestamp,
}

/// A record about to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewRecord<'a> {
    pub(crate) seq: i64,
    pub(crate) id: SourceRecordId,
    pub(crate) customer: CustomerSerial,
    pub(crate) dealer: &'a DealerCode,
    pub(crate) source: &'a str,
    pub(crate) key: &'a str,
    pub(crate) content_hash: &'a [u8],
    pub(crate) sealed: &'a [u8],
    pub(crate) features: &'a [u8],
    pub(crate) recorded_at: Timestamp,
    /// When it came, if it is written live; else the epoch.
    pub(crate) live_at: Timestamp,
    pub(crate) tokens: &'a [Token],
}

/// Columns in the order [`read_row`] wants them.
pub(super) const RECORD: &str = "seq, id, customer, dealer, source, source_key, sealed, recorded_at, received_at, version, checked";

impl CustomerStore {
    /// Those of the ids that are there.
    pub(crate) fn find_existing(
        &self,
        conn: &mut Conn<'_>,
        ids: &[SourceRecordId],
    ) -> Result<FxHashMap<SourceRecordId, Existing>> {
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let sql = "SELECT id, seq, customer, content_hash, version, recorded_at, live_at FROM source_records
                   WHERE id IN (??)";
        let found = conn.query_in(sql, &[], &keys, |row| {
            let existing = Existing {
                seq: row.get(1)?,
                customer: read_serial(row, 2)?,
                content_hash: row.get(3)?,
                version: row.get(4)?,
                recorded_at: row.get(5)?,
                live_at: row.get(6)?,
            };
            Ok((SourceRecordId::from(row.get::<Uuid>(0)?), existing))
        })?;
        Ok(found.into_iter().collect())
    }

    pub(crate) fn allocate_seqs(&self, conn: &mut Conn<'_>, count: usize) -> Result<Vec<i64>> {
        Ok(dialect::allocate(
            conn,
            ("source_records", Some("erased_numbers")),
            "seq",
            count,
        )?)
    }

    pub(crate) fn insert_records(
        &self,
        conn: &mut Conn<'_>,
        records: &[NewRecord<'_>],
        now: Timestamp,
    ) -> Result<()> {
        let values: Vec<Value<'_>> = records
            .iter()
            .flat_map(|record| {
                [
                    record.seq.into(),
                    record.id.uuid().into(),
                    serial(record.customer),
                    record.dealer.as_str().into(),
                    record.source.into(),
                    record.key.into(),
                    record.content_hash.into(),
                    record.sealed.into(),
                    record.features.into(),
                    record.recorded_at.into(),
                    now.into(),
                    Value::Int(1),
                    record.live_at.into(),
                ]
            })
            .collect();
        let columns = [
            "seq",
            "id",
            "customer",
            "dealer",
            "source",
            "source_key",
            "content_hash",
            "sealed",
            "features",
            "recorded_at",
            "received_at",
            "version",
            "live_at",
        ];
        conn.insert_many("source_records", &columns, "", &values)?;
        let tokens = records
            .iter()
            .flat_map(|record| record.tokens.iter().map(|token| (*token, record.seq)));
        self.insert_batch_tokens(conn, tokens.collect(), records.len())
    }

    /// Replaces a record's row, its tokens, and what is known of it.
    pub(crate) fn replace_record(
        &self,
        conn: &mut Conn<'_>,
        record: &NewRecord<'_>,
        old: &[Token],
        checks: &[ColumnCheck],
    ) -> Result<()> {
        conn.execute(
            "UPDATE source_records SET customer = ?2, content_hash = ?3, sealed = ?4, recorded_at = ?5,
                 features = ?6, checked = ?7, live_at = CASE WHEN live_at > ?8 THEN live_at ELSE ?8 END,
                 version = version + 1 WHERE seq = ?1",
            &[
                record.seq.into(),
                serial(record.customer),
                record.content_hash.into(),
                record.sealed.into(),
                record.recorded_at.into(),
                record.features.into(),
                (&checks::write(checks)).into(),
                record.live_at.into(),
            ],
        )?;
        for token in old.iter().filter(|token| !record.tokens.contains(token)) {
            self.delete_token(conn, *token, record.seq)?;
        }
        let new = record
            .tokens
            .iter()
            .filter(|token| !old.contains(token))
            .map(|token| (*token, record.seq))
            .collect();
        self.insert_tokens(conn, new)
    }

    /// Notes that a record was written live with what it says already.
    pub(crate) fn note_live(&self, conn: &mut Conn<'_>, seq: i64, now: Timestamp) -> Result<()> {
        let sql = "UPDATE source_records SET live_at = ?2 WHERE seq = ?1";
        conn.execute(sql, &[seq.into(), now.into()])?;
        Ok(())
    }

    /// Opened records of customers, in the order they came.
    pub(crate) fn records_of(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerSerial],
    ) -> Result<Vec<SourceRecord>> {
        let keys: Vec<Value<'_>> = customers.iter().map(|number| serial(*number)).collect();
        let sql = format!("SELECT {RECORD} FROM source_records WHERE customer IN (??)");
        let rows = conn.query_in(&sql, &[], &keys, read_row)?;
        self.open_rows(rows)
    }

    /// Opened records of a customer of which a scope may know, those after a sequence number, in the order they came.
    pub(crate) fn list_records(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        customer: CustomerSerial,
        after: i64,
        size: u32,
    ) -> Result<Vec<SourceRecord>> {
        // All records of a customer are his own.
        let scope = match scope {
            Scope::Customer(_) => &Scope::Headquarters,
            scope => scope,
        };
        let (clause, dealers) = dealer_clause(scope, "dealer", 3);
        let sql = format!(
            "SELECT {RECORD} FROM source_records WHERE customer = ?1 AND seq > ?2 AND {clause} ORDER BY seq LIMIT ?4"
        );
        let values = [serial(customer), after.into(), dealers, size.into()];
        let rows = conn.query(&sql, &values, read_row)?;
        self.open_rows(rows)
    }

    /// An opened record by its id, if a scope may know of it. Whose it is is still to be asked.
    pub(crate) fn find_record(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        id: SourceRecordId,
    ) -> Result<Option<SourceRecord>> {
        let scope = match scope {
            Scope::Customer(_) => &Scope::Headquarters,
            scope => scope,
        };
        let (clause, dealers) = dealer_clause(scope, "dealer", 2);
        let sql = format!("SELECT {RECORD} FROM source_records WHERE id = ?1 AND {clause}");
        let rows = conn.query(&sql, &[id.uuid().into(), dealers], read_row)?;
        Ok(self.open_rows(rows)?.pop())
    }

    /// Dealers that have a record of one of the customers.
    pub(crate) fn dealers_of(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerSerial],
    ) -> Result<Vec<String>> {
        let keys: Vec<Value<'_>> = customers.iter().map(|number| serial(*number)).collect();
        let sql = "SELECT DISTINCT dealer FROM source_records WHERE customer IN (??)";
        Ok(conn.query_in(sql, &[], &keys, |row| row.get(0))?)
    }

    /// Whether any record came from a source system of this name. Of one that none came from all records are passed over.
    pub(crate) fn is_source(&self, conn: &mut Conn<'_>, name: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM source_records WHERE source = ?1 LIMIT 1";
        Ok(conn.query_opt(sql, &[name.into()], |_| Ok(()))?.is_some())
    }

    /// Opened records by sequence number.
    pub(crate) fn records_by_seq(
        &self,
        conn: &mut Conn<'_>,
        seqs: &[i64],
    ) -> Result<Vec<SourceRecord>> {
        let keys: Vec<Value<'_>> = seqs.iter().map(|seq| (*seq).into()).collect();
        let sql = format!("SELECT {RECORD} FROM source_records WHERE seq IN (??)");
        let rows = conn.query_in(&sql, &[], &keys, read_row)?;
        self.open_rows(rows)
    }

    pub(super) fn open_rows(&self, rows: Vec<RecordRow>) -> Result<Vec<SourceRecord>> {
        let mut records = rows
            .into_iter()
            .map(|row| self.open_row(row))
            .collect::<Result<Vec<_>>>()?;
        records.sort_by_key(|record| record.seq);
        Ok(records)
    }

    fn open_row(&self, row: RecordRow) -> Result<SourceRecord> {
        let (columns, past_contacts, since) = self.open(row.id, &row.sealed)?;
        let dealer = row
            .dealer
            .parse()
            .map_err(|error: marque_core::InvalidDealerCode| StoreError::Decode {
                column: 3,
                source: error.into(),
            })?;
        Ok(SourceRecord {
            seq: row.seq,
            id: row.id,
            customer: row.customer,
            dealer,
            source: row.source,
            key: row.key,
            columns,
            past_contacts,
            since,
            recorded_at: row.recorded_at,
            received_at: row.received_at,
            version: row.version,
            checks: checks::read(&row.checked),
        })
    }

    /// The customer each of the records belongs to.
    pub(crate) fn customers_of(
        &self,
        conn: &mut Conn<'_>,
        ids: &[SourceRecordId],
    ) -> Result<FxHashMap<SourceRecordId, CustomerSerial>> {
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let found = conn.query_in(
            "SELECT id, customer FROM source_records WHERE id IN (??)",
            &[],
            &keys,
            |row| {
                Ok((
                    SourceRecordId::from(row.get::<Uuid>(0)?),
                    read_serial(row, 1)?,
                ))
            },
        )?;
        Ok(found.into_iter().collect())
    }

    /// Moves records to a customer.
    pub(crate) fn move_records(
        &self,
        conn: &mut Conn<'_>,
        seqs: &[i64],
        to: CustomerSerial,
    ) -> Result<()> {
        for seq in seqs {
            conn.execute(
                "UPDATE source_records SET customer = ?2 WHERE seq = ?1",
                &[(*seq).into(), serial(to)],
            )?;
        }
        Ok(())
    }
}

pub(super) struct RecordRow {
    seq: i64,
    id: SourceRecordId,
    customer: CustomerSerial,
    dealer: String,
    source: String,
    key: String,
    sealed: Vec<u8>,
    recorded_at: Timestamp,
    received_at: Timestamp,
    version: i64,
    checked: String,
}

pub(super) fn read_row(row: &Row<'_>) -> std::result::Result<RecordRow, StoreError> {
    Ok(RecordRow {
        seq: row.get(0)?,
        id: row.get::<Uuid>(1)?.into(),
        customer: read_serial(row, 2)?,
        dealer: row.get(3)?,
        source: row.get(4)?,
        key: row.get(5)?,
        sealed: row.get(6)?,
        recorded_at: row.get(7)?,
        received_at: row.get(8)?,
        version: row.get(9)?,
        checked: row.get(10)?,
    })
}
