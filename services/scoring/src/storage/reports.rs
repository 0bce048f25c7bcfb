//! What reports read: everybody as of an instant, the groups he belongs to, and when he came.

use marque_auth::Scope;
use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, Row as DbRow, StoreError, Value};
use marque_events::dealer_clause;
use marque_insight::{loyalty::Degrees, rank::Kind, value::WeightedSum};
use uuid::Uuid;

use super::scores::kind_of;
use crate::domain::{By, Word, Words};

/// A scored customer as of an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    pub(crate) customer: CustomerId,
    pub(crate) kind: Kind,
    pub(crate) sum: WeightedSum,
    pub(crate) hundredths: i64,
}

/// Everybody who was scored at an instant, in the whole network: ranks are made of all.
pub(crate) fn scored_at(conn: &mut Conn<'_>, at: Timestamp) -> Result<Vec<Past>, StoreError> {
    let sql = "SELECT h.customer_id, h.kind, h.sum, h.hundredths FROM score_history h
         JOIN (SELECT customer_id, max(at) AS at FROM score_history WHERE at <= ?1 GROUP BY customer_id) n
             ON n.customer_id = h.customer_id AND n.at = h.at
         WHERE h.state = 'scored'";
    conn.query(sql, &[at.into()], |row| {
        Ok(Past {
            customer: customer(row)?,
            kind: kind_of(&row.get::<String>(1)?)?,
            sum: WeightedSum(row.get(2)?),
            hundredths: row.get(3)?,
        })
    })
}

/// A word of everybody's loyalty at an instant; customers who had never come have no class.
pub(crate) fn words_at(
    conn: &mut Conn<'_>,
    word: Word,
    at: Timestamp,
) -> Result<Words, StoreError> {
    let column = word.name();
    let sql = format!(
        "SELECT h.customer_id, h.{column} FROM loyalty_history h
         JOIN (SELECT customer_id, max(at) AS at FROM loyalty_history WHERE at <= ?1 GROUP BY customer_id) n
             ON n.customer_id = h.customer_id AND n.at = h.at
         WHERE h.{column} <> ''"
    );
    let mut words = Words::default();
    conn.query(&sql, &[at.into()], |row| {
        words.say(customer(row)?, &row.get::<String>(1)?);
        Ok(())
    })?;
    Ok(words)
}

/// Whom a table is of, and by what they are told apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Groups {
    pub(crate) by: By,
    /// Only customers of this kind; of both if `None`.
    pub(crate) kind: Option<Kind>,
    /// By model, whose cars were whose at this instant. All else is as it is known today.
    pub(crate) at: Timestamp,
    /// By model, whether those whom a car had left by then belong to its model too.
    pub(crate) has_past_owners: bool,
}

/// Which groups a scope's customers belong to; one may belong to several, such as two dealers. Who does not want to be scored
/// is in none, whatever he was before.
pub(crate) fn groups(
    conn: &mut Conn<'_>,
    scope: &Scope,
    of: Groups,
) -> Result<Vec<(CustomerId, String)>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "l.dealer", 1);
    let sql = groups_sql(of, &clause);
    let values = group_values(of, dealers);
    let mut groups = conn.query(&sql, &values, |row| Ok((customer(row)?, row.get(1)?)))?;
    let refused = super::links::who_refused(conn)?;
    groups.retain(|(customer, _)| !refused.contains(customer));
    Ok(groups)
}

/// Of whatever kind if it is empty.
fn word_of(kind: Option<Kind>) -> &'static str {
    kind.map_or("", Kind::key)
}

/// That the customer of a row is of the kind in parameter 2, if one is. His own it is, and not that of a record: he may have records of both.
fn kind_clause(row: &str) -> String {
    format!(
        "(?2 = '' OR EXISTS (SELECT 1 FROM loyalty k WHERE k.customer_id = {row}.customer_id AND k.kind = ?2))"
    )
}

/// The values of the parameters of [`groups_sql`].
fn group_values(of: Groups, dealers: Value<'_>) -> Vec<Value<'_>> {
    let mut values = vec![dealers, word_of(of.kind).into()];
    if of.by == By::Model {
        values.push(of.at.into());
    }
    values
}

/// That the part in a car of row `p` had begun at the instant in parameter 3. Whoever was first named of a car is taken to have had it
/// before he was, since a table may be of a day before cars were told of.
const HAD_BEGUN: &str = "(p.first_at <= ?3 OR NOT EXISTS (SELECT 1 FROM vehicle_parties o
                 WHERE o.vin = p.vin AND o.first_at < p.first_at))";
/// That it had not ended by then. When a car came back is not known, so that it counts as never gone.
const HAD_NOT_ENDED: &str = "(p.ended_at IS NULL OR p.ended_at > ?3 OR p.ended_at < p.last_at)";

/// The query of customers and their groups, `customer_id` and `grp`. Parameter 2 is their kind, or empty; by model parameter 3 is the instant.
fn groups_sql(of: Groups, clause: &str) -> String {
    let clause = format!("{clause} AND {}", kind_clause("l"));
    match of.by {
        By::All | By::Cohort => {
            format!("SELECT DISTINCT l.customer_id, '' AS grp FROM record_links l WHERE {clause}")
        }
        By::Dealer => format!(
            "SELECT DISTINCT l.customer_id, l.dealer AS grp FROM record_links l WHERE {clause}"
        ),
        By::Region => format!(
            "SELECT DISTINCT l.customer_id, r.region AS grp FROM record_links l
             JOIN dealer_regions r ON r.dealer = l.dealer WHERE {clause}"
        ),
        By::Model if of.has_past_owners => parties_sql(HAD_BEGUN, &clause),
        By::Model => parties_sql(&format!("{HAD_BEGUN} AND {HAD_NOT_ENDED}"), &clause),
        By::Occupation => format!(
            "SELECT DISTINCT l.customer_id, l.occupation AS grp FROM record_links l
             WHERE l.occupation <> '' AND {clause}"
        ),
        By::Age => format!(
            "SELECT l.customer_id, CAST(max(l.birth_year) AS TEXT) AS grp FROM record_links l
             WHERE l.birth_year > 0 AND {clause} GROUP BY l.customer_id"
        ),
    }
}

/// The models of cars in which customers have a part of which a condition holds.
fn parties_sql(condition: &str, clause: &str) -> String {
    format!(
        "SELECT DISTINCT l.customer_id, CASE WHEN v.model = '' THEN v.series ELSE v.model END AS grp
         FROM record_links l JOIN vehicle_parties p ON p.source_record_id = l.source_record_id
         JOIN vehicles v ON v.vin = p.vin
         WHERE {condition} AND {clause}"
    )
}

/// The degrees of a scope's customers with the group of each: by dealer and region what he is to that dealer, otherwise what
/// he is to all.
pub(crate) fn degrees_by(
    conn: &mut Conn<'_>,
    scope: &Scope,
    of: Groups,
) -> Result<Vec<(String, Degrees)>, StoreError> {
    let degrees = "y.satisfaction, y.contribution, y.loyalty, y.dependence";
    let (own, own_dealers) = dealer_clause(scope, "y.dealer", 1);
    let of_kind = kind_clause("y");
    let (seen, seen_dealers) = dealer_clause(scope, "l.dealer", 1);
    let (sql, values) = match of.by {
        By::Dealer => (
            format!("SELECT y.dealer, {degrees} FROM dealer_degrees y WHERE {own} AND {of_kind}"),
            group_values(of, own_dealers),
        ),
        By::Region => (
            format!(
                "SELECT r.region, {degrees} FROM dealer_degrees y
                 JOIN dealer_regions r ON r.dealer = y.dealer WHERE {own} AND {of_kind}"
            ),
            group_values(of, own_dealers),
        ),
        _ => (
            format!(
                "SELECT g.grp, {degrees} FROM ({}) g JOIN loyalty y ON y.customer_id = g.customer_id",
                groups_sql(of, &seen)
            ),
            group_values(of, seen_dealers),
        ),
    };
    conn.query(&sql, &values, |row| {
        let degrees = Degrees {
            satisfaction: row.get(1)?,
            contribution: row.get(2)?,
            loyalty: row.get(3)?,
            dependence: row.get(4)?,
        };
        Ok((row.get(0)?, degrees))
    })
}

/// A visit as retention and cohorts count it.
#[derive(Debug, Clone)]
pub(crate) struct Coming {
    pub(crate) customer: CustomerId,
    pub(crate) at: Timestamp,
    pub(crate) dealer: String,
    pub(crate) vin: String,
}

/// Visits of a scope's dealers before an instant, by time.
pub(crate) fn comings_before(
    conn: &mut Conn<'_>,
    scope: &Scope,
    before: Timestamp,
    kind: Option<Kind>,
) -> Result<Vec<Coming>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "f.dealer", 1);
    let sql = format!(
        "SELECT l.customer_id, f.happened_at, f.dealer, f.vin FROM facts f
         JOIN record_links l ON l.source_record_id = f.source_record_id
         JOIN scores s ON s.customer_id = l.customer_id AND s.state <> 'opted_out'
         WHERE f.kind = 'visit' AND f.happened_at < ?2 AND (?3 = '' OR s.kind = ?3) AND {clause}
         ORDER BY f.happened_at"
    );
    let values = [dealers, before.into(), word_of(kind).into()];
    conn.query(&sql, &values, |row| {
        Ok(Coming {
            customer: customer(row)?,
            at: row.get(1)?,
            dealer: row.get(2)?,
            vin: row.get(3)?,
        })
    })
}

/// Names of all models by VIN.
pub(crate) fn models_by_vin(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT vin, CASE WHEN model = '' THEN series ELSE model END FROM vehicles";
    conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Regions of dealers.
pub(crate) fn regions(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, StoreError> {
    conn.query("SELECT dealer, region FROM dealer_regions", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

fn customer(row: &DbRow<'_>) -> Result<CustomerId, StoreError> {
    Ok(row.get::<Uuid>(0)?.into())
}
