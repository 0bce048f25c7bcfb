//! Customers: identities and aliases.

use marque_core::{CustomerId, CustomerNumber, CustomerSerial, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{CustomerStore, dialect};
use crate::{
    domain::{Customer, Kind},
    error::{Error, Result},
};

/// A customer about to be created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewCustomer {
    pub(crate) serial: CustomerSerial,
    pub(crate) id: CustomerId,
    pub(crate) kind: Kind,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) persons: i64,
    pub(crate) organizations: i64,
    pub(crate) source_records: i64,
    pub(crate) open_duplicates: i64,
}

const COLUMNS: &str = "number, id, kind, merged_into, version, created_at, updated_at";

/// Key of the lock of merges against links: `identity` in ASCII.
const IDENTITIES_LOCK: i64 = 0x6964_656e_7469_7479;

/// Longest chain of merges that is followed.
const CHAIN: usize = 64;

impl CustomerStore {
    pub(crate) fn allocate_serials(
        &self,
        conn: &mut Conn<'_>,
        count: usize,
    ) -> Result<Vec<CustomerSerial>> {
        let numbers = dialect::allocate(conn, ("customers", None), "number", count)?;
        Ok(numbers
            .into_iter()
            .map(|number| CustomerSerial::new(number.cast_unsigned()))
            .collect())
    }

    pub(crate) fn insert_customers(
        &self,
        conn: &mut Conn<'_>,
        customers: &[NewCustomer],
        now: Timestamp,
    ) -> Result<()> {
        let values: Vec<Value<'_>> = customers
            .iter()
            .flat_map(|customer| {
                [
                    serial(customer.serial),
                    customer.id.uuid().into(),
                    customer.kind.number().into(),
                    Value::Null,
                    Value::Int(1),
                    now.into(),
                    now.into(),
                ]
            })
            .collect();
        let columns = [
            "number",
            "id",
            "kind",
            "merged_into",
            "version",
            "created_at",
            "updated_at",
        ];
        Ok(conn.insert_many("customers", &columns, "", &values)?)
    }

    pub(crate) fn count(&self, conn: &mut Conn<'_>) -> Result<Counts> {
        let mut count = |sql: &str| -> Result<i64> {
            Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
        };
        Ok(Counts {
            persons: count(
                "SELECT count(*) FROM customers WHERE merged_into IS NULL AND erased_at IS NULL AND kind = 1",
            )?,
            organizations: count(
                "SELECT count(*) FROM customers WHERE merged_into IS NULL AND erased_at IS NULL AND kind = 2",
            )?,
            source_records: count("SELECT count(*) FROM source_records")?,
            open_duplicates: count("SELECT count(*) FROM duplicates WHERE state = 'open'")?,
        })
    }

    /// The customer of an id as it is now: an id that was merged away gives the customer it was merged into.
    pub(crate) fn get_customer(&self, conn: &mut Conn<'_>, id: CustomerId) -> Result<Customer> {
        let sql = format!("SELECT {COLUMNS} FROM customers WHERE id = ?1 AND erased_at IS NULL");
        let found = conn.query_opt(&sql, &[id.uuid().into()], read_customer)?;
        self.follow(conn, found.ok_or(Error::CustomerUnknown)?)
    }

    /// The number that people are told of a customer.
    pub(crate) fn number_of(&self, customer: CustomerSerial) -> CustomerNumber {
        CustomerNumber::of(self.numbers.show(customer.get()))
    }

    /// The customer of a number that somebody said, as it is now.
    pub(crate) fn get_customer_by_number(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerNumber,
    ) -> Result<Customer> {
        let serial = self.numbers.serial(number.digits());
        let serial = serial.ok_or(Error::CustomerUnknown)?;
        self.get_customer_by_serial(conn, CustomerSerial::new(serial))
    }

    /// The customer of a serial as it is now.
    pub(crate) fn get_customer_by_serial(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
    ) -> Result<Customer> {
        let found = find_by_serial(conn, number)?.ok_or(Error::CustomerUnknown)?;
        self.follow(conn, found)
    }

    /// The customer of a serial as it stands, merged or not.
    pub(crate) fn get_identity(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
    ) -> Result<Customer> {
        find_by_serial(conn, number)?.ok_or(Error::CustomerUnknown)
    }

    fn follow(&self, conn: &mut Conn<'_>, mut customer: Customer) -> Result<Customer> {
        for _ in 0..CHAIN {
            let Some(into) = customer.merged_into else {
                return Ok(customer);
            };
            customer = find_by_serial(conn, into)?.ok_or(Error::CustomerUnknown)?;
        }
        Err(StoreError::Other("a chain of merges does not end".into()).into())
    }

    /// The serial that an id answers with, or answered with before its person was erased.
    pub(super) fn identity_of(
        &self,
        conn: &mut Conn<'_>,
        id: CustomerId,
    ) -> Result<Option<CustomerSerial>> {
        let step = |row: &Row<'_>| {
            let into: Option<i64> = row.get(1)?;
            let into = into.map(|number| CustomerSerial::new(number.cast_unsigned()));
            Ok((read_serial(row, 0)?, into))
        };
        let sql = "SELECT number, merged_into FROM customers WHERE id = ?1";
        let mut found = conn.query_opt(sql, &[id.uuid().into()], step)?;
        for _ in 0..CHAIN {
            let Some((_, Some(into))) = found else { break };
            let sql = "SELECT number, merged_into FROM customers WHERE number = ?1";
            found = conn.query_opt(sql, &[serial(into)], step)?;
        }
        Ok(found.map(|(number, _)| number))
    }

    /// Ids of customers by serial.
    pub(crate) fn customer_ids(
        &self,
        conn: &mut Conn<'_>,
        numbers: &[CustomerSerial],
    ) -> Result<FxHashMap<CustomerSerial, CustomerId>> {
        let keys: Vec<Value<'_>> = numbers.iter().map(|number| serial(*number)).collect();
        let found = conn.query_in(
            "SELECT number, id FROM customers WHERE number IN (??)",
            &[],
            &keys,
            |row| Ok((read_serial(row, 0)?, row.get::<Uuid>(1)?.into())),
        )?;
        Ok(found.into_iter().collect())
    }

    /// All serials that answer as this customer, his own first.
    pub(crate) fn family(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
    ) -> Result<Vec<CustomerSerial>> {
        let mut family = vec![number];
        let mut at = 0;
        while at < family.len() {
            let merged = conn.query(
                "SELECT number FROM customers WHERE merged_into = ?1",
                &[serial(family[at])],
                |row| read_serial(row, 0),
            )?;
            family.extend(merged);
            at += 1;
        }
        Ok(family)
    }

    /// Every serial that answers as one of some customers, with that one's serial: [`Self::family`] of many at once.
    pub(super) fn families(
        &self,
        conn: &mut Conn<'_>,
        customers: impl Iterator<Item = CustomerSerial>,
    ) -> Result<FxHashMap<CustomerSerial, CustomerSerial>> {
        let mut stands_for: FxHashMap<CustomerSerial, CustomerSerial> =
            customers.map(|number| (number, number)).collect();
        let mut newest: Vec<CustomerSerial> = stands_for.keys().copied().collect();
        for _ in 0..CHAIN {
            let keys: Vec<Value<'_>> = newest.drain(..).map(serial).collect();
            let sql = "SELECT number, merged_into FROM customers WHERE merged_into IN (??)";
            let merged = conn.query_in(sql, &[], &keys, |row| {
                Ok((read_serial(row, 0)?, read_serial(row, 1)?))
            })?;
            for (number, into) in merged {
                let current = stands_for[&into];
                if stands_for.insert(number, current).is_none() {
                    newest.push(number);
                }
            }
            if newest.is_empty() {
                break;
            }
        }
        Ok(stands_for)
    }

    /// Says that something about the customers changed. Who changed later has changed then: what is told late makes nobody older,
    /// else whoever looks at those that changed since would pass him over.
    pub(crate) fn touch_customers(
        &self,
        conn: &mut Conn<'_>,
        numbers: &[CustomerSerial],
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let keys: Vec<Value<'_>> = numbers.iter().map(|number| serial(*number)).collect();
        conn.execute_in(
            "UPDATE customers SET version = version + 1,
                 updated_at = CASE WHEN updated_at < ?1 THEN ?1 ELSE updated_at END WHERE number IN (??)",
            &[now.into()],
            &keys,
        )?;
        Ok(())
    }

    pub(crate) fn set_kind(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
        kind: Kind,
    ) -> Result<()> {
        conn.execute(
            "UPDATE customers SET kind = ?2 WHERE number = ?1",
            &[serial(number), kind.number().into()],
        )?;
        Ok(())
    }

    /// From here on a customer answers as another.
    pub(crate) fn set_merged_into(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
        into: CustomerSerial,
        now: Timestamp,
    ) -> Result<()> {
        answer_as(conn, number, Some(into), now)?;
        level_versions(conn, [number, into])
    }

    /// From here on a customer that answered as another answers as himself.
    pub(crate) fn set_parted_from(
        &self,
        conn: &mut Conn<'_>,
        number: CustomerSerial,
        other: CustomerSerial,
        now: Timestamp,
    ) -> Result<()> {
        answer_as(conn, number, None, now)?;
        level_versions(conn, [number, other])
    }

    /// For what moves records between customers: waits until nobody links records, and lets nobody do so until commit.
    /// A record linked to a customer who is being merged away would else stay behind with him.
    pub(crate) fn lock_identities(
        &self,
        conn: &mut Conn<'_>,
    ) -> std::result::Result<(), StoreError> {
        conn.lock_keys(&mut vec![IDENTITIES_LOCK])
    }

    /// For what links records: runs beside others that do, but not beside a merge, split or undo.
    pub(crate) fn share_identities(&self, conn: &mut Conn<'_>) -> Result<()> {
        Ok(conn.lock_shared(IDENTITIES_LOCK)?)
    }
}

fn answer_as(
    conn: &mut Conn<'_>,
    number: CustomerSerial,
    into: Option<CustomerSerial>,
    now: Timestamp,
) -> Result<()> {
    conn.execute(
        "UPDATE customers SET merged_into = ?2, version = version + 1, updated_at = ?3 WHERE number = ?1",
        &[serial(number), into.map_or(Value::Null, serial), now.into()],
    )?;
    Ok(())
}

/// Lifts the version of each of two customers to that of the other. An id that answers as the other now, or no longer does, has none that it
/// had before: whoever read one of them has read nothing else since.
fn level_versions(conn: &mut Conn<'_>, pair: [CustomerSerial; 2]) -> Result<()> {
    conn.execute(
        "UPDATE customers SET version = (SELECT max(version) FROM customers WHERE number IN (?1, ?2))
         WHERE number IN (?1, ?2)",
        &pair.map(serial),
    )?;
    Ok(())
}

pub(super) fn serial(number: CustomerSerial) -> Value<'static> {
    Value::Int(number.get().cast_signed())
}

pub(super) fn read_serial(
    row: &Row<'_>,
    index: usize,
) -> std::result::Result<CustomerSerial, StoreError> {
    Ok(CustomerSerial::new(row.get::<i64>(index)?.cast_unsigned()))
}

fn find_by_serial(conn: &mut Conn<'_>, number: CustomerSerial) -> Result<Option<Customer>> {
    let sql = format!("SELECT {COLUMNS} FROM customers WHERE number = ?1 AND erased_at IS NULL");
    Ok(conn.query_opt(&sql, &[serial(number)], read_customer)?)
}

fn read_customer(row: &Row<'_>) -> std::result::Result<Customer, StoreError> {
    let merged_into: Option<i64> = row.get(3)?;
    Ok(Customer {
        serial: read_serial(row, 0)?,
        id: row.get::<Uuid>(1)?.into(),
        kind: Kind::of_number(row.get(2)?),
        merged_into: merged_into.map(|number| CustomerSerial::new(number.cast_unsigned())),
        version: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}
