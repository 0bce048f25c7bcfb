//! Which records the data-quality service is told of.

use marque_core::SourceRecordId;
use marque_db::{Conn, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{CustomerStore, customers::serial};
use crate::error::Result;

/// Records of one customer in one source that come along with one that was asked for; more of them say nothing new.
const SIBLINGS: usize = 50;

impl CustomerStore {
    /// The records asked for and those of the same customer in the same source, each with the first of the others.
    pub(crate) fn with_siblings(
        &self,
        conn: &mut Conn<'_>,
        ids: &[SourceRecordId],
    ) -> Result<FxHashMap<i64, Option<SourceRecordId>>> {
        let asked: FxHashSet<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let mut customers: Vec<_> = self.customers_of(conn, ids)?.into_values().collect();
        customers.sort_unstable();
        customers.dedup();
        let keys: Vec<Value<'_>> = customers.iter().map(|number| serial(*number)).collect();
        let rows = conn.query_in(
            "SELECT seq, id, customer, dealer, source FROM source_records WHERE customer IN (??)",
            &[],
            &keys,
            |row| {
                let source: (i64, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
                Ok((row.get::<i64>(0)?, row.get::<Uuid>(1)?, source))
            },
        )?;
        let mut sources: FxHashMap<(i64, String, String), Vec<(i64, Uuid)>> = FxHashMap::default();
        for (seq, id, source) in rows {
            sources.entry(source).or_default().push((seq, id));
        }
        let mut found = FxHashMap::default();
        for mut records in sources.into_values() {
            records.sort_unstable();
            let other = |own: &Uuid| {
                let mut ids = records.iter().map(|(_, id)| id);
                ids.find(|id| *id != own)
                    .map(|id| SourceRecordId::from(*id))
            };
            let is_asked = records.iter().any(|(_, id)| asked.contains(id));
            let siblings = records.iter().take(if is_asked { SIBLINGS } else { 0 });
            let own = records.iter().filter(|(_, id)| asked.contains(id));
            found.extend(siblings.chain(own).map(|(seq, id)| (*seq, other(id))));
        }
        Ok(found)
    }

    /// Ids of records in their order, after one of them.
    pub(crate) fn record_ids(
        &self,
        conn: &mut Conn<'_>,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<SourceRecordId>> {
        Ok(conn.query(
            "SELECT id FROM source_records WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[after.into(), limit.into()],
            |row| Ok(SourceRecordId::from(row.get::<Uuid>(0)?)),
        )?)
    }
}
