//! What linkage needs of the store: who shares a blocking key, and the features of their records.

use marque_core::{CustomerId, CustomerSerial, SourceRecordId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_linkage::dealer::Prepared;
use marque_vault::Place;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_serial, serial},
    sealed,
};
use crate::{
    domain::{Facts, Kind, features},
    error::Result,
};

/// The features of one record.
#[derive(Debug)]
pub(crate) struct Featured {
    pub(crate) seq: i64,
    pub(crate) customer: CustomerSerial,
    pub(crate) features: Prepared,
}

/// Who a customer is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    pub(crate) id: CustomerId,
    pub(crate) kind: Kind,
}

impl CustomerStore {
    /// Seals features to their record.
    pub(crate) fn seal_features(&self, id: SourceRecordId, features: &Prepared) -> Result<Vec<u8>> {
        Ok(self.vault().seal(place(&id), &features.to_bytes())?)
    }

    /// A customer's records.
    pub(crate) fn seqs_of(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
    ) -> Result<Vec<i64>> {
        let sql = "SELECT seq FROM source_records WHERE customer = ?1";
        Ok(conn.query(sql, &[serial(customer)], |row| row.get(0))?)
    }

    /// The customer of each record.
    pub(crate) fn owners(
        &self,
        conn: &mut Conn<'_>,
        seqs: &[i64],
    ) -> Result<Vec<(i64, CustomerSerial)>> {
        let keys: Vec<Value<'_>> = seqs.iter().map(|seq| (*seq).into()).collect();
        let sql = "SELECT seq, customer FROM source_records WHERE seq IN (??)";
        Ok(conn.query_in(sql, &[], &keys, |row| {
            Ok((row.get(0)?, read_serial(row, 1)?))
        })?)
    }

    /// The features of the newest records of each customer, at most `most` a customer, oldest record first.
    pub(crate) fn features_of(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerSerial],
        most: usize,
    ) -> Result<Vec<Featured>> {
        let keys: Vec<Value<'_>> = customers.iter().map(|number| serial(*number)).collect();
        let sql = format!(
            "SELECT customer, seq, id, features FROM source_records WHERE customer = ?1
             ORDER BY seq DESC LIMIT {most}"
        );
        let mut rows = conn.query_each(&sql, &keys, read_sealed)?;
        rows.sort_unstable_by_key(|row| row.seq);
        let opened: Vec<Option<Prepared>> = rows
            .iter()
            .map(|row| self.open_features(row))
            .collect::<Result<_>>()?;
        let sealed = rows.iter().zip(&opened);
        let unread: Vec<i64> = sealed
            .filter(|(_, features)| features.is_none())
            .map(|(row, _)| row.seq)
            .collect();
        let mut anew = self.features_anew(conn, &unread)?;
        let found = rows.into_iter().zip(opened).map(|(row, opened)| Featured {
            seq: row.seq,
            customer: row.customer,
            features: opened.or_else(|| anew.remove(&row.seq)).unwrap_or_default(),
        });
        Ok(found.collect())
    }

    /// Opens features; nothing where a record has none that this release can read.
    fn open_features(&self, row: &Sealed) -> Result<Option<Prepared>> {
        let Some(sealed) = &row.features else {
            return Ok(None);
        };
        let opened = self.vault().open(place(&row.id), sealed)?;
        Ok(Prepared::from_bytes(&opened).ok())
    }

    /// Features made anew of the rows, for all that have none that can be read in one query.
    fn features_anew(&self, conn: &mut Conn<'_>, seqs: &[i64]) -> Result<FxHashMap<i64, Prepared>> {
        let records = self.records_by_seq(conn, seqs)?;
        let prepared = records.iter().map(|record| {
            let (facts, _) = Facts::of(&record.columns, record.received_at);
            (record.seq, features(&record.columns, facts.kind))
        });
        Ok(prepared.collect())
    }

    /// Ids and kinds of customers.
    pub(crate) fn identities(
        &self,
        conn: &mut Conn<'_>,
        numbers: &[CustomerSerial],
    ) -> Result<FxHashMap<CustomerSerial, Identity>> {
        let keys: Vec<Value<'_>> = numbers.iter().map(|number| serial(*number)).collect();
        let sql = "SELECT number, id, kind FROM customers WHERE number IN (??)";
        let found = conn.query_in(sql, &[], &keys, |row| {
            let identity = Identity {
                id: row.get::<Uuid>(1)?.into(),
                kind: Kind::of_number(row.get(2)?),
            };
            Ok((read_serial(row, 0)?, identity))
        })?;
        Ok(found.into_iter().collect())
    }

    /// About how many records there are: the highest sequence number.
    pub(crate) fn population(&self, conn: &mut Conn<'_>) -> Result<u32> {
        let sql = "SELECT coalesce(max(seq), 0) FROM source_records";
        let highest: Option<i64> = conn.query_opt(sql, &[], |row| row.get(0))?;
        Ok(u32::try_from(highest.unwrap_or(0)).unwrap_or(u32::MAX))
    }
}

struct Sealed {
    customer: CustomerSerial,
    seq: i64,
    id: SourceRecordId,
    features: Option<Vec<u8>>,
}

fn read_sealed(row: &Row<'_>) -> std::result::Result<Sealed, StoreError> {
    Ok(Sealed {
        customer: read_serial(row, 0)?,
        seq: row.get(1)?,
        id: row.get::<Uuid>(2)?.into(),
        features: row.get(3)?,
    })
}

fn place(id: &SourceRecordId) -> Place<'_> {
    sealed::place(id.as_bytes(), "features")
}
