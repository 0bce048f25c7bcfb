//! Which record has which token.
//!
//! Tokens are random, so each would go to a page of its own in a large index: a batch of a few thousand rows would
//! write most of it. New ones therefore go into a small table, and each batch moves one slice of the range of tokens,
//! the next in turn, into the large one: pages are written once for many tokens, and no batch takes longer than
//! another. On PostgreSQL, whose log has changes and not pages, they go into the large table at once.

use marque_core::CustomerNumber;
use marque_db::{Backend, Conn, Value};
use rustc_hash::FxHashMap;

use super::{CustomerStore, Token};
use crate::error::Result;

/// Into so many slices the range of tokens is cut.
const SLICES: i64 = 32;
/// Fewer rows than this move no slice: a live write is not to wait for it.
const WORTH_A_SLICE: usize = 100;
/// Of the records with a token a look-up sees so many, the newest.
const FOUND: usize = 80;

impl CustomerStore {
    /// Adds tokens of records. In order, so that neighbours share a page.
    pub(super) fn insert_tokens(
        &self,
        conn: &mut Conn<'_>,
        mut tokens: Vec<(Token, i64)>,
    ) -> Result<()> {
        tokens.sort_unstable();
        tokens.dedup();
        let values: Vec<Value<'_>> = tokens
            .iter()
            .flat_map(|(token, seq)| [(*token).into(), (*seq).into()])
            .collect();
        let table = match conn.backend() {
            Backend::Sqlite => "fresh_keys",
            Backend::Postgres => "record_keys",
        };
        Ok(conn.insert_many(table, &["token", "record"], "", &values)?)
    }

    /// Moves the next slice of new tokens to the others, after so many rows were written.
    pub(super) fn settle_tokens(&self, conn: &mut Conn<'_>, rows: usize) -> Result<()> {
        if rows < WORTH_A_SLICE || conn.backend() == Backend::Postgres {
            return Ok(());
        }
        let sql = "UPDATE key_slices SET next = (next + 1) % ?1";
        conn.execute(sql, &[SLICES.into()])?;
        let next: Option<i64> =
            conn.query_opt("SELECT next FROM key_slices", &[], |row| row.get(0))?;
        let width = u64::MAX / SLICES.cast_unsigned() + 1;
        let offset = width.wrapping_mul(next.unwrap_or(0).cast_unsigned());
        let first = i64::MIN.wrapping_add_unsigned(offset);
        let last = first.wrapping_add_unsigned(width - 1);
        let range: [Value<'_>; 2] = [first.into(), last.into()];
        conn.execute(
            "INSERT INTO record_keys (token, record)
             SELECT token, record FROM fresh_keys WHERE token >= ?1 AND token <= ?2
             ON CONFLICT DO NOTHING",
            &range,
        )?;
        conn.execute(
            "DELETE FROM fresh_keys WHERE token >= ?1 AND token <= ?2",
            &range,
        )?;
        Ok(())
    }

    /// Takes a token from a record.
    pub(super) fn delete_token(&self, conn: &mut Conn<'_>, token: Token, seq: i64) -> Result<()> {
        for table in ["fresh_keys", "record_keys"] {
            let sql = format!("DELETE FROM {table} WHERE token = ?1 AND record = ?2");
            conn.execute(&sql, &[token.into(), seq.into()])?;
        }
        Ok(())
    }

    /// The newest records that have each token, at most `most` a token.
    pub(crate) fn blocks(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[Token],
        most: usize,
    ) -> Result<Vec<(Token, i64)>> {
        let keys: Vec<Value<'_>> = tokens.iter().map(|token| (*token).into()).collect();
        let sql = format!(
            "SELECT token, record FROM fresh_keys WHERE token = ?1
             UNION ALL SELECT token, record FROM record_keys WHERE token = ?1
             ORDER BY record DESC LIMIT {most}"
        );
        Ok(conn.query_each(&sql, &keys, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The newest records that have one of the tokens, with the customer each belongs to.
    pub(crate) fn find_by_tokens(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[Token],
    ) -> Result<Vec<(Token, i64, CustomerNumber)>> {
        let found = self.blocks(conn, tokens, FOUND)?;
        let seqs: Vec<i64> = found.iter().map(|(_, seq)| *seq).collect();
        let owners: FxHashMap<i64, CustomerNumber> =
            self.owners(conn, &seqs)?.into_iter().collect();
        Ok(found
            .into_iter()
            .filter_map(|(token, seq)| Some((token, seq, *owners.get(&seq)?)))
            .collect())
    }

    /// How many records have each token.
    pub(crate) fn bearers(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[Token],
    ) -> Result<FxHashMap<Token, u32>> {
        let keys: Vec<Value<'_>> = tokens.iter().map(|token| (*token).into()).collect();
        let mut bearers: FxHashMap<Token, u32> = FxHashMap::default();
        for table in ["fresh_keys", "record_keys"] {
            let sql =
                format!("SELECT token, count(*) FROM {table} WHERE token IN (??) GROUP BY token");
            let found = conn.query_in(&sql, &[], &keys, |row| {
                let count = u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX);
                Ok((row.get(0)?, count))
            })?;
            for (token, count) in found {
                let sum = bearers.entry(token).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        Ok(bearers)
    }
}
