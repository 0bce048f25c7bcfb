//! Cases that go from one dealer to another, and the keys under which the one before still sends them.

use std::collections::HashMap;

use marque_core::ComplaintId;
use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

use crate::domain::{Case, CaseSerial};

/// Gives a case with its clocks and tasks to its dealer, whom it was not until now. A key is one of a dealer's own system: it stays with
/// `from`, so that his files do not make the case anew, and is the case's again when it comes back.
pub(crate) fn hand_over(
    conn: &mut Conn<'_>,
    case: &mut Case,
    from: &str,
) -> Result<(), StoreError> {
    leave_key(conn, case, from)?;
    take_key(conn, case)?;
    let id = Value::from(case.id.uuid());
    conn.execute(
        "UPDATE complaints SET dealer = ?2, complaint_key = ?3 WHERE id = ?1",
        &[id, (&case.dealer).into(), (&case.complaint_key).into()],
    )?;
    for sql in [
        "UPDATE complaint_clocks SET dealer = ?2 WHERE complaint_id = ?1",
        "UPDATE complaint_tasks SET case_dealer = ?2 WHERE complaint_id = ?1",
    ] {
        conn.execute(sql, &[id, (&case.dealer).into()])?;
    }
    Ok(())
}

fn leave_key(conn: &mut Conn<'_>, case: &mut Case, from: &str) -> Result<(), StoreError> {
    let key = std::mem::take(&mut case.complaint_key);
    if key.is_empty() {
        return Ok(());
    }
    conn.execute(
        "INSERT INTO handed_over_keys (dealer, source, complaint_key, complaint_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        &[
            from.into(),
            (&case.source).into(),
            (&key).into(),
            case.id.uuid().into(),
        ],
    )?;
    Ok(())
}

fn take_key(conn: &mut Conn<'_>, case: &mut Case) -> Result<(), StoreError> {
    let own = [(&case.dealer).into(), case.id.uuid().into()];
    // Unless another case has it by now: a process of the release before makes one of the same row.
    let sql = "SELECT k.complaint_key FROM handed_over_keys AS k WHERE k.dealer = ?1 AND k.complaint_id = ?2
               AND NOT EXISTS (SELECT 1 FROM complaints AS c WHERE c.dealer = k.dealer AND c.source = k.source
                   AND c.complaint_key = k.complaint_key AND c.complaint_key <> '')";
    let left: Option<String> = conn.query_opt(sql, &own, |row| row.get(0))?;
    if let Some(key) = left {
        conn.execute(
            "DELETE FROM handed_over_keys WHERE dealer = ?1 AND complaint_id = ?2",
            &own,
        )?;
        case.complaint_key = key;
    }
    Ok(())
}

/// The cases that a dealer had under some of these keys of a source and that were handed over.
pub(crate) fn handed_over(
    conn: &mut Conn<'_>,
    dealer: &str,
    source: &str,
    keys: &[&str],
) -> Result<HashMap<String, ComplaintId>, StoreError> {
    let keys: Vec<Value<'_>> = keys.iter().map(|key| Value::Text(key)).collect();
    let sql = "SELECT complaint_key, complaint_id FROM handed_over_keys
               WHERE dealer = ?1 AND source = ?2 AND complaint_key IN (??)";
    let found = conn.query_in(sql, &[dealer.into(), source.into()], &keys, |row| {
        Ok((row.get(0)?, row.get::<Uuid>(1)?.into()))
    })?;
    Ok(found.into_iter().collect())
}

/// The serial of a case that a dealer had under a key of a source and that was handed over.
pub(crate) fn serial_handed_over(
    conn: &mut Conn<'_>,
    (dealer, source, key): (&str, &str, &str),
) -> Result<Option<CaseSerial>, StoreError> {
    let sql =
        "SELECT c.serial FROM handed_over_keys AS k JOIN complaints AS c ON c.id = k.complaint_id
               WHERE k.dealer = ?1 AND k.source = ?2 AND k.complaint_key = ?3";
    let values = [dealer.into(), source.into(), key.into()];
    conn.among_all_dealers(|conn| {
        conn.query_opt(sql, &values, |row| Ok(CaseSerial::new(row.get(0)?)))
    })
}
