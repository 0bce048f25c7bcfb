//! Walking a column.

use marque_db::{Conn, Database, StoreError, Value};
use marque_vault::Vault;

use crate::column::{KeyPart, SealedColumn};

/// Values a transaction.
pub(crate) const BATCH: usize = 500;

/// What a walk has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// Values there are, empty ones left out of account.
    pub values: u64,
    /// Of them under an old key, or that were.
    pub stale: u64,
    /// Of them such as no key on the ring opens.
    pub unreadable: u64,
}

impl Survey {
    /// Adds another walk's.
    pub fn add(&mut self, other: Self) {
        self.values += other.values;
        self.stale += other.stale;
        self.unreadable += other.unreadable;
    }
}

/// One step of a walk.
pub(crate) struct Step {
    pub(crate) found: Survey,
    /// The last key seen; `None` at the end.
    pub(crate) last: Option<Vec<KeyPart>>,
}

struct Read {
    key: Vec<KeyPart>,
    sealed: Vec<u8>,
}

/// Before the first row of a column.
pub(crate) fn start(column: &SealedColumn) -> Vec<KeyPart> {
    column
        .key
        .iter()
        .map(|(_, part)| KeyPart::least(*part))
        .collect()
}

/// What is done with the values of a walk.
pub(crate) enum Purpose<'a> {
    /// Those under an old key are sealed anew.
    Reseal,
    /// All are opened, by a vault made for it ([`Vault::probing`]), and nothing is changed.
    Open(&'a Vault),
}

/// Looks at the values after a key.
pub(crate) fn step(
    conn: &mut Conn<'_>,
    vault: &Vault,
    column: &SealedColumn,
    after: &[KeyPart],
    purpose: &Purpose<'_>,
) -> Result<Step, StoreError> {
    let mut values: Vec<Value<'_>> = after.iter().map(KeyPart::value).collect();
    values.push((BATCH as i64).into());
    let parts: Vec<_> = column.key.iter().chain(column.beside).collect();
    let rows = conn.query(&column.select(), &values, |row| {
        let key = parts
            .iter()
            .enumerate()
            .map(|(at, (_, part))| KeyPart::read(row, at, *part))
            .collect::<Result<_, _>>()?;
        let sealed: Option<Vec<u8>> = row.get(parts.len())?;
        Ok(Read {
            key,
            sealed: sealed.unwrap_or_default(),
        })
    })?;
    let mut found = Survey::default();
    let update = column.update();
    for Read { key, sealed } in &rows {
        found.values += u64::from(!sealed.is_empty());
        if let Purpose::Open(probe) = purpose
            && (column.reseal)(probe, key, sealed).is_err()
        {
            found.unreadable += 1;
            continue;
        }
        match (column.reseal)(vault, key, sealed) {
            Ok(None) => {}
            Ok(Some(anew)) => {
                found.stale += 1;
                if matches!(purpose, Purpose::Reseal) {
                    let mut values: Vec<Value<'_>> = vec![(&anew).into(), sealed.into()];
                    values.extend(key[..column.key.len()].iter().map(KeyPart::value));
                    conn.execute(&update, &values)?;
                }
            }
            Err(_) => found.unreadable += 1,
        }
    }
    let is_full = rows.len() == BATCH;
    let last = rows.into_iter().next_back().filter(|_| is_full);
    let last = last.map(|mut row| {
        row.key.truncate(column.key.len());
        row.key
    });
    Ok(Step { found, last })
}

/// Opens everything that a column holds, counts what is under an old key, and changes nothing.
///
/// # Errors
/// What the store says.
pub async fn survey(
    db: &Database,
    vault: &Vault,
    probe: &Vault,
    column: SealedColumn,
) -> Result<Survey, StoreError> {
    let (mut all, mut after) = (Survey::default(), start(&column));
    loop {
        let (vault, probe, from) = (vault.clone(), probe.clone(), after);
        let step = db
            .scan(move |conn| step(conn, &vault, &column, &from, &Purpose::Open(&probe)))
            .await?;
        all.add(step.found);
        match step.last {
            Some(last) => after = last,
            None => return Ok(all),
        }
    }
}

/// Whether a ring opens any of the first values of a column, or there is none: tells another keyring at the cost of one step.
/// The vault is one made for it ([`Vault::probing`]).
///
/// # Errors
/// What the store says.
pub async fn opens_any(
    db: &Database,
    probe: &Vault,
    column: SealedColumn,
) -> Result<bool, StoreError> {
    let (probe, from) = (probe.clone(), start(&column));
    db.across()
        .scan(move |conn| {
            if !conn.has_table(column.table)? {
                return Ok(true);
            }
            let first = step(conn, &probe, &column, &from, &Purpose::Open(&probe))?;
            Ok(first.found.values == 0 || first.found.unreadable < first.found.values)
        })
        .await
}
