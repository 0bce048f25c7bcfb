//! Consents.

use marque_core::{CustomerId, CustomerSerial, Timestamp};
use marque_db::{Conn, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_serial, serial},
};
use crate::{
    domain::Consent,
    error::{Error, Result},
};

impl CustomerStore {
    pub(crate) fn put_consent(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
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
        family: &[CustomerSerial],
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

    /// Those of the customers who withdrew consent to one of the purposes, or were erased. Who was merged is whom he was merged into.
    pub(crate) fn who_withdrew(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerId],
        purposes: &[String],
    ) -> Result<Vec<CustomerId>> {
        let (numbers, mut gone) = self.living(conn, customers)?;
        let refused = self.who_refused(conn, numbers.values().copied(), purposes)?;
        let of_refused = numbers
            .into_iter()
            .filter_map(|(id, number)| refused.contains(&number).then_some(id));
        gone.extend(of_refused);
        Ok(gone)
    }

    /// The customers with the numbers they now have, and those who were erased.
    fn living(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerId],
    ) -> Result<(FxHashMap<CustomerId, CustomerSerial>, Vec<CustomerId>)> {
        let keys: Vec<Value<'_>> = customers.iter().map(|id| id.uuid().into()).collect();
        let sql = "SELECT id, number, merged_into, erased_at FROM customers WHERE id IN (??)";
        let known = conn.query_in(sql, &[], &keys, |row| {
            let id: CustomerId = row.get::<Uuid>(0)?.into();
            let is_merged = row.get::<Option<i64>>(2)?.is_some();
            let is_erased = row.get::<Option<Timestamp>>(3)?.is_some();
            Ok((id, read_serial(row, 1)?, is_merged, is_erased))
        })?;
        let (mut living, mut gone) = (FxHashMap::default(), Vec::new());
        for (id, number, is_merged, is_erased) in known {
            let current = if is_erased {
                None
            } else if is_merged {
                // Few: who keeps ids hears of merges.
                self.current_serial(conn, id)?
            } else {
                Some(number)
            };
            if let Some(current) = current {
                living.insert(id, current);
            } else {
                gone.push(id);
            }
        }
        Ok((living, gone))
    }

    /// The serial of whom an id that was merged away now stands for; `None` if he was erased.
    fn current_serial(
        &self,
        conn: &mut Conn<'_>,
        id: CustomerId,
    ) -> Result<Option<CustomerSerial>> {
        match self.get_customer(conn, id) {
            Ok(customer) => Ok(Some(customer.serial)),
            Err(Error::CustomerUnknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those of the numbers whose newest word on one of the purposes is no. Of two said at one time the no counts.
    fn who_refused(
        &self,
        conn: &mut Conn<'_>,
        numbers: impl Iterator<Item = CustomerSerial>,
        purposes: &[String],
    ) -> Result<FxHashSet<CustomerSerial>> {
        let families = self.families(conn, numbers)?;
        let keys: Vec<Value<'_>> = families.keys().copied().map(serial).collect();
        let sql =
            "SELECT customer, purpose, given, changed_at FROM consents WHERE customer IN (??)";
        let said = conn.query_in(sql, &[], &keys, |row| {
            let is_refusal = !row.get::<bool>(2)?;
            let word: (Timestamp, bool) = (row.get(3)?, is_refusal);
            Ok((read_serial(row, 0)?, row.get::<String>(1)?, word))
        })?;
        let mut newest: FxHashMap<(CustomerSerial, String), (Timestamp, bool)> =
            FxHashMap::default();
        for (number, purpose, word) in said {
            if purposes.contains(&purpose) {
                let known = newest.entry((families[&number], purpose)).or_insert(word);
                *known = word.max(*known);
            }
        }
        let refused = newest
            .into_iter()
            .filter_map(|((number, _), (_, is_refusal))| is_refusal.then_some(number));
        Ok(refused.collect())
    }
}
