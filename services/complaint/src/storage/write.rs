//! Cases: writing.

use marque_core::{ComplaintId, CustomerId, SourceRecordId, Timestamp};
use marque_db::{Backend, Conn, StoreError, Value};

use super::repeats::mark_repeat;
use crate::domain::{Case, CaseSerial, Tier};

/// A case about to be written for the first time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewCase<'a> {
    pub(crate) case: &'a Case,
    /// Keyed hash of the row it came in; empty if it came in none.
    pub(crate) content: &'a [u8],
    /// Its sealed words.
    pub(crate) body: &'a [u8],
}

pub(super) const COLUMNS: [&str; 32] = [
    "id",
    "serial",
    "dealer",
    "source",
    "complaint_key",
    "source_record_id",
    "customer_id",
    "vin",
    "visit",
    "channel",
    "category",
    "severity",
    "department",
    "part",
    "fault",
    "state",
    "level",
    "opened_at",
    "recorded_at",
    "acknowledged_at",
    "resolved_at",
    "closed_at",
    "updated_at",
    "reopened",
    "repeat_of",
    "satisfied_resolution",
    "satisfied_handling",
    "version",
    "body",
    "tier",
    "is_open",
    "content",
];

/// Takes serials for new cases. On SQLite the one writer reads the highest; on PostgreSQL a sequence hands them out.
pub(crate) fn take_serials(
    conn: &mut Conn<'_>,
    count: usize,
) -> Result<Vec<CaseSerial>, StoreError> {
    match conn.backend() {
        Backend::Sqlite => {
            let sql = "SELECT coalesce(max(serial), 0) FROM complaints";
            let last: i64 = conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0);
            Ok((1..=count as i64)
                .map(|step| CaseSerial::new(last + step))
                .collect())
        }
        Backend::Postgres => conn.query(
            "SELECT nextval('complaints_serial_seq') FROM generate_series(1, ?1::bigint)",
            &[Value::Int(count as i64)],
            |row| Ok(CaseSerial::new(row.get(0)?)),
        ),
    }
}

/// New cases.
pub(crate) fn insert_cases(conn: &mut Conn<'_>, cases: &[NewCase<'_>]) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = cases.iter().flat_map(values_of).collect();
    conn.insert_many("complaints", &COLUMNS, "", &values)
}

/// Notes in cases that they changed, though nothing of theirs but their clocks did.
pub(crate) fn touch_cases(
    conn: &mut Conn<'_>,
    cases: &[ComplaintId],
    at: Timestamp,
) -> Result<(), StoreError> {
    let keys: Vec<Value<'_>> = cases.iter().map(|case| case.uuid().into()).collect();
    let sql = "UPDATE complaints SET version = version + 1, updated_at = ?1 WHERE id IN (??)";
    conn.execute_in(sql, &[at.into()], &keys)?;
    Ok(())
}

/// Puts a case in the place of what it was; its words stay as they are, and which case it repeats, which others may write meanwhile
/// ([`super::remark_repeats`]): they raise its version, and no version stands for two states of it. The case has the version then that
/// is stored.
pub(crate) fn update_case(conn: &mut Conn<'_>, case: &mut Case) -> Result<(), StoreError> {
    let version = conn.query_opt(
        "UPDATE complaints SET category = ?2, severity = ?3, department = ?4, part = ?5, fault = ?6, state = ?7,
             is_open = ?8, acknowledged_at = ?9, resolved_at = ?10, closed_at = ?11, updated_at = ?12,
             reopened = ?13, satisfied_resolution = ?14, satisfied_handling = ?15,
             version = CASE WHEN version < ?16 THEN ?16 ELSE version + 1 END, tier = ?17
         WHERE id = ?1
         RETURNING version",
        &[
            case.id.uuid().into(),
            (&case.category).into(),
            case.severity.rank().into(),
            (&case.department).into(),
            (&case.part).into(),
            (&case.fault).into(),
            case.state.code().into(),
            case.state.is_open().into(),
            case.acknowledged_at.into(),
            case.resolved_at.into(),
            case.closed_at.into(),
            case.updated_at.into(),
            case.reopened.into(),
            case.satisfaction[0].into(),
            case.satisfaction[1].into(),
            case.version.into(),
            case.tier.map_or("", Tier::code).into(),
        ],
        |row| row.get(0),
    )?;
    case.version = version.unwrap_or(case.version);
    Ok(())
}

/// Puts who complains, of what and how in the place of what it was.
pub(crate) fn update_origin(conn: &mut Conn<'_>, case: &Case) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE complaints SET source_record_id = ?2, customer_id = ?3, vin = ?4, visit = ?5, channel = ?6 WHERE id = ?1",
        &[
            case.id.uuid().into(),
            case.record.map(SourceRecordId::uuid).into(),
            case.customer.map(CustomerId::uuid).into(),
            (&case.vin).into(),
            (&case.visit).into(),
            (&case.channel).into(),
        ],
    )?;
    Ok(())
}

/// Puts the sealed words of a case in the place of what they were.
pub(crate) fn put_body(
    conn: &mut Conn<'_>,
    case: ComplaintId,
    body: &[u8],
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE complaints SET body = ?2 WHERE id = ?1",
        &[case.uuid().into(), body.into()],
    )?;
    Ok(())
}

/// Gives an imported case the facts and sealed words of a corrected row, and keeps the row's keyed hash.
pub(crate) fn correct_case(
    conn: &mut Conn<'_>,
    case: &mut Case,
    (content, body): (&[u8], &[u8]),
) -> Result<(), StoreError> {
    update_case(conn, case)?;
    update_origin(conn, case)?;
    mark_repeat(conn, case.id, case.repeat_of)?;
    conn.execute(
        "UPDATE complaints SET opened_at = ?2, content = ?3, body = ?4 WHERE id = ?1",
        &[
            case.id.uuid().into(),
            case.opened_at.into(),
            content.into(),
            body.into(),
        ],
    )?;
    Ok(())
}

fn values_of<'a>(new: &NewCase<'a>) -> [Value<'a>; 32] {
    let NewCase {
        case,
        content,
        body,
    } = *new;
    [
        case.id.uuid().into(),
        case.serial.get().into(),
        (&case.dealer).into(),
        (&case.source).into(),
        (&case.complaint_key).into(),
        case.record.map(SourceRecordId::uuid).into(),
        case.customer.map(CustomerId::uuid).into(),
        (&case.vin).into(),
        (&case.visit).into(),
        (&case.channel).into(),
        (&case.category).into(),
        case.severity.rank().into(),
        (&case.department).into(),
        (&case.part).into(),
        (&case.fault).into(),
        case.state.code().into(),
        case.level.into(),
        case.opened_at.into(),
        case.recorded_at.into(),
        case.acknowledged_at.into(),
        case.resolved_at.into(),
        case.closed_at.into(),
        case.updated_at.into(),
        case.reopened.into(),
        case.repeat_of.map(ComplaintId::uuid).into(),
        case.satisfaction[0].into(),
        case.satisfaction[1].into(),
        case.version.into(),
        body.into(),
        case.tier.map_or("", Tier::code).into(),
        case.state.is_open().into(),
        content.into(),
    ]
}
