//! The tables of imports: every statement of the crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use marque_auth::Scope;
use marque_core::{DealerCode, ImportId, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_tabular::Mapping;
use uuid::Uuid;

use crate::outcome::Counts;

/// What an import is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Running,
    Succeeded,
    Failed,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Decode {
                column: 8,
                source: "unknown state of an import".into(),
            })
    }
}

/// An import as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ImportRow {
    pub(crate) id: ImportId,
    pub(crate) kind: String,
    pub(crate) dealer: DealerCode,
    pub(crate) source: String,
    pub(crate) dry_run: bool,
    pub(crate) format: String,
    /// JSON object: canonical column to header.
    pub(crate) mapping: String,
    pub(crate) actor: String,
    /// The dealer himself sent it.
    pub(crate) by_dealer: bool,
    pub(crate) state: State,
    pub(crate) spool: String,
    pub(crate) size_bytes: i64,
    pub(crate) done_bytes: i64,
    pub(crate) checkpoint: String,
    pub(crate) received: i64,
    pub(crate) counts: Counts,
    pub(crate) problem_reason: String,
    pub(crate) problem_detail: String,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) headers: String,
    /// Sheets of a workbook that have rows and were not read.
    pub(crate) unread_sheets: i64,
    /// The claim under which it is worked off: another for each taking up, so that who lost it cannot write any more.
    pub(crate) claim: String,
}

impl ImportRow {
    /// The columns that were named explicitly; none if there are none.
    pub(crate) fn mapping(&self) -> Result<Option<Mapping>, serde_json::Error> {
        let mapping: BTreeMap<String, String> = serde_json::from_str(&self.mapping)?;
        Ok((!mapping.is_empty()).then(|| mapping.into_iter().collect()))
    }
}

const COLUMNS: &str = "id, kind, dealer, source, dry_run, format, mapping, actor, state, spool, size_bytes, done_bytes,
    checkpoint, received, accepted, with_findings, quarantined, unchanged, problem_reason, problem_detail,
    created_at, finished_at, headers, claimed_by, by_dealer, unread_sheets";

fn read_import(row: &Row<'_>) -> Result<ImportRow, StoreError> {
    let dealer: String = row.get(2)?;
    Ok(ImportRow {
        id: row.get::<Uuid>(0)?.into(),
        kind: row.get(1)?,
        dealer: dealer
            .parse()
            .map_err(|error: marque_core::InvalidDealerCode| StoreError::Decode {
                column: 2,
                source: error.into(),
            })?,
        source: row.get(3)?,
        dry_run: row.get(4)?,
        format: row.get(5)?,
        mapping: row.get(6)?,
        actor: row.get(7)?,
        state: State::parse(&row.get::<String>(8)?)?,
        spool: row.get(9)?,
        size_bytes: row.get(10)?,
        done_bytes: row.get(11)?,
        checkpoint: row.get(12)?,
        received: row.get(13)?,
        counts: Counts {
            accepted: row.get(14)?,
            with_findings: row.get(15)?,
            quarantined: row.get(16)?,
            unchanged: row.get(17)?,
        },
        problem_reason: row.get(18)?,
        problem_detail: row.get(19)?,
        created_at: row.get(20)?,
        finished_at: row.get(21)?,
        headers: row.get(22)?,
        claim: row.get(23)?,
        by_dealer: row.get(24)?,
        unread_sheets: row.get(25)?,
    })
}

pub(crate) fn insert(conn: &mut Conn<'_>, import: &ImportRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO imports (id, kind, dealer, source, dry_run, format, mapping, actor, state, spool, size_bytes,
             done_bytes, checkpoint, received, accepted, with_findings, quarantined, unchanged, problem_reason,
             problem_detail, created_at, finished_at, headers, claimed_by, claimed_until, by_dealer)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, '', 0, 0, 0, 0, 0, '', '', ?12, NULL, '[]', '', 0, ?13)",
        &[
            import.id.uuid().into(),
            (&import.kind).into(),
            import.dealer.as_str().into(),
            (&import.source).into(),
            import.dry_run.into(),
            (&import.format).into(),
            (&import.mapping).into(),
            (&import.actor).into(),
            import.state.as_str().into(),
            (&import.spool).into(),
            import.size_bytes.into(),
            import.created_at.into(),
            import.by_dealer.into(),
        ],
    )?;
    Ok(())
}

pub(crate) fn find(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ImportId,
) -> Result<Option<ImportRow>, StoreError> {
    let (clause, value) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE id = ?1 AND {clause}");
    conn.query_opt(&sql, &[id.uuid().into(), value], read_import)
}

/// Newest first; the page's key is the id of the last entry.
pub(crate) fn list(
    conn: &mut Conn<'_>,
    scope: &Scope,
    after: Option<Uuid>,
    page: &PageRequest,
) -> Result<Vec<ImportRow>, StoreError> {
    let (clause, value) = dealer_clause(scope, "dealer", 1);
    let sql = format!(
        "SELECT {COLUMNS} FROM imports WHERE {clause} AND id < ?2 ORDER BY id DESC LIMIT ?3"
    );
    let before = after.unwrap_or(Uuid::max());
    conn.query(
        &sql,
        &[value, before.into(), Value::from(page.size)],
        read_import,
    )
}

/// The instant an import counts as come: now, and after all that wait before it in its lane, whichever process took
/// them in and whatever its clock said. A lane is the files of one dealer, source and kind.
pub(crate) fn arrival(
    conn: &mut Conn<'_>,
    import: &ImportRow,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let last: Option<Timestamp> = conn.query_opt(
        "SELECT created_at FROM imports
         WHERE state IN ('queued', 'running') AND dealer = ?1 AND source = ?2 AND kind = ?3
         ORDER BY created_at DESC LIMIT 1",
        &[
            import.dealer.as_str().into(),
            (&import.source).into(),
            (&import.kind).into(),
        ],
        |row| row.get(0),
    )?;
    let after_last = last.map(|last| Timestamp::from_micros(last.as_micros() + 1));
    Ok(after_last.map_or(now, |after| after.max(now)))
}

/// Takes the oldest import that nobody works on, under a claim that nobody else has. What came later in a lane waits
/// until what came before it has ended: it would write first what the earlier file then takes back. What was begun comes first.
pub(crate) fn claim(
    conn: &mut Conn<'_>,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<ImportRow>, StoreError> {
    conn.lock_keys(&mut vec![CLAIM_LOCK])?;
    let id: Option<Uuid> = conn.query_opt(
        "SELECT id FROM (
             SELECT id, created_at, claimed_until, row_number() OVER (
                 PARTITION BY dealer, source, kind
                 ORDER BY CASE state WHEN 'running' THEN 0 ELSE 1 END, created_at, id) AS place
             FROM imports WHERE state IN ('queued', 'running')) AS waiting
         WHERE place = 1 AND claimed_until < ?1 ORDER BY created_at, id LIMIT 1",
        &[now.into()],
        |row| row.get(0),
    )?;
    let Some(id) = id else {
        return Ok(None);
    };
    conn.execute(
        "UPDATE imports SET state = 'running', claimed_by = ?1, claimed_until = ?2 WHERE id = ?3",
        &[
            (&Uuid::new_v4().to_string()).into(),
            until.into(),
            id.into(),
        ],
    )?;
    find(conn, &Scope::Headquarters, id.into())
}

/// Holds a claim for longer; false if it is lost.
pub(crate) fn renew(
    conn: &mut Conn<'_>,
    import: &ImportRow,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let touched = conn.execute(
        "UPDATE imports SET claimed_until = ?3 WHERE id = ?1 AND claimed_by = ?2 AND state = 'running'",
        &[
            import.id.uuid().into(),
            (&import.claim).into(),
            until.into(),
        ],
    )?;
    Ok(touched == 1)
}

/// Notes that an import does not go on; answers since when it has not, or nothing if another worker has taken it over.
pub(crate) fn hold(
    conn: &mut Conn<'_>,
    import: &ImportRow,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let claim: [Value<'_>; 2] = [import.id.uuid().into(), (&import.claim).into()];
    conn.execute(
        "UPDATE imports SET held_since = ?3
         WHERE id = ?1 AND claimed_by = ?2 AND state = 'running' AND held_since = 0",
        &[claim[0], claim[1], now.into()],
    )?;
    conn.query_opt(
        "SELECT held_since FROM imports WHERE id = ?1 AND claimed_by = ?2 AND state = 'running'",
        &claim,
        |row| row.get(0),
    )
}

/// Key of the lock under which imports are claimed: `imports` in ASCII.
const CLAIM_LOCK: i64 = 0x0069_6d70_6f72_7473;

/// Gives up all claims: for a store that only this process uses, at its start.
pub(crate) fn release_all(conn: &mut Conn<'_>) -> Result<u64, StoreError> {
    conn.execute(
        "UPDATE imports SET claimed_until = 0 WHERE state = 'running'",
        &[],
    )
}

/// What a finished batch adds to its import.
pub(crate) struct Progress<'a> {
    pub(crate) id: ImportId,
    pub(crate) claim: &'a str,
    pub(crate) until: Timestamp,
    pub(crate) rows: i64,
    pub(crate) counts: Counts,
    pub(crate) checkpoint: &'a str,
    pub(crate) done_bytes: i64,
    pub(crate) headers: &'a str,
    pub(crate) unread_sheets: i64,
}

/// Adds a batch's counts and moves the checkpoint; false if another worker has taken the import over.
pub(crate) fn advance(conn: &mut Conn<'_>, progress: &Progress<'_>) -> Result<bool, StoreError> {
    let Counts {
        accepted,
        with_findings,
        quarantined,
        unchanged,
    } = progress.counts;
    let touched = conn.execute(
        "UPDATE imports SET received = received + ?3, accepted = accepted + ?4, with_findings = with_findings + ?5,
             quarantined = quarantined + ?6, unchanged = unchanged + ?7, checkpoint = ?8, done_bytes = ?9,
             headers = ?10, claimed_until = ?11, unread_sheets = ?12, held_since = 0
         WHERE id = ?1 AND claimed_by = ?2 AND state = 'running'",
        &[
            progress.id.uuid().into(),
            progress.claim.into(),
            progress.rows.into(),
            accepted.into(),
            with_findings.into(),
            quarantined.into(),
            unchanged.into(),
            progress.checkpoint.into(),
            progress.done_bytes.into(),
            progress.headers.into(),
            progress.until.into(),
            progress.unread_sheets.into(),
        ],
    )?;
    Ok(touched == 1)
}

/// Ends an import; false if another worker has taken it over.
pub(crate) fn finish(
    conn: &mut Conn<'_>,
    import: &ImportRow,
    state: State,
    problem: (&str, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = conn.execute(
        "UPDATE imports SET state = ?3, problem_reason = ?4, problem_detail = ?5, finished_at = ?6, claimed_until = 0,
             done_bytes = CASE WHEN ?3 = 'succeeded' THEN size_bytes ELSE done_bytes END
         WHERE id = ?1 AND claimed_by = ?2 AND state = 'running'",
        &[
            import.id.uuid().into(),
            (&import.claim).into(),
            state.as_str().into(),
            problem.0.into(),
            problem.1.into(),
            now.into(),
        ],
    )?;
    Ok(touched == 1)
}

pub(crate) fn insert_batch(
    conn: &mut Conn<'_>,
    id: ImportId,
    first_line: i64,
    counts: Counts,
    rows: &[u8],
) -> Result<(), StoreError> {
    let Counts {
        accepted,
        with_findings,
        quarantined,
        unchanged,
    } = counts;
    conn.execute(
        "INSERT INTO import_batches (import_id, first_line, accepted, with_findings, quarantined, unchanged, rows)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            id.uuid().into(),
            first_line.into(),
            accepted.into(),
            with_findings.into(),
            quarantined.into(),
            unchanged.into(),
            rows.into(),
        ],
    )?;
    Ok(())
}

/// The batch that holds `line` or follows it, if any holds rows of the outcome whose count is in `column`.
pub(crate) fn batch_at(
    conn: &mut Conn<'_>,
    id: ImportId,
    from_first_line: i64,
    column: Option<&'static str>,
) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let clause = column.map_or_else(String::new, |column| format!("AND {column} > 0"));
    let sql = format!(
        "SELECT first_line, rows FROM import_batches WHERE import_id = ?1 AND first_line >= ?2 {clause}
         ORDER BY first_line LIMIT 1"
    );
    conn.query_opt(&sql, &[id.uuid().into(), from_first_line.into()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// First line of the batch that would hold `line`.
pub(crate) fn batch_before(
    conn: &mut Conn<'_>,
    id: ImportId,
    line: i64,
) -> Result<i64, StoreError> {
    let first = conn.query_opt(
        "SELECT first_line FROM import_batches WHERE import_id = ?1 AND first_line <= ?2
         ORDER BY first_line DESC LIMIT 1",
        &[id.uuid().into(), line.into()],
        |row| row.get(0),
    )?;
    Ok(first.unwrap_or(0))
}

pub(crate) fn quarantine(
    conn: &mut Conn<'_>,
    id: ImportId,
    line: u64,
    sealed: &[u8],
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO import_quarantine (import_id, line, sealed) VALUES (?1, ?2, ?3)",
        &[id.uuid().into(), Value::Int(line as i64), sealed.into()],
    )?;
    Ok(())
}

/// Quarantined rows after a line, in order.
pub(crate) fn quarantined(
    conn: &mut Conn<'_>,
    id: ImportId,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    conn.query(
        "SELECT line, sealed FROM import_quarantine WHERE import_id = ?1 AND line > ?2 ORDER BY line LIMIT ?3",
        &[id.uuid().into(), after.into(), Value::from(limit)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Imports of which rows are held back: id, dealer, source.
pub(crate) fn with_quarantine(
    conn: &mut Conn<'_>,
) -> Result<Vec<(ImportId, String, String)>, StoreError> {
    conn.query(
        "SELECT id, dealer, source FROM imports WHERE quarantined > 0 ORDER BY id",
        &[],
        |row| Ok((row.get::<Uuid>(0)?.into(), row.get(1)?, row.get(2)?)),
    )
}

/// Imports of some dealers of which rows are held back, from one on, in order of their ids.
pub(crate) fn with_quarantine_of(
    conn: &mut Conn<'_>,
    dealers: &BTreeSet<&str>,
    from: Uuid,
) -> Result<Vec<ImportRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM imports WHERE quarantined > 0 AND id >= ?1 AND dealer IN (??)"
    );
    let keys: Vec<Value<'_>> = dealers.iter().map(|dealer| (*dealer).into()).collect();
    let mut imports = conn.query_in(&sql, &[from.into()], &keys, read_import)?;
    imports.sort_by_key(|import| import.id.uuid());
    Ok(imports)
}

/// Forgets a quarantined row.
pub(crate) fn forget_quarantined(
    conn: &mut Conn<'_>,
    id: ImportId,
    line: i64,
) -> Result<u64, StoreError> {
    conn.execute(
        "DELETE FROM import_quarantine WHERE import_id = ?1 AND line = ?2",
        &[id.uuid().into(), line.into()],
    )
}

/// Forgets what became of the rows of imports that ended before a moment, and those of them that are held back.
pub(crate) fn forget_rows_of_ended(
    conn: &mut Conn<'_>,
    before: Timestamp,
) -> Result<(), StoreError> {
    for table in ["import_quarantine", "import_batches"] {
        let sql = format!(
            "DELETE FROM {table} WHERE import_id IN (SELECT id FROM imports WHERE finished_at < ?1)"
        );
        conn.execute(&sql, &[before.into()])?;
    }
    Ok(())
}

/// Names of the spool files of imports that are still to be worked off.
pub(crate) fn waiting_files(conn: &mut Conn<'_>) -> Result<Vec<String>, StoreError> {
    conn.query(
        "SELECT spool FROM imports WHERE state IN ('queued', 'running')",
        &[],
        |row| row.get(0),
    )
}

/// Whether a spool file belongs to an import that is still to be worked off.
pub(crate) fn is_wanted(conn: &mut Conn<'_>, spool: &Path) -> Result<bool, StoreError> {
    let name = spool
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy());
    let found: Option<i64> = conn.query_opt(
        "SELECT 1 FROM imports WHERE spool = ?1 AND state IN ('queued', 'running')",
        &[name.as_ref().into()],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}
