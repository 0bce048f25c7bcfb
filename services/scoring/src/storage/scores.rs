//! Scores as they are, and as they were.

use std::cmp::Reverse;

use marque_auth::Scope;
use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, Row as DbRow, StoreError, Value};
use marque_events::dealer_clause;
use marque_insight::{
    rank::{Kind, Member},
    value::WeightedSum,
};
use uuid::Uuid;

use super::{corrupt, customer_keys, inputs, kept::AsOf, links::merged_into};
use crate::domain::{Row, State};

const COLUMNS: [&str; 12] = [
    "customer_id",
    "state",
    "kind",
    "brands",
    "sum",
    "hundredths",
    "confidence",
    "model_version",
    "inputs",
    "assessed_at",
    "assessed_on",
    "change",
];

/// Columns in the order [`read`] wants them, of the table `s`.
const SELECTED: &str = "s.customer_id, s.state, s.kind, s.brands, s.sum, s.hundredths, s.confidence, s.model_version, \
     s.inputs, s.assessed_at, s.assessed_on, s.change";

/// Between the names of brands.
const SEPARATOR: char = '\u{1f}';

/// The rows of customers that have one.
pub(crate) fn find_rows(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {SELECTED} FROM scores s WHERE s.customer_id IN (??)");
    conn.query_in(&sql, &[], &customer_keys(customers), read)
}

/// One customer's row.
pub(crate) fn find_row(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT {SELECTED} FROM scores s WHERE s.customer_id = ?1");
    conn.query_opt(&sql, &[customer.uuid().into()], read)
}

/// Takes so many numbers of changes; the first of them. Whoever takes one holds the clock until he commits.
pub(crate) fn take_changes(conn: &mut Conn<'_>, count: usize) -> Result<i64, StoreError> {
    let sql = "UPDATE score_clock SET change = change + ?1 WHERE id = 1 RETURNING change";
    let count = count as i64;
    let last: Option<i64> = conn.query_opt(sql, &[count.into()], |row| row.get(0))?;
    Ok(last.unwrap_or(count) - count + 1)
}

/// The number of the last change there was.
pub(crate) fn last_change(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT change FROM score_clock WHERE id = 1";
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
}

/// Writes rows; those in `changed` go into the history too.
pub(crate) fn put_rows(
    conn: &mut Conn<'_>,
    rows: &[Row],
    changed: &[&Row],
) -> Result<(), StoreError> {
    let packed: Vec<(String, Vec<u8>)> = rows.iter().map(pack).collect();
    let values: Vec<Value<'_>> = rows
        .iter()
        .zip(&packed)
        .flat_map(|(row, (brands, inputs))| {
            [
                row.customer.uuid().into(),
                row.state.code().into(),
                row.kind.key().into(),
                brands.into(),
                row.sum.0.into(),
                row.hundredths.into(),
                row.confidence.into(),
                (&row.model_version).into(),
                inputs.into(),
                row.assessed_at.into(),
                row.assessed_on.into(),
                row.change.into(),
            ]
        })
        .collect();
    let on_conflict = "ON CONFLICT (customer_id) DO UPDATE SET state = excluded.state, kind = excluded.kind,
         brands = excluded.brands, sum = excluded.sum, hundredths = excluded.hundredths,
         confidence = excluded.confidence, model_version = excluded.model_version, inputs = excluded.inputs,
         assessed_at = excluded.assessed_at, assessed_on = excluded.assessed_on, change = excluded.change";
    conn.insert_many("scores", &COLUMNS, on_conflict, &values)?;
    put_history(conn, changed)
}

fn put_history(conn: &mut Conn<'_>, rows: &[&Row]) -> Result<(), StoreError> {
    let packed: Vec<(String, Vec<u8>)> = rows.iter().map(|row| pack(row)).collect();
    let values: Vec<Value<'_>> = rows
        .iter()
        .zip(&packed)
        .flat_map(|(row, (brands, inputs))| {
            [
                row.customer.uuid().into(),
                row.assessed_at.into(),
                row.state.code().into(),
                row.kind.key().into(),
                brands.into(),
                row.sum.0.into(),
                row.hundredths.into(),
                row.confidence.into(),
                (&row.model_version).into(),
                inputs.into(),
            ]
        })
        .collect();
    let columns = [
        "customer_id",
        "at",
        "state",
        "kind",
        "brands",
        "sum",
        "hundredths",
        "confidence",
        "model_version",
        "inputs",
    ];
    let on_conflict = "ON CONFLICT (customer_id, at) DO UPDATE SET state = excluded.state, kind = excluded.kind,
         brands = excluded.brands, sum = excluded.sum, hundredths = excluded.hundredths,
         confidence = excluded.confidence, model_version = excluded.model_version, inputs = excluded.inputs";
    conn.insert_many("score_history", &columns, on_conflict, &values)
}

fn pack(row: &Row) -> (String, Vec<u8>) {
    let brands: String = row
        .brands
        .iter()
        .flat_map(|brand| [SEPARATOR.to_string(), brand.clone()])
        .collect();
    (brands, inputs::to_bytes(&row.inputs))
}

/// Rows that changed after a number, in the order of their changes.
pub(crate) fn changes_after(
    conn: &mut Conn<'_>,
    after: i64,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let sql =
        format!("SELECT {SELECTED} FROM scores s WHERE s.change > ?1 ORDER BY s.change LIMIT ?2");
    conn.query(&sql, &[after.into(), (limit as i64).into()], read)
}

/// Every row's state, kind, brands, sum and change, for ranks made anew; one statement, so one moment.
pub(crate) fn load_all(
    conn: &mut Conn<'_>,
    mut each: impl FnMut(CustomerId, State, Kind, &str, WeightedSum, i64),
) -> Result<(), StoreError> {
    let sql = "SELECT customer_id, state, kind, brands, sum, change FROM scores";
    conn.query(sql, &[], |row| {
        let brands: String = row.get(3)?;
        each(
            row.get::<Uuid>(0)?.into(),
            state_of(&row.get::<String>(1)?)?,
            kind_of(&row.get::<String>(2)?)?,
            &brands,
            WeightedSum(row.get(4)?),
            row.get(5)?,
        );
        Ok(())
    })?;
    Ok(())
}

/// Customers after one, by id, whoever they are: for walks over all.
pub(crate) fn walk(conn: &mut Conn<'_>, after: Uuid, limit: usize) -> Result<Vec<Row>, StoreError> {
    let sql = format!(
        "SELECT {SELECTED} FROM scores s WHERE s.customer_id > ?1 ORDER BY s.customer_id LIMIT ?2"
    );
    conn.query(&sql, &[after.into(), (limit as i64).into()], read)
}

/// Customers after one, by id, who are scored or could be, with what is known of each and nothing else: for whole populations.
pub(crate) fn walk_members(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: usize,
) -> Result<Vec<Member<CustomerId>>, StoreError> {
    let sql = "SELECT customer_id, kind, inputs FROM scores WHERE state NOT IN ('gone', 'opted_out') AND customer_id > ?1
         ORDER BY customer_id LIMIT ?2";
    conn.query(sql, &[after.into(), (limit as i64).into()], |row| {
        Ok(Member {
            id: row.get::<Uuid>(0)?.into(),
            kind: kind_of(&row.get::<String>(1)?)?,
            inputs: inputs::from_bytes(&row.get::<Vec<u8>>(2)?, 2)?,
        })
    })
}

/// Customers for whom time was last reckoned before a day, or without what was learnt since.
pub(crate) fn due_for_time(
    conn: &mut Conn<'_>,
    as_of: AsOf,
    limit: usize,
) -> Result<Vec<CustomerId>, StoreError> {
    let limit = limit as i64;
    let by_day = "SELECT customer_id FROM scores WHERE assessed_on < ?1 ORDER BY assessed_on, customer_id LIMIT ?2";
    let read = |row: &DbRow<'_>| Ok(row.get::<Uuid>(0)?.into());
    let due = conn.query(by_day, &[as_of.today.into(), limit.into()], read)?;
    if !due.is_empty() {
        return Ok(due);
    }
    let by_learning = "SELECT customer_id FROM loyalty WHERE fitted_at < ?1 LIMIT ?2";
    conn.query(by_learning, &[as_of.fitted_at.into(), limit.into()], read)
}

/// A page of the ranking: customers of a kind from one place up to another, both by (sum, id).
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) kind: Kind,
    /// Only those who drive it; empty for all.
    pub(crate) brand: String,
    /// Behind this one; from the top if `None`.
    pub(crate) after: Option<(WeightedSum, CustomerId)>,
    /// Up to this one; to the end if `None`.
    pub(crate) last: Option<(WeightedSum, CustomerId)>,
    pub(crate) limit: usize,
}

impl Listing {
    /// Whether a place lies in it.
    pub(crate) fn holds(&self, (sum, customer): (WeightedSum, CustomerId)) -> bool {
        let order = |(sum, customer): (WeightedSum, CustomerId)| (Reverse(sum), customer);
        let here = order((sum, customer));
        self.after.is_none_or(|after| here > order(after))
            && self.last.is_none_or(|last| here <= order(last))
    }
}

/// Whether the dealers of a scope have so many customers' records or fewer.
pub(crate) fn has_at_most(
    conn: &mut Conn<'_>,
    scope: &Scope,
    most: usize,
) -> Result<bool, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "l.dealer", 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM record_links l WHERE {clause} LIMIT ?2) some_records"
    );
    let limit = most as i64 + 1;
    let found = conn.query_opt(&sql, &[dealers, limit.into()], |row| row.get::<i64>(0))?;
    Ok(found.unwrap_or(0) < limit)
}

/// Scored customers of a scope by rank, the highest first.
pub(crate) fn list_by_rank(
    conn: &mut Conn<'_>,
    scope: &Scope,
    listing: &Listing,
) -> Result<Vec<Row>, StoreError> {
    let (sight, dealers) = sight_clause(scope, 2);
    let top = (WeightedSum(i64::MAX), Uuid::nil().into());
    let bottom = (WeightedSum(i64::MIN), Uuid::max().into());
    let (after, last) = (listing.after.unwrap_or(top), listing.last.unwrap_or(bottom));
    let (drives, brand) = brand_clause(&listing.brand);
    let sql = format!(
        "SELECT {SELECTED} FROM scores s WHERE s.state = 'scored' AND s.kind = ?1 AND {sight} AND {drives}
         AND (s.sum < ?3 OR (s.sum = ?3 AND s.customer_id > ?4))
         AND (s.sum > ?5 OR (s.sum = ?5 AND s.customer_id <= ?6))
         ORDER BY s.sum DESC, s.customer_id LIMIT ?7"
    );
    let values = [
        listing.kind.key().into(),
        dealers,
        after.0.0.into(),
        after.1.uuid().into(),
        last.0.0.into(),
        last.1.uuid().into(),
        (listing.limit as i64).into(),
        (&brand).into(),
    ];
    conn.query(&sql, &values, read)
}

/// Those of the customers who are scored and in a scope, in no order.
pub(crate) fn find_ranked(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customers: &[CustomerId],
) -> Result<Vec<Row>, StoreError> {
    let (sight, dealers) = sight_clause(scope, 1);
    // The state is no clause: SQLite would walk over everybody in it instead of looking for these.
    let sql = format!("SELECT {SELECTED} FROM scores s WHERE {sight} AND s.customer_id IN (??)");
    let mut rows = conn.query_in(&sql, &[dealers], &customer_keys(customers), read)?;
    rows.retain(|row| row.state == State::Scored);
    Ok(rows)
}

/// That a scope has to do with the customer of a row `s`, as a clause over parameter `number` and its value.
fn sight_clause(scope: &Scope, number: usize) -> (String, Value<'_>) {
    let (clause, dealers) = dealer_clause(scope, "l.dealer", number);
    let sight = if matches!(scope, Scope::Headquarters) {
        clause
    } else {
        format!(
            "EXISTS (SELECT 1 FROM record_links l WHERE l.customer_id = s.customer_id AND {clause})"
        )
    };
    (sight, dealers)
}

/// That a customer drives a brand, as a clause over parameter 8 and its value. Letters count as they are: one store's LIKE would
/// take `NOVA` for `Nova`.
fn brand_clause(brand: &str) -> (String, String) {
    if brand.is_empty() {
        return ("?8 = ''".to_owned(), String::new());
    }
    let column = format!("s.brands || '{SEPARATOR}'");
    (
        format!("replace({column}, ?8, '') <> {column}"),
        format!("{SEPARATOR}{brand}{SEPARATOR}"),
    )
}

/// Scored customers of a kind in a scope, with the brands they drive.
pub(crate) fn list_in_scope(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: Kind,
) -> Result<Vec<CustomerId>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "l.dealer", 2);
    let sql = format!(
        "SELECT DISTINCT s.customer_id FROM record_links l JOIN scores s ON s.customer_id = l.customer_id
         WHERE s.state = 'scored' AND s.kind = ?1 AND {clause}"
    );
    conn.query(&sql, &[kind.key().into(), dealers], |row| {
        Ok(row.get::<Uuid>(0)?.into())
    })
}

/// How many customers of a kind in a scope are in each of the states without a score: (unscored, opted out).
pub(crate) fn count_states(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: Kind,
) -> Result<(i64, i64), StoreError> {
    let (sight, dealers) = sight_clause(scope, 2);
    let (clause, _) = dealer_clause(scope, "l.dealer", 2);
    let sql = format!(
        "SELECT s.state, count(*) FROM scores s WHERE s.state IN ('scored', 'opted_out') AND s.kind = ?1
         AND {sight} GROUP BY s.state"
    );
    let values = [kind.key().into(), dealers];
    let counts: Vec<(String, i64)> =
        conn.query(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let of = |state: State| {
        let count = counts.iter().find(|(code, _)| code == state.code());
        count.map_or(0, |(_, count)| *count)
    };
    // Whoever is known and neither scored nor opted out is unscored, most of them without a row of scores.
    let sql = format!(
        "SELECT count(*) FROM (SELECT l.customer_id FROM record_links l WHERE l.kind = ?1 AND {clause}
             GROUP BY l.customer_id) known"
    );
    let known: Option<i64> = conn.query_opt(&sql, &values, |row| row.get(0))?;
    let (scored, opted_out) = (of(State::Scored), of(State::OptedOut));
    let unscored = known.unwrap_or(0) - scored - opted_out;
    Ok((unscored.max(0), opted_out))
}

/// What a customer's row said at an instant.
pub(crate) fn history_at(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    at: Timestamp,
) -> Result<Option<Row>, StoreError> {
    let sql = format!(
        "SELECT {PAST} FROM score_history s WHERE s.customer_id = ?1 AND s.at <= ?2 ORDER BY s.at DESC LIMIT 1"
    );
    conn.query_opt(&sql, &[customer.uuid().into(), at.into()], read_past)
}

/// A place in a history: the instant and whose row it is.
pub(crate) type PastSpot = (Timestamp, CustomerId);

/// What the row of a customer, and those of whoever was merged into him, said before a place, newest first.
pub(crate) fn history_of(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    (before, whose): PastSpot,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let mut people = merged_into(conn, customer)?;
    people.push(customer);
    let sql = format!(
        "SELECT {PAST} FROM score_history s WHERE s.customer_id IN (??) AND s.state <> 'gone'
         AND (s.at < ?1 OR (s.at = ?1 AND s.customer_id < ?2)) ORDER BY s.at DESC, s.customer_id DESC LIMIT ?3"
    );
    let fixed: [Value<'_>; 3] = [before.into(), whose.uuid().into(), limit.into()];
    let mut rows = conn.query_in(&sql, &fixed, &customer_keys(&people), read_past)?;
    rows.sort_unstable_by_key(|row| Reverse((row.assessed_at, row.customer)));
    rows.truncate(limit as usize);
    Ok(rows)
}

/// Columns in the order [`read_past`] wants them.
const PAST: &str = "s.customer_id, s.state, s.kind, s.brands, s.sum, s.hundredths, s.confidence, s.model_version, \
     s.inputs, s.at";

fn read(row: &DbRow<'_>) -> Result<Row, StoreError> {
    Ok(Row {
        assessed_on: row.get(10)?,
        change: row.get(11)?,
        ..read_past(row)?
    })
}

fn read_past(row: &DbRow<'_>) -> Result<Row, StoreError> {
    let assessed_at: Timestamp = row.get(9)?;
    Ok(Row {
        customer: row.get::<Uuid>(0)?.into(),
        state: state_of(&row.get::<String>(1)?)?,
        kind: kind_of(&row.get::<String>(2)?)?,
        brands: brands_of(&row.get::<String>(3)?)
            .map(str::to_owned)
            .collect(),
        sum: WeightedSum(row.get(4)?),
        hundredths: row.get(5)?,
        confidence: row.get(6)?,
        model_version: row.get(7)?,
        inputs: inputs::from_bytes(&row.get::<Vec<u8>>(8)?, 8)?,
        assessed_at,
        assessed_on: marque_core::business_date(assessed_at),
        change: 0,
    })
}

/// The brands of a column.
pub(crate) fn brands_of(column: &str) -> impl Iterator<Item = &str> {
    column.split(SEPARATOR).filter(|brand| !brand.is_empty())
}

fn state_of(code: &str) -> Result<State, StoreError> {
    State::from_code(code).ok_or_else(|| corrupt(1, "no state of a score"))
}

pub(super) fn kind_of(code: &str) -> Result<Kind, StoreError> {
    Kind::parse(code).ok_or_else(|| corrupt(2, "no kind of customer"))
}
