//! Reading visits and their versions.

use marque_auth::Scope;
use marque_core::{CustomerId, PageRequest, Timestamp, VisitId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_vault::Vault;
use uuid::Uuid;

use super::{blob, optional};
use crate::domain::{Header, Line, Meter, Visit};

/// Reads visits; opens what is sealed.
#[derive(Debug, Clone)]
pub(crate) struct VisitStore {
    vault: Vault,
}

/// Whose visits are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    Vehicle(&'a str),
    Customer(CustomerId),
}

/// How much of each visit is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Whole,
    WithoutLines,
}

const HEAD: &str = "id, dealer, order_number, vin, source_record_id, customer_id, happened_at, odometer_km, version, recorded_at, header";

impl VisitStore {
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// A visit. Sight is the caller's to check: see [`super::knows_vin`].
    pub(crate) fn find(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        id: VisitId,
    ) -> Result<Option<Visit>, StoreError> {
        let sql = format!("SELECT {HEAD}, lines FROM visits WHERE id = ?1");
        conn.query_opt(&sql, &[id.uuid().into()], |row| self.read(row, true))
    }

    /// Those of the visits that are there, and the other visits of their cars.
    pub(crate) fn with_siblings(
        &self,
        conn: &mut Conn<'_>,
        ids: &[VisitId],
    ) -> Result<Vec<Visit>, StoreError> {
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let sql = format!("SELECT {HEAD}, lines FROM visits WHERE id IN (??)");
        let mut visits = conn.query_in(&sql, &[], &keys, |row| self.read(row, true))?;
        let vins: Vec<String> = visits
            .iter()
            .map(|visit| visit.vin.clone())
            .filter(|vin| !vin.is_empty())
            .collect();
        let keys: Vec<Value<'_>> = vins.iter().map(Value::from).collect();
        let sql = format!("SELECT {HEAD}, lines FROM visits WHERE vin IN (??)");
        visits.extend(conn.query_in(&sql, &[], &keys, |row| self.read(row, true))?);
        visits.sort_by_key(|visit| visit.id);
        visits.dedup_by_key(|visit| visit.id);
        Ok(visits)
    }

    /// The key under which facts of visits go to the data-quality service.
    pub(crate) fn evidence_key(&self, bytes: &[u8]) -> u64 {
        marque_intake::evidence_key(&self.vault, bytes)
    }

    /// By what the data-quality service knows who received a visit.
    pub(crate) fn clerk_key(&self, visit: &Visit) -> String {
        marque_intake::clerk_key(&self.vault, &visit.dealer, &visit.header.adviser)
    }

    /// Ids of visits in their order, after one of them.
    pub(crate) fn ids(
        conn: &mut Conn<'_>,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<VisitId>, StoreError> {
        conn.query(
            "SELECT id FROM visits WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[after.into(), limit.into()],
            |row| Ok(row.get::<Uuid>(0)?.into()),
        )
    }

    /// A page of visits, newest first. Sight is the caller's to check: see [`super::knows_vin`].
    pub(crate) fn list(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        whose: Whose<'_>,
        page: &PageRequest,
        listed: Listed,
    ) -> Result<Vec<Visit>, StoreError> {
        let (column, key) = match whose {
            Whose::Vehicle(vin) => ("vin", Value::from(vin)),
            Whose::Customer(customer) => ("customer_id", Value::from(customer.uuid())),
        };
        let with_lines = listed == Listed::Whole;
        let lines = if with_lines { ", lines" } else { "" };
        let (at, id) = page
            .after
            .as_ref()
            .and_then(|token| read_key(&token.key))
            .unwrap_or(END);
        let sql = format!(
            "SELECT {HEAD}{lines} FROM visits WHERE {column} = ?1 AND (happened_at, id) < (?2, ?3)
             ORDER BY happened_at DESC, id DESC LIMIT ?4"
        );
        conn.query(
            &sql,
            &[key, at.into(), id.into(), page.size.into()],
            |row| self.read(row, with_lines),
        )
    }

    /// Earlier versions of a visit, newest first. `visit` is as it now stands.
    pub(crate) fn list_versions(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        visit: &Visit,
    ) -> Result<Vec<Visit>, StoreError> {
        conn.query(
            "SELECT version, vin, source_record_id, happened_at, odometer_km, recorded_at, header, lines
             FROM visit_versions WHERE visit_id = ?1 ORDER BY version DESC",
            &[visit.id.uuid().into()],
            |row| {
                let record = optional(row, 2)?;
                let blobs: (Vec<u8>, Vec<u8>) = (row.get(6)?, row.get(7)?);
                let (header, lines) = self.open(&visit.dealer, &visit.order_number, &blobs)?;
                Ok(Visit {
                    version: row.get(0)?,
                    vin: row.get(1)?,
                    record,
                    // Whose a record is that a correction dropped is not kept here.
                    customer: visit.customer.filter(|_| record == visit.record),
                    happened_at: row.get(3)?,
                    odometer_km: row.get(4)?,
                    recorded_at: row.get(5)?,
                    header,
                    lines,
                    ..visit.clone()
                })
            },
        )
    }

    /// A page of a customer's visits and of versions that were his and were replaced, each with whether it stands, by visit and
    /// version. Sight is the caller's to check: see [`super::knows_customer`].
    pub(crate) fn list_told(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerId,
        page: &PageRequest,
    ) -> Result<Vec<(Visit, bool)>, StoreError> {
        let (id, version) = page
            .after
            .as_ref()
            .and_then(|token| read_version_key(&token.key))
            .unwrap_or((Uuid::nil(), 0));
        let sql = format!(
            "SELECT {HEAD}, lines, stands FROM (
                 SELECT {HEAD}, lines, CAST(1 AS BIGINT) AS stands FROM visits WHERE customer_id = ?1
                 UNION ALL
                 SELECT e.visit_id, v.dealer, v.order_number, e.vin, e.source_record_id, l.customer_id, e.happened_at,
                     e.odometer_km, e.version, e.recorded_at, e.header, e.lines, CAST(0 AS BIGINT)
                 FROM record_links AS l JOIN visit_versions AS e ON e.source_record_id = l.source_record_id
                 JOIN visits AS v ON v.id = e.visit_id
                 WHERE l.customer_id = ?1
             ) AS told WHERE (id, version) > (?2, ?3) ORDER BY id, version LIMIT ?4"
        );
        let values = [
            customer.uuid().into(),
            id.into(),
            version.into(),
            page.size.into(),
        ];
        conn.query(&sql, &values, |row| {
            Ok((self.read(row, true)?, row.get::<i64>(12)? == 1))
        })
    }

    fn read(&self, row: &Row<'_>, with_lines: bool) -> Result<Visit, StoreError> {
        let (dealer, order_number): (String, String) = (row.get(1)?, row.get(2)?);
        let lines = if with_lines { row.get(11)? } else { Vec::new() };
        let blobs: (Vec<u8>, Vec<u8>) = (row.get(10)?, lines);
        let (header, lines) = self.open(&dealer, &order_number, &blobs)?;
        Ok(Visit {
            id: row.get::<Uuid>(0)?.into(),
            vin: row.get(3)?,
            record: optional(row, 4)?,
            customer: optional(row, 5)?,
            happened_at: row.get(6)?,
            odometer_km: row.get(7)?,
            version: row.get(8)?,
            recorded_at: row.get(9)?,
            header,
            lines,
            dealer,
            order_number,
        })
    }

    fn open(
        &self,
        dealer: &str,
        order: &str,
        blobs: &(Vec<u8>, Vec<u8>),
    ) -> Result<(Header, Vec<Line>), StoreError> {
        blob::read_visit(&self.vault, dealer, order, (&blobs.0[..], &blobs.1[..]))
    }
}

impl Visit {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        format!("{}|{}", self.happened_at.as_micros(), self.id.uuid())
    }
}

impl Visit {
    /// The sort key of a page token of visits and their versions.
    pub(crate) fn version_key(&self) -> String {
        format!("{}|{}", self.id.uuid(), self.version)
    }
}

fn read_version_key(key: &str) -> Option<(Uuid, i64)> {
    let (id, version) = key.split_once('|')?;
    Some((id.parse().ok()?, version.parse().ok()?))
}

/// After every visit.
const END: (Timestamp, Uuid) = (Timestamp::from_micros(i64::MAX), Uuid::max());

fn read_key(key: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = key.split_once('|')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

/// A car's first visit after its sale, as far as is known: asked when it is shown, so that it is right whatever order
/// visits and sale came in.
pub(crate) fn first_visit(conn: &mut Conn<'_>, vin: &str) -> Result<Option<VisitId>, StoreError> {
    let sql = "SELECT sold_at FROM vehicle_sales WHERE vin = ?1";
    let sold_at: Option<Timestamp> = conn.query_opt(sql, &[vin.into()], |row| row.get(0))?;
    conn.query_opt(
        "SELECT id FROM visits WHERE vin = ?1 AND happened_at >= ?2 ORDER BY happened_at, id LIMIT 1",
        &[vin.into(), sold_at.unwrap_or(Timestamp::from_micros(i64::MIN)).into()],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}

/// The readings of cars, with the visits they were taken at.
pub(crate) fn meters_of(
    conn: &mut Conn<'_>,
    vins: &[&str],
) -> Result<Vec<(String, VisitId, Meter)>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = "SELECT vin, id, happened_at, odometer_km FROM visits WHERE odometer_km > 0 AND vin IN (??)";
    conn.query_in(sql, &[], &keys, |row| {
        let meter = Meter {
            at: row.get(2)?,
            km: row.get(3)?,
        };
        Ok((row.get(0)?, row.get::<Uuid>(1)?.into(), meter))
    })
}
