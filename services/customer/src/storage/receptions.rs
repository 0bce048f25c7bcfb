//! Receptions: files opened at a counter.

use marque_auth::Scope;
use marque_core::{CustomerSerial, DealerCode, Timestamp};
use marque_db::{Conn, Value};

use super::{CustomerStore, customers::serial};
use crate::error::Result;

impl CustomerStore {
    pub(crate) fn open_reception(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
        dealer: &DealerCode,
        until: Timestamp,
    ) -> Result<()> {
        conn.execute(
            "INSERT INTO receptions (customer, dealer, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (customer, dealer) DO UPDATE SET until = excluded.until",
            &[serial(customer), dealer.as_str().into(), until.into()],
        )?;
        Ok(())
    }

    /// Shuts a customer's file to all who received him; answers how many receptions there were.
    pub(crate) fn shut_receptions(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
    ) -> Result<u64> {
        let mut shut = 0;
        for customer in family {
            shut += conn.execute(
                "DELETE FROM receptions WHERE customer = ?1",
                &[serial(*customer)],
            )?;
        }
        Ok(shut)
    }

    /// Whether the scope may see the customer. `dealers` are those that have a record of him, `family` his numbers.
    pub(crate) fn is_visible(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        family: &[CustomerSerial],
        dealers: &[&str],
        now: Timestamp,
    ) -> Result<bool> {
        match scope {
            Scope::Headquarters => Ok(true),
            Scope::Customer(_) => Ok(false),
            Scope::Dealer(dealer) if dealers.contains(&dealer.as_str()) => Ok(true),
            Scope::Dealer(dealer) => {
                let keys: Vec<Value<'_>> = family.iter().map(|number| serial(*number)).collect();
                let open = conn.query_in(
                    "SELECT 1 FROM receptions WHERE dealer = ?1 AND until > ?2 AND customer IN (??)",
                    &[dealer.as_str().into(), now.into()],
                    &keys,
                    |row| row.get::<i64>(0),
                )?;
                Ok(!open.is_empty())
            }
            Scope::Region(_) => Ok(!self.within(conn, scope, dealers)?.is_empty()),
        }
    }

    /// Whether the network has told of any dealer.
    pub(crate) fn knows_dealers(&self, conn: &mut Conn<'_>) -> Result<bool> {
        let sql = "SELECT 1 FROM dealer_regions LIMIT 1";
        Ok(conn.query_opt(sql, &[], |_| Ok(()))?.is_some())
    }

    /// Whether the network has told of a dealer of this code.
    pub(crate) fn is_dealer(&self, conn: &mut Conn<'_>, code: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM dealer_regions WHERE dealer = ?1";
        Ok(conn.query_opt(sql, &[code.into()], |_| Ok(()))?.is_some())
    }

    /// Those of the dealers whose doings the scope may know: a dealer his own, a region its dealers', others all.
    pub(crate) fn within(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        dealers: &[&str],
    ) -> Result<Vec<String>> {
        let mut inside: Vec<String> = match scope {
            Scope::Headquarters | Scope::Customer(_) => {
                dealers.iter().map(|dealer| (*dealer).to_owned()).collect()
            }
            Scope::Dealer(own) => dealers
                .iter()
                .filter(|dealer| **dealer == own.as_str())
                .map(|dealer| (*dealer).to_owned())
                .collect(),
            Scope::Region(region) => {
                let keys: Vec<Value<'_>> = dealers.iter().map(|dealer| (*dealer).into()).collect();
                conn.query_in(
                    "SELECT dealer FROM dealer_regions WHERE region = ?1 AND dealer IN (??)",
                    &[region.as_ref().into()],
                    &keys,
                    |row| row.get(0),
                )?
            }
        };
        inside.sort_unstable();
        inside.dedup();
        Ok(inside)
    }
}
