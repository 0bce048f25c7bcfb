//! Cases: writing, reading one, and finding those that a new one may repeat.

use std::cmp::Reverse;

use marque_auth::Scope;
use marque_core::{ComplaintId, CustomerId, SourceRecordId, Timestamp};
use marque_db::{Backend, Conn, Row, StoreError, Value, lock_key};
use marque_events::dealer_clause;
use marque_vault::{Numbering, Series, Vault, VaultError};
use uuid::Uuid;

use super::{
    blob,
    calendars::{share_hours, share_hours_of},
    current_customer, optional,
    write::COLUMNS,
};
use crate::domain::{Case, CaseNumber, CaseSerial, Severity, State, Tier};

/// Writes and reads cases; seals and opens what people said.
#[derive(Debug, Clone)]
pub(crate) struct CaseStore {
    pub(super) vault: Vault,
    /// Turns serials into the numbers that people are told.
    numbers: Numbering,
}

/// The columns a case is read from; of its own table, for clocks have a dealer too.
pub(super) fn read_columns() -> String {
    let columns = COLUMNS[..30].iter();
    let columns: Vec<String> = columns
        .map(|column| format!("complaints.{column}"))
        .collect();
    columns.join(", ")
}

/// Cases of one vehicle, part or fault that another is compared with.
const MOST_KIN: usize = 20;

/// A customer, by his record and as far as he is known himself, and a vehicle.
pub(crate) type Whose<'a> = (Option<SourceRecordId>, Option<CustomerId>, &'a str);

impl CaseStore {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            numbers: vault.numbering(Series::Complaints, CaseNumber::LEAST),
            vault,
        }
    }

    /// What seals and opens.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The number that people are told of a case.
    pub(crate) fn number_of(&self, case: CaseSerial) -> CaseNumber {
        CaseNumber::of(self.numbers.show(case.get().cast_unsigned()))
    }

    /// Seals the words of a case for its row.
    pub(crate) fn seal(&self, case: &Case) -> Result<Vec<u8>, VaultError> {
        blob::seal_words(&self.vault, case.id.as_bytes(), &case.words)
    }

    /// A case in the scope, by id.
    pub(crate) fn find(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        id: ComplaintId,
    ) -> Result<Option<Case>, StoreError> {
        self.find_by(conn, scope, "id", id.uuid().into())
    }

    /// A case in the scope, by the number people say aloud.
    pub(crate) fn find_by_number(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        number: CaseNumber,
    ) -> Result<Option<Case>, StoreError> {
        let Some(serial) = self.numbers.serial(number.digits()) else {
            return Ok(None);
        };
        self.find_by(conn, scope, "serial", serial.cast_signed().into())
    }

    fn find_by(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        column: &str,
        key: Value<'_>,
    ) -> Result<Option<Case>, StoreError> {
        let (clause, dealers) = dealer_clause(scope, "dealer", 2);
        if let Scope::Customer(own) = scope {
            // He is no dealer's: his cases are looked for among all.
            conn.see_all_dealers()?;
            let own = current_customer(conn, *own)?;
            let sql = format!(
                "SELECT {} FROM complaints WHERE {column} = ?1 AND customer_id = ?2",
                read_columns()
            );
            return conn.query_opt(&sql, &[key, own.uuid().into()], |row| self.read(row));
        }
        let sql = format!(
            "SELECT {} FROM complaints WHERE {column} = ?1 AND {clause}",
            read_columns()
        );
        conn.query_opt(&sql, &[key, dealers], |row| self.read(row))
    }

    /// Cases that came from a dealer's source under these keys, with the hashes of their rows.
    pub(crate) fn find_by_keys(
        &self,
        conn: &mut Conn<'_>,
        dealer: &str,
        source: &str,
        keys: &[&str],
    ) -> Result<Vec<(Case, Vec<u8>)>, StoreError> {
        let keys: Vec<Value<'_>> = keys.iter().map(|key| Value::Text(key)).collect();
        let sql = format!(
            "SELECT {}, content FROM complaints
             WHERE dealer = ?1 AND source = ?2 AND complaint_key IN (??) AND complaint_key <> ''",
            read_columns()
        );
        conn.query_in(&sql, &[dealer.into(), source.into()], &keys, |row| {
            Ok((self.read(row)?, row.get(30)?))
        })
    }

    /// Cases in the scope by their ids, in no order.
    pub(crate) fn find_many(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        ids: &[ComplaintId],
    ) -> Result<Vec<Case>, StoreError> {
        // Not the column itself: else SQLite reads all cases of the dealer to find the few.
        let (clause, dealers) = dealer_clause(scope, "dealer || ''", 1);
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let sql = format!(
            "SELECT {} FROM complaints WHERE {clause} AND id IN (??)",
            read_columns()
        );
        conn.query_in(&sql, &[dealers], &keys, |row| self.read(row))
    }

    /// Those of the ids whose cases are in the scope.
    pub(crate) fn keep_in_scope(
        conn: &mut Conn<'_>,
        scope: &Scope,
        ids: &[ComplaintId],
    ) -> Result<Vec<ComplaintId>, StoreError> {
        let (clause, dealers) = dealer_clause(scope, "dealer || ''", 1);
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let sql = format!("SELECT id FROM complaints WHERE {clause} AND id IN (??)");
        conn.query_in(&sql, &[dealers], &keys, |row| {
            Ok(row.get::<Uuid>(0)?.into())
        })
    }

    /// Cases by their ids, and all others about the same vehicles: whether one was entered twice depends on them.
    pub(crate) fn with_siblings(
        &self,
        conn: &mut Conn<'_>,
        ids: &[ComplaintId],
    ) -> Result<Vec<Case>, StoreError> {
        let mut cases = self.find_many(conn, &Scope::Headquarters, ids)?;
        let vins: Vec<String> = cases.iter().map(|case| case.vin.clone()).collect();
        let keys: Vec<Value<'_>> = vins.iter().map(Value::from).collect();
        let sql = format!(
            "SELECT {} FROM complaints WHERE vin <> '' AND vin IN (??)",
            read_columns()
        );
        cases.extend(conn.query_in(&sql, &[], &keys, |row| self.read(row))?);
        cases.sort_by_key(|case| case.id);
        cases.dedup_by_key(|case| case.id);
        Ok(cases)
    }

    /// Ids of cases in their order, after one of them.
    pub(crate) fn ids(
        conn: &mut Conn<'_>,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<ComplaintId>, StoreError> {
        conn.query(
            "SELECT id FROM complaints WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[after.into(), limit.into()],
            |row| Ok(row.get::<Uuid>(0)?.into()),
        )
    }

    /// Open cases in the scope of a customer or a vehicle, newest first, at most twenty.
    pub(crate) fn find_open_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        whose: Whose<'_>,
    ) -> Result<Vec<Case>, StoreError> {
        let mut open = self.find_of(conn, scope, whose)?;
        open.retain(|case| case.state.is_open());
        Ok(open)
    }

    /// Cases in the scope of a customer or a vehicle, open ones first, then newest first, at most twenty. Each is asked for
    /// by an index of its own. A customer is shown his own alone: his car may have had another owner.
    pub(crate) fn find_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        (record, customer, vin): Whose<'_>,
    ) -> Result<Vec<Case>, StoreError> {
        let is_customer = matches!(scope, Scope::Customer(_));
        if is_customer {
            conn.see_all_dealers()?;
        }
        let (clause, dealers) = dealer_clause(scope, "dealer", 2);
        let mine = if is_customer {
            "customer_id = ?1 AND ?2 = ''"
        } else {
            clause.as_str()
        };
        let keys: [(&str, Value<'_>); 3] = [
            (
                "source_record_id = ?1",
                record.map(SourceRecordId::uuid).into(),
            ),
            ("customer_id = ?1", customer.map(CustomerId::uuid).into()),
            ("vin = ?1 AND vin <> ''", vin.into()),
        ];
        let mut found: Vec<Case> = Vec::new();
        for (key, value) in keys {
            let is_anybodys = is_customer && !key.starts_with("customer_id");
            if is_anybodys || value == Value::Null || value == Value::Text("") {
                continue;
            }
            let sql = format!(
                "SELECT {} FROM complaints WHERE {key} AND {mine}
                 ORDER BY is_open DESC, opened_at DESC, id DESC LIMIT 20",
                read_columns()
            );
            let cases = conn.query(&sql, &[value, dealers], |row| self.read(row))?;
            found.extend(cases);
        }
        found.sort_by_key(|case| (!case.state.is_open(), Reverse((case.opened_at, case.id))));
        found.dedup_by_key(|case| case.id);
        found.truncate(20);
        Ok(found)
    }

    /// Cases in the scope of a vehicle, or of a part or a fault as it may be spelled, the newest of each.
    pub(crate) fn find_kin(
        conn: &mut Conn<'_>,
        scope: &Scope,
        (vin, [parts, faults]): (&str, &[Vec<String>; 2]),
    ) -> Result<Vec<ComplaintId>, StoreError> {
        let vins = [vin.to_owned()];
        let (clause, dealers) = dealer_clause(scope, "dealer", 2);
        let mut kin: Vec<ComplaintId> = Vec::new();
        for (column, spellings) in [
            ("vin", vins.as_slice()),
            ("fault", faults.as_slice()),
            ("part", parts.as_slice()),
        ] {
            let sql = format!(
                "SELECT opened_at, id FROM complaints WHERE {column} = ?1 AND {column} <> '' AND {clause}
                 ORDER BY opened_at DESC LIMIT {MOST_KIN}"
            );
            let mut newest: Vec<(Timestamp, Uuid)> = Vec::new();
            for spelling in spellings.iter().filter(|spelling| !spelling.is_empty()) {
                let values = [spelling.into(), dealers];
                newest.extend(conn.query(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?);
            }
            newest.sort_unstable_by_key(|case| Reverse(*case));
            newest.truncate(MOST_KIN);
            kin.extend(newest.into_iter().map(|(_, id)| ComplaintId::from(id)));
        }
        kin.sort_unstable();
        kin.dedup();
        Ok(kin)
    }

    pub(super) fn read(&self, row: &Row<'_>) -> Result<Case, StoreError> {
        let id: Uuid = row.get(0)?;
        let state: String = row.get(15)?;
        Ok(Case {
            id: id.into(),
            serial: CaseSerial::new(row.get(1)?),
            dealer: row.get(2)?,
            source: row.get(3)?,
            complaint_key: row.get(4)?,
            record: optional(row, 5)?,
            customer: optional(row, 6)?,
            vin: row.get(7)?,
            visit: row.get(8)?,
            channel: row.get(9)?,
            category: row.get(10)?,
            severity: Severity::of_rank(row.get(11)?),
            tier: Tier::parse(&row.get::<String>(29)?),
            department: row.get(12)?,
            part: row.get(13)?,
            fault: row.get(14)?,
            state: State::parse(&state).ok_or_else(|| StoreError::Decode {
                column: 15,
                source: "no state of this release".into(),
            })?,
            level: row.get(16)?,
            opened_at: row.get(17)?,
            recorded_at: row.get(18)?,
            acknowledged_at: row.get(19)?,
            resolved_at: row.get(20)?,
            closed_at: row.get(21)?,
            updated_at: row.get(22)?,
            reopened: row.get(23)?,
            repeat_of: optional(row, 24)?,
            satisfaction: [row.get(25)?, row.get(26)?],
            version: row.get(27)?,
            words: blob::open_words(&self.vault, id.as_bytes(), &row.get::<Vec<u8>>(28)?)?,
        })
    }
}

/// Holds a case of a dealer until the transaction ends, and his hours ([`share_hours`]).
pub(crate) fn lock_case(
    conn: &mut Conn<'_>,
    (case, dealer): (ComplaintId, &str),
) -> Result<(), StoreError> {
    share_hours(conn, dealer)?;
    conn.lock_keys(&mut vec![lock_key(case.as_bytes())])
}

/// Holds cases until the transaction ends, all at once and in one order for all: a move and an escalation wait for each
/// other. The hours of their dealers stay as they are ([`share_hours`]).
pub(crate) fn lock_cases(
    conn: &mut Conn<'_>,
    cases: impl Iterator<Item = ComplaintId>,
) -> Result<(), StoreError> {
    let cases: Vec<ComplaintId> = cases.collect();
    let ids: Vec<Value<'_>> = cases.iter().map(|case| case.uuid().into()).collect();
    share_hours_by(conn, "id", &ids)?;
    conn.lock_keys(&mut cases.iter().map(|id| lock_key(id.as_bytes())).collect())?;
    // Until then one may have been handed over.
    share_hours_by(conn, "id", &ids)
}

/// Keeps the hours of the dealers as they are who have cases of these source records ([`share_hours`]): before they are written.
pub(crate) fn share_hours_of_records(
    conn: &mut Conn<'_>,
    records: &[SourceRecordId],
) -> Result<(), StoreError> {
    let records: Vec<Value<'_>> = records.iter().map(|record| record.uuid().into()).collect();
    share_hours_by(conn, "source_record_id", &records)
}

fn share_hours_by(conn: &mut Conn<'_>, column: &str, keys: &[Value<'_>]) -> Result<(), StoreError> {
    // SQLite has one writer, and nothing to share.
    if conn.backend() == Backend::Sqlite {
        return Ok(());
    }
    let sql = format!("SELECT DISTINCT dealer FROM complaints WHERE {column} IN (??)");
    let dealers: Vec<String> = conn.query_in(&sql, &[], keys, |row| row.get(0))?;
    share_hours_of(conn, dealers.iter().map(String::as_str))
}
