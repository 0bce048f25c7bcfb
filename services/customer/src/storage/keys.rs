//! Which record has which token.
//!
//! Tokens are random, so each would go to a page of its own in a large index: a batch of a few thousand rows would
//! write most of it. On SQLite a batch therefore writes its tokens as one sorted segment, and moves one slice of the range of
//! tokens, the next in turn, from all segments into the large table: pages are written once for many tokens, and no batch
//! takes longer than another. A segment is done with when all slices went by. A live write, whose tokens are few, writes them
//! to the large table at once; so does PostgreSQL, whose log has changes and not pages.

use std::cmp::Reverse;

use marque_core::CustomerSerial;
use marque_db::{Backend, Conn, Row, StoreError, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{
    CustomerStore, Pair, Token,
    segments::{SLICES, Segment, Unsettled, bounds},
};
use crate::error::Result;

/// Fewer rows than this make no segment.
const WORTH_A_SEGMENT: usize = 32;
/// Of the records with a token a look-up sees so many, the newest.
const FOUND: usize = 80;

impl CustomerStore {
    /// Adds the tokens of a batch of new records.
    pub(super) fn insert_batch_tokens(
        &self,
        conn: &mut Conn<'_>,
        mut tokens: Vec<Pair>,
        rows: usize,
    ) -> Result<()> {
        if rows < WORTH_A_SEGMENT || conn.backend() == Backend::Postgres {
            return self.insert_tokens(conn, tokens);
        }
        tokens.sort_unstable();
        tokens.dedup();
        conn.execute(
            "INSERT INTO key_segments (id, born, tokens) SELECT ?1, settled, ?2 FROM key_slices",
            &[Uuid::new_v4().into(), (&Segment::encode(&tokens)).into()],
        )?;
        self.settle_slice(conn)
    }

    /// Adds tokens to the large table. In order, so that neighbours share a page.
    pub(super) fn insert_tokens(&self, conn: &mut Conn<'_>, mut tokens: Vec<Pair>) -> Result<()> {
        tokens.sort_unstable();
        tokens.dedup();
        let is_sqlite = conn.backend() == Backend::Sqlite;
        let (on_conflict, has_stale) = if is_sqlite {
            ("ON CONFLICT DO NOTHING", has_stale(conn)?)
        } else {
            ("", false)
        };
        let values: Vec<Value<'_>> = tokens
            .iter()
            .flat_map(|(token, seq)| [(*token).into(), (*seq).into()])
            .collect();
        conn.insert_many("record_keys", &["token", "record"], on_conflict, &values)?;
        if is_sqlite {
            self.filter.add(tokens.iter().map(|(token, _)| *token));
        }
        if has_stale {
            for (token, seq) in &tokens {
                let sql = "DELETE FROM stale_keys WHERE token = ?1 AND record = ?2";
                conn.execute(sql, &[(*token).into(), (*seq).into()])?;
            }
        }
        Ok(())
    }

    /// Moves the next slice of the segments to the large table.
    fn settle_slice(&self, conn: &mut Conn<'_>) -> Result<()> {
        let unsettled = Unsettled::load(conn, &self.segments)?;
        let settled = unsettled.settled() + 1;
        let slice = settled % SLICES;
        let (first, last) = bounds(slice);
        let stale: FxHashSet<Pair> = conn
            .query(
                "SELECT token, record FROM stale_keys WHERE token >= ?1 AND token <= ?2",
                &[first.into(), last.into()],
                read_pair,
            )?
            .into_iter()
            .collect();
        let mut pairs = unsettled.slice(slice);
        pairs.retain(|pair| !stale.contains(pair));
        let values: Vec<Value<'_>> = pairs
            .iter()
            .flat_map(|(token, seq)| [(*token).into(), (*seq).into()])
            .collect();
        let columns = ["token", "record"];
        conn.insert_many("record_keys", &columns, "ON CONFLICT DO NOTHING", &values)?;
        self.filter.add(pairs.iter().map(|(token, _)| *token));
        conn.execute(
            "DELETE FROM stale_keys WHERE token >= ?1 AND token <= ?2",
            &[first.into(), last.into()],
        )?;
        conn.execute("UPDATE key_slices SET settled = ?1", &[settled.into()])?;
        let done = settled - SLICES;
        conn.execute("DELETE FROM key_segments WHERE born <= ?1", &[done.into()])?;
        Ok(())
    }

    /// Takes a token from a record.
    pub(super) fn delete_token(&self, conn: &mut Conn<'_>, token: Token, seq: i64) -> Result<()> {
        let pair = [token.into(), seq.into()];
        let sql = "DELETE FROM record_keys WHERE token = ?1 AND record = ?2";
        conn.execute(sql, &pair)?;
        // Segments do not change: what one says too much is kept beside.
        if conn.backend() == Backend::Sqlite
            && Unsettled::load(conn, &self.segments)?
                .find(&[token])
                .contains(&(token, seq))
        {
            let sql =
                "INSERT INTO stale_keys (token, record) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            conn.execute(sql, &pair)?;
        }
        Ok(())
    }

    /// The newest records that have each token, at most `most` a token.
    pub(crate) fn blocks(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[Token],
        most: usize,
    ) -> Result<Vec<Pair>> {
        let (mut found, asked) = self.recent(conn, tokens)?;
        let keys: Vec<Value<'_>> = asked.iter().map(|token| (*token).into()).collect();
        let sql = format!(
            "SELECT token, record FROM record_keys WHERE token = ?1 ORDER BY record DESC LIMIT {most}"
        );
        found.extend(conn.query_each(&sql, &keys, read_pair)?);
        found.sort_unstable_by_key(|(token, record)| (*token, Reverse(*record)));
        found.dedup();
        let newest = found
            .chunk_by(|one, other| one.0 == other.0)
            .flat_map(|block| &block[..most.min(block.len())]);
        Ok(newest.copied().collect())
    }

    /// The newest records that have one of the tokens, with the customer each belongs to.
    pub(crate) fn find_by_tokens(
        &self,
        conn: &mut Conn<'_>,
        tokens: &[Token],
    ) -> Result<Vec<(Token, i64, CustomerSerial)>> {
        let found = self.blocks(conn, tokens, FOUND)?;
        let seqs: Vec<i64> = found.iter().map(|(_, seq)| *seq).collect();
        let owners: FxHashMap<i64, CustomerSerial> =
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
        let (recent, asked) = self.recent(conn, tokens)?;
        let mut bearers: FxHashMap<Token, u32> = FxHashMap::default();
        for (token, _) in recent {
            *bearers.entry(token).or_default() += 1;
        }
        let keys: Vec<Value<'_>> = asked.iter().map(|token| (*token).into()).collect();
        let sql = "SELECT token, count(*) FROM record_keys WHERE token IN (??) GROUP BY token";
        let found = conn.query_in(sql, &[], &keys, |row| {
            let count = u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX);
            Ok((row.get(0)?, count))
        })?;
        for (token, count) in found {
            let sum = bearers.entry(token).or_default();
            *sum = sum.saturating_add(count);
        }
        Ok(bearers)
    }

    /// What the segments have of some tokens, and those of them that the large table may have.
    fn recent(&self, conn: &mut Conn<'_>, tokens: &[Token]) -> Result<(Vec<Pair>, Vec<Token>)> {
        if conn.backend() == Backend::Postgres {
            return Ok((Vec::new(), tokens.to_vec()));
        }
        let mut sorted = tokens.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut recent = Unsettled::load(conn, &self.segments)?.find(&sorted);
        if !recent.is_empty() && has_stale(conn)? {
            let keys: Vec<Value<'_>> = recent.iter().map(|(token, _)| (*token).into()).collect();
            let sql = "SELECT token, record FROM stale_keys WHERE token IN (??)";
            let stale: FxHashSet<Pair> = conn
                .query_in(sql, &[], &keys, read_pair)?
                .into_iter()
                .collect();
            recent.retain(|pair| !stale.contains(pair));
        }
        Ok((recent, self.filter.pass(&sorted)))
    }
}

fn read_pair(row: &Row<'_>) -> std::result::Result<Pair, StoreError> {
    Ok((row.get(0)?, row.get(1)?))
}

fn has_stale(conn: &mut Conn<'_>) -> Result<bool> {
    let found = conn.query_opt("SELECT 1 FROM stale_keys LIMIT 1", &[], |_| Ok(()))?;
    Ok(found.is_some())
}
