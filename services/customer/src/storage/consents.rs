//! Consents.

use marque_core::CustomerNumber;
use marque_db::{Conn, Value};

use super::{CustomerStore, customers::serial};
use crate::{domain::Consent, error::Result};

impl CustomerStore {
    pub(crate) fn put_consent(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerNumber,
        consent: &Consent,
    ) -> Result<()> {
        conn.execute(
            "INSERT INTO consents (customer, purpose, given, notice_version, channel, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (customer, purpose) DO UPDATE SET given = excluded.given,
                 notice_version = excluded.notice_version, channel = excluded.channel,
                 changed_at = excluded.changed_at",
            &[
                serial(customer),
                (&consent.purpose).into(),
                consent.given.into(),
                (&consent.notice_version).into(),
                (&consent.channel).into(),
                consent.changed_at.into(),
            ],
        )?;
        Ok(())
    }

    /// The consents of a customer and of all that were merged into him: the newest word on each purpose counts.
    pub(crate) fn consents_of(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerNumber],
    ) -> Result<Vec<Consent>> {
        let keys: Vec<Value<'_>> = family.iter().map(|number| serial(*number)).collect();
        let sql = "SELECT purpose, given, notice_version, channel, changed_at FROM consents WHERE customer IN (??)";
        let mut found = conn.query_in(sql, &[], &keys, |row| {
            Ok(Consent {
                purpose: row.get(0)?,
                given: row.get(1)?,
                notice_version: row.get(2)?,
                channel: row.get(3)?,
                changed_at: row.get(4)?,
            })
        })?;
        found.sort_by(|a, b| {
            a.purpose
                .cmp(&b.purpose)
                .then(b.changed_at.cmp(&a.changed_at))
        });
        found.dedup_by(|later, first| later.purpose == first.purpose);
        Ok(found)
    }
}
