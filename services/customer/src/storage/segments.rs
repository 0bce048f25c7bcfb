//! Tokens of a batch that are not all in the large table yet.

use std::sync::Arc;

use marque_db::{Conn, StoreError, Value};
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{Pair, Token};

/// Into so many slices the range of tokens is cut; the first bits of a token say which is its own.
pub(super) const SLICES: i64 = 1 << SLICE_BITS;
const SLICE_BITS: u32 = 5;
const PAIR_BYTES: usize = 16;

/// The tokens that one batch wrote, in order, each with its record. Never changes once it is written.
#[derive(Debug)]
pub(super) struct Segment {
    /// How many slices had been settled when it was written.
    born: i64,
    pairs: Vec<Pair>,
}

/// What is in segments and nowhere else, as one transaction sees it.
#[derive(Debug)]
pub(super) struct Unsettled {
    /// How many slices were settled so far: the `n`th was slice `n` modulo [`SLICES`].
    settled: i64,
    segments: Vec<Arc<Segment>>,
}

/// Segments that were read before, by id. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenedSegments(Arc<Mutex<FxHashMap<Uuid, Arc<Segment>>>>);

impl Segment {
    /// What the store keeps: sorted pairs, little-endian.
    pub(super) fn encode(pairs: &[Pair]) -> Vec<u8> {
        let bytes = pairs.iter().flat_map(|(token, record)| {
            let (token, record) = (token.to_le_bytes(), record.to_le_bytes());
            token.into_iter().chain(record)
        });
        bytes.collect()
    }

    fn decode(born: i64, bytes: &[u8]) -> Self {
        let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        let pairs = bytes
            .chunks_exact(PAIR_BYTES)
            .map(|pair| (number(&pair[..8]), number(&pair[8..])))
            .collect();
        Self { born, pairs }
    }

    /// The pairs of tokens from the first to the last of a range.
    fn between(&self, first: Token, last: Token) -> &[Pair] {
        let from = self.pairs.partition_point(|(token, _)| *token < first);
        let len = self.pairs[from..].partition_point(|(token, _)| *token <= last);
        &self.pairs[from..from + len]
    }

    /// Whether the slice of a token went to the large table since this was written.
    fn is_settled(&self, token: Token, settled: i64) -> bool {
        let next = self.born + 1;
        next + (slice_of(token) - next).rem_euclid(SLICES) <= settled
    }
}

impl Unsettled {
    /// Reads it; segments that were read before are not read again.
    pub(super) fn load(conn: &mut Conn<'_>, opened: &OpenedSegments) -> Result<Self, StoreError> {
        let settled: Option<i64> =
            conn.query_opt("SELECT settled FROM key_slices", &[], |row| row.get(0))?;
        let listed: Vec<(Uuid, i64)> = conn.query(
            "SELECT id, born FROM key_segments ORDER BY born",
            &[],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(Self {
            settled: settled.unwrap_or(0),
            segments: opened.open(conn, &listed)?,
        })
    }

    /// How many slices were settled so far.
    pub(super) fn settled(&self) -> i64 {
        self.settled
    }

    /// The pairs of some tokens, which are in order, in no order.
    pub(super) fn find(&self, tokens: &[Token]) -> Vec<Pair> {
        let mut found = Vec::new();
        for segment in &self.segments {
            let mut rest = &segment.pairs[..];
            for token in tokens {
                let skipped = gallop(rest, *token);
                rest = &rest[skipped..];
                let len = rest.iter().take_while(|(other, _)| other == token).count();
                if len > 0 && !segment.is_settled(*token, self.settled) {
                    found.extend_from_slice(&rest[..len]);
                }
            }
        }
        found
    }

    /// The pairs of a slice, in order.
    pub(super) fn slice(&self, slice: i64) -> Vec<Pair> {
        let (first, last) = bounds(slice);
        let mut pairs: Vec<Pair> = Vec::new();
        for segment in &self.segments {
            let unsettled = segment.between(first, last);
            if unsettled
                .first()
                .is_some_and(|(token, _)| !segment.is_settled(*token, self.settled))
            {
                pairs.extend_from_slice(unsettled);
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

impl OpenedSegments {
    fn open(
        &self,
        conn: &mut Conn<'_>,
        listed: &[(Uuid, i64)],
    ) -> Result<Vec<Arc<Segment>>, StoreError> {
        let mut opened = Vec::with_capacity(listed.len());
        for (id, born) in listed {
            let known = self.0.lock().get(id).cloned();
            let segment = if let Some(segment) = known {
                segment
            } else {
                let sql = "SELECT tokens FROM key_segments WHERE id = ?1";
                let bytes: Option<Vec<u8>> =
                    conn.query_opt(sql, &[Value::Uuid(*id)], |row| row.get(0))?;
                Arc::new(Segment::decode(*born, &bytes.unwrap_or_default()))
            };
            opened.push(segment);
        }
        let mut kept = self.0.lock();
        kept.clear();
        kept.extend(listed.iter().map(|(id, _)| *id).zip(opened.iter().cloned()));
        Ok(opened)
    }
}

/// Takes the pairs of records out of all segments. A segment never changes: one that had any is written anew.
pub(super) fn forget(conn: &mut Conn<'_>, records: &FxHashSet<i64>) -> Result<(), StoreError> {
    let listed: Vec<(Uuid, i64, Vec<u8>)> =
        conn.query("SELECT id, born, tokens FROM key_segments", &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    for (id, born, tokens) in listed {
        let mut pairs = Segment::decode(born, &tokens).pairs;
        let all = pairs.len();
        pairs.retain(|(_, record)| !records.contains(record));
        if pairs.len() == all {
            continue;
        }
        conn.execute("DELETE FROM key_segments WHERE id = ?1", &[id.into()])?;
        conn.execute(
            "INSERT INTO key_segments (id, born, tokens) VALUES (?1, ?2, ?3)",
            &[
                Uuid::new_v4().into(),
                born.into(),
                (&Segment::encode(&pairs)).into(),
            ],
        )?;
    }
    Ok(())
}

/// How many pairs of a sorted list come before a token: steps that double, then halves. Cheap when it is near.
fn gallop(pairs: &[Pair], token: Token) -> usize {
    let mut step = 1;
    while step < pairs.len() && pairs[step].0 < token {
        step *= 2;
    }
    let (from, to) = (step / 2, pairs.len().min(step + 1));
    from + pairs[from..to].partition_point(|(other, _)| *other < token)
}

fn slice_of(token: Token) -> i64 {
    (place(token) >> (u64::BITS - SLICE_BITS)).cast_signed()
}

/// A token's place in the order of all, counted from the lowest.
fn place(token: Token) -> u64 {
    token.wrapping_sub(Token::MIN).cast_unsigned()
}

/// The lowest and the highest token of a slice.
pub(super) fn bounds(slice: i64) -> (Token, Token) {
    let first = slice.cast_unsigned() << (u64::BITS - SLICE_BITS);
    let last = first | (u64::MAX >> SLICE_BITS);
    let token = |place: u64| Token::MIN.wrapping_add_unsigned(place);
    (token(first), token(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_the_tokens_without_gap_or_overlap() {
        let mut next = Token::MIN;
        for slice in 0..SLICES {
            let (first, last) = bounds(slice);
            assert_eq!(first, next);
            assert_eq!((slice_of(first), slice_of(last)), (slice, slice));
            next = last.wrapping_add(1);
        }
        assert_eq!(next, Token::MIN, "all round");
    }

    #[test]
    fn a_segment_is_settled_slice_by_slice_and_wholly_after_one_round() {
        for born in [0, 1, 31, 32, 40] {
            let segment = Segment {
                born,
                pairs: Vec::new(),
            };
            for settled in born..=born + SLICES {
                let done: Vec<i64> = (born + 1..=settled).map(|nth| nth % SLICES).collect();
                for slice in 0..SLICES {
                    assert_eq!(
                        segment.is_settled(bounds(slice).0, settled),
                        done.contains(&slice),
                        "slice {slice}, born {born}, settled {settled}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_found_is_what_a_walk_over_all_pairs_finds() {
        let pairs: Vec<Pair> = (0..500).map(|n| (n / 3 * 7 - 600, n)).collect();
        let unsettled = Unsettled {
            settled: 0,
            segments: vec![Arc::new(Segment::decode(0, &Segment::encode(&pairs)))],
        };
        for tokens in [
            vec![],
            vec![-600],
            vec![-601, -593, 0, 2, 569],
            (-700..700).collect(),
        ] {
            let walked: Vec<Pair> = pairs
                .iter()
                .copied()
                .filter(|pair| tokens.contains(&pair.0))
                .collect();
            assert_eq!(unsettled.find(&tokens), walked);
        }
    }
}
