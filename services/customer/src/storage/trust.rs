//! How far dealers' records are trusted, as the data-quality service last said.

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};
use rustc_hash::FxHashMap;

use super::CustomerStore;
use crate::{domain::DealerTrust, error::Result};

impl CustomerStore {
    /// Keeps a word about a dealer, and the version of the standard it stands on, unless a later word is known.
    pub(crate) fn put_trust(
        &self,
        conn: &mut Conn<'_>,
        dealer: &str,
        (told, standard): (DealerTrust, i64),
        told_at: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        conn.execute(
            "INSERT INTO dealer_trust (dealer, percent, version, standard, told_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (dealer) DO UPDATE SET percent = excluded.percent, version = excluded.version,
                 standard = excluded.standard, told_at = excluded.told_at
             WHERE excluded.version > dealer_trust.version",
            &[
                dealer.into(),
                told.percent.into(),
                told.version.into(),
                standard.into(),
                told_at.into(),
            ],
        )?;
        Ok(())
    }

    /// What was last said of those of the dealers of whom anything was.
    pub(crate) fn trust_of(
        &self,
        conn: &mut Conn<'_>,
        dealers: &[&str],
    ) -> Result<FxHashMap<String, DealerTrust>> {
        let keys: Vec<Value<'_>> = dealers.iter().map(|dealer| (*dealer).into()).collect();
        let sql = "SELECT dealer, percent, version FROM dealer_trust WHERE dealer IN (??)";
        let told = conn.query_in(sql, &[], &keys, |row| {
            let told = DealerTrust {
                percent: row.get(1)?,
                version: row.get(2)?,
            };
            Ok((row.get::<String>(0)?, told))
        })?;
        Ok(told.into_iter().collect())
    }
}
