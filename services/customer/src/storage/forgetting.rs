//! Forgetting customers: their records, what finds them, and what hangs on them.

use std::collections::HashSet;

use marque_core::{CustomerId, CustomerSerial, ErasureId, SourceRecordId, Timestamp};
use marque_db::Conn;
use uuid::Uuid;

use super::{CustomerStore, Token, customers::serial, records, segments};
use crate::{domain::SourceRecord, error::Result};

impl CustomerStore {
    /// Those of the records whose people were erased.
    pub(crate) fn entombed(
        &self,
        conn: &mut Conn<'_>,
        records: impl Iterator<Item = SourceRecordId>,
    ) -> Result<HashSet<SourceRecordId>> {
        Ok(marque_intake::entombed(conn, self.vault(), records)?)
    }

    /// Remembers that these records may not come again, nor their numbers.
    pub(crate) fn entomb(
        &self,
        conn: &mut Conn<'_>,
        records: &[SourceRecord],
        now: Timestamp,
    ) -> Result<()> {
        let ids: Vec<SourceRecordId> = records.iter().map(|record| record.id).collect();
        marque_intake::entomb(conn, self.vault(), &ids, now)?;
        for record in records {
            conn.execute(
                "INSERT INTO erased_numbers (seq) VALUES (?1) ON CONFLICT DO NOTHING",
                &[record.seq.into()],
            )?;
        }
        Ok(())
    }

    /// Puts records where only their request finds them.
    pub(crate) fn lock_away(
        &self,
        conn: &mut Conn<'_>,
        erasure: ErasureId,
        records: &[SourceRecord],
    ) -> Result<()> {
        for record in records {
            conn.execute(
                "INSERT INTO restricted_records (erasure, seq, id, customer, dealer, source, source_key, sealed,
                     recorded_at, received_at, version, checked)
                 SELECT ?1, seq, id, customer, dealer, source, source_key, sealed, recorded_at, received_at, version, checked
                 FROM source_records WHERE seq = ?2",
                &[erasure.uuid().into(), record.seq.into()],
            )?;
        }
        Ok(())
    }

    /// What is locked away under a request, opened.
    pub(crate) fn locked_away(
        &self,
        conn: &mut Conn<'_>,
        erasure: ErasureId,
    ) -> Result<Vec<SourceRecord>> {
        let sql = format!(
            "SELECT {} FROM restricted_records WHERE erasure = ?1",
            records::RECORD
        );
        let rows = conn.query(&sql, &[erasure.uuid().into()], records::read_row)?;
        self.open_rows(rows)
    }

    /// The ids of the records locked away under a request.
    pub(crate) fn locked_away_ids(
        &self,
        conn: &mut Conn<'_>,
        erasure: ErasureId,
    ) -> Result<Vec<SourceRecordId>> {
        let sql = "SELECT id FROM restricted_records WHERE erasure = ?1 ORDER BY seq";
        Ok(conn.query(sql, &[erasure.uuid().into()], |row| {
            Ok(SourceRecordId::from(row.get::<Uuid>(0)?))
        })?)
    }

    /// Deletes what is locked away under a request.
    pub(crate) fn delete_locked_away(&self, conn: &mut Conn<'_>, erasure: ErasureId) -> Result<()> {
        let sql = "DELETE FROM restricted_records WHERE erasure = ?1";
        conn.execute(sql, &[erasure.uuid().into()])?;
        Ok(())
    }

    /// Deletes records and all tokens by which they are found.
    pub(crate) fn delete_records(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[(Token, i64)],
        seqs: &[i64],
    ) -> Result<()> {
        for (token, seq) in tokens {
            let sql = "DELETE FROM record_keys WHERE token = ?1 AND record = ?2";
            conn.execute(sql, &[(*token).into(), (*seq).into()])?;
        }
        segments::forget(conn, &seqs.iter().copied().collect())?;
        for seq in seqs {
            conn.execute("DELETE FROM stale_keys WHERE record = ?1", &[(*seq).into()])?;
            conn.execute(
                "DELETE FROM source_records WHERE seq = ?1",
                &[(*seq).into()],
            )?;
        }
        Ok(())
    }

    /// Deletes what hangs on customers beside their records. Of what stewards said of them, and what stands, stays how the pairs
    /// compared, from which the matcher learns, and no word.
    pub(crate) fn delete_beside(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
    ) -> Result<()> {
        for number in family {
            for sql in [
                "DELETE FROM consents WHERE customer = ?1",
                "DELETE FROM receptions WHERE customer = ?1",
                "DELETE FROM moves WHERE from_customer = ?1 OR into_customer = ?1",
                "UPDATE duplicate_decisions SET reason = '' WHERE duplicate IN
                     (SELECT id FROM duplicates WHERE left_customer = ?1 OR right_customer = ?1)",
                "DELETE FROM duplicate_decisions WHERE duplicate IN
                     (SELECT id FROM duplicates WHERE left_customer = ?1 OR right_customer = ?1)
                 AND decision <> (SELECT duplicates.state FROM duplicates WHERE duplicates.id = duplicate_decisions.duplicate)",
                "DELETE FROM duplicates WHERE left_customer = ?1 OR right_customer = ?1",
            ] {
                conn.execute(sql, &[serial(*number)])?;
            }
        }
        Ok(())
    }

    /// Says that customers are nobody any more.
    pub(crate) fn mark_erased(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
        now: Timestamp,
    ) -> Result<()> {
        for number in family {
            conn.execute(
                "UPDATE customers SET erased_at = ?2, version = version + 1, updated_at = ?2 WHERE number = ?1",
                &[serial(*number), now.into()],
            )?;
        }
        Ok(())
    }

    /// Every id that answers as the person of an id, or answered as him before he was erased.
    pub(crate) fn ids_of_person(
        &self,
        conn: &mut Conn<'_>,
        id: CustomerId,
    ) -> Result<Vec<CustomerId>> {
        let Some(number) = self.identity_of(conn, id)? else {
            return Ok(Vec::new());
        };
        let family = self.family(conn, number)?;
        Ok(self.customer_ids(conn, &family)?.into_values().collect())
    }
}
