//! The second wall: whose rows a unit of work on PostgreSQL may touch, said to the database itself (ADR 26).
//!
//! The first wall is the clause that every statement of a store has. This one stands behind it: the unit of work runs as
//! a role that row-level security confines to one dealer or one region, so that a statement which forgot its clause finds
//! nothing foreign. SQLite has no such thing; there the first wall is alone.

use crate::{
    Conn, StoreError,
    conn::Driver,
    postgres::{PgSession, quoted},
};

/// The role that row-level security confines. Logins of services are members of it; it owns nothing.
pub const CONFINED: &str = "marque_app";
/// The role of headquarters and of the system's own work, for which there is no wall.
pub const UNCONFINED: &str = "marque_hq";

/// Written at each policy, so that a newer binary knows whether it is its own: raise the number with the policies.
const MARK: &str = "marque wall 2";

/// Tables that belong to dealers by a column that is not called `dealer`.
const OTHERWISE_NAMED: &str = "('dealers', 'code')";

/// Columns called `dealer` that say something of a row's subject and not whose the row is: where a customer came last.
const NO_OWNERS: &str = "('loyalty', 'dealer')";

/// Whose rows a unit of work may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wall {
    /// Nobody's: nothing was said.
    Nobody,
    /// Those of one dealer, by his code.
    Dealer(String),
    /// Those of the dealers of one region, by its code.
    Region(String),
    /// All: headquarters, and what the system does by itself.
    Everything,
}

tokio::task_local! {
    static BEHIND: Wall;
}

/// Runs work whose units of work are confined so. Work that is confined by nobody's word touches no dealer's rows.
pub fn behind<F: Future>(wall: Wall, work: F) -> impl Future<Output = F::Output> {
    BEHIND.scope(wall, work)
}

impl Wall {
    /// What the current task was told by [`behind`]; to be handed on to a task it spawns.
    pub fn current() -> Self {
        BEHIND.try_with(Self::clone).unwrap_or(Self::Nobody)
    }

    /// The statements after `BEGIN` by which a transaction goes behind the wall.
    pub(crate) fn statements(&self) -> String {
        match self {
            Self::Nobody => format!("; SET LOCAL ROLE {CONFINED}"),
            Self::Dealer(code) => {
                format!(
                    "; SET LOCAL ROLE {CONFINED}; SET LOCAL marque.dealer = {}",
                    literal(code)
                )
            }
            Self::Region(code) => {
                format!(
                    "; SET LOCAL ROLE {CONFINED}; SET LOCAL marque.region = {}",
                    literal(code)
                )
            }
            Self::Everything => format!("; SET LOCAL ROLE {UNCONFINED}"),
        }
    }
}

/// As whom a handle's units of work run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    /// As whoever the task works for.
    ForCaller,
    /// As whoever the task works for, or headquarters if nobody said.
    ForCallerOrHeadquarters,
    /// As headquarters, whoever asked.
    ForHeadquarters,
    /// As the login itself, which for migrations is the owner of the tables.
    AsLogin,
}

impl Acting {
    /// The wall of a unit of work that begins now; `None` for none, since the login speaks for itself.
    pub(crate) fn wall(self) -> Option<Wall> {
        match self {
            Self::ForCaller => Some(Wall::current()),
            Self::ForCallerOrHeadquarters => {
                Some(BEHIND.try_with(Wall::clone).unwrap_or(Wall::Everything))
            }
            Self::ForHeadquarters => Some(Wall::Everything),
            Self::AsLogin => None,
        }
    }
}

/// How a schema stands to the wall.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether the schema is there.
    pub(crate) has_schema: bool,
    /// Whether it has been raised in this schema.
    pub(crate) is_raised: bool,
    /// Whether headquarters' role is above row-level security, so that it may COPY into tables that have it.
    pub(crate) may_copy: bool,
}

impl Standing {
    pub(crate) fn of(session: &mut PgSession, schema: &str) -> Result<Self, StoreError> {
        let sql = format!(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ?1::text),
                    coalesce((SELECT has_schema_privilege(app.oid, space.oid, 'USAGE') FROM pg_namespace space, pg_roles app
                              WHERE space.nspname = ?1::text AND app.rolname = '{CONFINED}'), false),
                    coalesce((SELECT rolbypassrls FROM pg_roles WHERE rolname = '{UNCONFINED}'), false)"
        );
        let rows = session.query(&sql, &[schema.into()])?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Other("no row of one".into()))?;
        Ok(Self {
            has_schema: row.try_get(0)?,
            is_raised: row.try_get(1)?,
            may_copy: row.try_get(2)?,
        })
    }
}

/// Takes the wall down for good: the oldest versions take away the columns that it stands on.
pub(crate) fn raze(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if matches!(conn.0, Driver::Sqlite(_)) {
        return Ok(());
    }
    let policies: Vec<(String, String)> = conn.query(
        "SELECT policyname::text, tablename::text FROM pg_policies WHERE schemaname = current_schema()",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let sql: Vec<String> = policies
        .iter()
        .map(|(policy, table)| {
            let table = quoted(table);
            format!("DROP POLICY {policy} ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;")
        })
        .collect();
    conn.batch(&sql.concat())
}

/// Lets the owner of the tables touch all rows again until [`raise`]: a migration may change them.
pub(crate) fn lower(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if matches!(conn.0, Driver::Sqlite(_)) {
        return Ok(());
    }
    let forced: Vec<String> = conn.query(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relforcerowsecurity",
        &[],
        |row| row.get(0),
    )?;
    let sql: Vec<String> = forced
        .iter()
        .map(|table| format!("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY;", quoted(table)))
        .collect();
    conn.batch(&sql.concat())
}

/// Raises the wall around every table of the schema that belongs to dealers, and lets the two roles in. Does nothing where
/// the roles have not been made: who makes them decides that there is a wall.
///
/// What is right already is left alone, for the statements lock their tables.
pub(crate) fn raise(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if matches!(conn.0, Driver::Sqlite(_)) || !has_roles(conn)? {
        return Ok(());
    }
    let mut sql = Vec::new();
    for table in tables(conn)? {
        table.write(&mut sql);
    }
    if !sql.is_empty() {
        conn.batch(&sql.concat())?;
    }
    grant(conn)
}

fn has_roles(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let sql =
        format!("SELECT count(*) FROM pg_roles WHERE rolname IN ('{CONFINED}', '{UNCONFINED}')");
    let found: Option<i64> = conn.query_opt(&sql, &[], |row| row.get(0))?;
    Ok(found == Some(2))
}

/// A table that belongs to dealers and is not yet, or not rightly, behind the wall.
struct Open {
    name: String,
    column: String,
    has_policies: bool,
}

/// Tables to be put behind the wall.
fn tables(conn: &mut Conn<'_>) -> Result<Vec<Open>, StoreError> {
    let sql = format!(
        "SELECT class.relname::text, owner.attname::text, policies.marked = 2
         FROM pg_class class
         JOIN pg_attribute owner ON owner.attrelid = class.oid AND NOT owner.attisdropped
              AND (owner.attname = 'dealer' OR (class.relname, owner.attname) IN ({OTHERWISE_NAMED}))
              AND (class.relname, owner.attname) NOT IN ({NO_OWNERS})
         CROSS JOIN LATERAL (SELECT count(*) AS marked FROM pg_policy
              WHERE polrelid = class.oid AND obj_description(pg_policy.oid, 'pg_policy') = ?1) policies
         WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind IN ('r', 'p')
           AND NOT (class.relrowsecurity AND class.relforcerowsecurity AND policies.marked = 2)
         ORDER BY class.relname"
    );
    conn.query(&sql, &[MARK.into()], |row| {
        Ok(Open {
            name: row.get(0)?,
            column: row.get(1)?,
            has_policies: row.get(2)?,
        })
    })
}

impl Open {
    fn write(&self, sql: &mut Vec<String>) {
        let (table, column) = (quoted(&self.name), quoted(&self.column));
        sql.push(format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        ));
        if self.has_policies {
            return;
        }
        // After a transaction a setting that was local to it reads '' and not NULL. No dealer is called so, but rows of
        // nobody in particular have this code.
        let told = |name: &str| format!("NULLIF(current_setting('marque.{name}', true), '')");
        let of_region = if self.name == "dealer_regions" || self.name == "dealers" {
            format!("region = {}", told("region"))
        } else {
            format!(
                "{column} IN (SELECT dealer FROM dealer_regions WHERE region = {})",
                told("region")
            )
        };
        let own = format!("{column} = {} OR {of_region}", told("dealer"));
        let or_nobodys = format!("{own} OR {column} = ''");
        let (seen, written) = match self.name.as_str() {
            // Acts and events that concern no dealer are told by whoever does them, and read by none of them.
            "audit" | "outbox" => (&own, &or_nobodys),
            // The end of their chain is a number and a hash, which the next act goes on from.
            "audit_heads" => (&or_nobodys, &or_nobodys),
            _ => (&own, &own),
        };
        // A policy for a role holds for its members that inherit as well: the login itself, before it says as whom it acts, must see
        // nothing.
        let all = format!("current_user = '{UNCONFINED}'");
        for (policy, role, seen, written) in [
            ("own_rows", CONFINED, seen, written),
            ("all_rows", UNCONFINED, &all, &all),
        ] {
            sql.push(format!(
                "DROP POLICY IF EXISTS {policy} ON {table};
                 CREATE POLICY {policy} ON {table} TO {role} USING ({seen}) WITH CHECK ({written});
                 COMMENT ON POLICY {policy} ON {table} IS '{MARK}';"
            ));
        }
    }
}

/// What the roles may do in the schema. Neither changes the schema, its list of versions or what was audited.
fn grant(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    let schema: Option<String> =
        conn.query_opt("SELECT current_schema()::text", &[], |row| row.get(0))?;
    let schema = quoted(&schema.unwrap_or_default());
    let fixed: Vec<String> = conn.query(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
         AND (relname = 'audit' OR relname LIKE '%\\_migrations')",
        &[],
        |row| row.get(0),
    )?;
    let both = format!("{CONFINED}, {UNCONFINED}");
    let mut sql = vec![format!(
        "GRANT USAGE ON SCHEMA {schema} TO {both};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {both};
         GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {both};
         ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {both};"
    )];
    for table in fixed {
        let revoked = if table == "audit" {
            "UPDATE, DELETE"
        } else {
            "INSERT, UPDATE, DELETE"
        };
        sql.push(format!(
            "REVOKE {revoked} ON {} FROM {both};",
            quoted(&table)
        ));
    }
    conn.batch(&sql.concat())
}

/// What is wrong with the wall of a schema, for `marque doctor`: not raised, or the login may step over it.
pub(crate) fn problem(conn: &mut Conn<'_>) -> Result<Option<String>, StoreError> {
    if matches!(conn.0, Driver::Sqlite(_)) {
        return Ok(None);
    }
    if !has_roles(conn)? {
        return Ok(Some(format!(
            "there is no second wall between dealers: make the roles {CONFINED} and {UNCONFINED} (docs/operations.md) and run `marque migrate`"
        )));
    }
    conn.act_as_member()?;
    let schema: Option<Option<String>> =
        conn.query_opt("SELECT current_schema()::text", &[], |row| row.get(0))?;
    if schema.flatten().is_none() {
        return Ok(Some(
            "this login may not use the schema, so that nothing can be said of the wall between dealers: run `marque migrate`"
                .to_owned(),
        ));
    }
    let open = tables(conn)?;
    if let Some(table) = open.first() {
        return Ok(Some(format!(
            "{} tables are not behind the wall between dealers, {} first: run `marque migrate`",
            open.len(),
            table.name
        )));
    }
    let sql = format!(
        "SELECT rolname::text, rolsuper, rolbypassrls,
                EXISTS (SELECT FROM pg_class WHERE relowner = role.oid AND relnamespace = current_schema()::regnamespace),
                pg_has_role(role.oid, '{CONFINED}', 'MEMBER') AND pg_has_role(role.oid, '{UNCONFINED}', 'MEMBER'),
                pg_has_role(role.oid, '{UNCONFINED}', 'USAGE')
         FROM pg_roles role WHERE rolname = session_user"
    );
    let found = conn.query_opt(&sql, &[], |row| {
        let name: String = row.get(0)?;
        let faults: [(bool, &str); 5] = [
            (row.get(1)?, "is a superuser"),
            (row.get(2)?, "has BYPASSRLS"),
            (row.get(3)?, "owns the tables"),
            (
                !row.get::<bool>(4)?,
                "is not a member of marque_app and marque_hq",
            ),
            (
                row.get(5)?,
                "inherits the rights of marque_hq, which it shall have to ask for (NOINHERIT)",
            ),
        ];
        Ok((name, faults))
    })?;
    Ok(found.and_then(|(name, faults)| {
        let (_, fault) = faults.into_iter().find(|(is_so, _)| *is_so)?;
        Some(format!(
            "the login {name} {fault}, so that the wall between dealers does not hold it: give services a login of their own (docs/operations.md)"
        ))
    }))
}

/// Text between single quotes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_with_a_quote_stays_a_code() {
        let told = Wall::Dealer("D1'; RESET ROLE; --".to_owned()).statements();
        assert!(
            told.ends_with("marque.dealer = 'D1''; RESET ROLE; --'"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn who_says_nothing_is_nobody() {
        assert_eq!(Wall::current(), Wall::Nobody);
        let own = Wall::Dealer("D1".to_owned());
        let seen = behind(own.clone(), async { Wall::current() }).await;
        assert_eq!(seen, own);
    }
}
