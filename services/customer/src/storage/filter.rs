//! Which tokens the large table cannot have: most tokens of a new record are nobody's, and looking for each in a large
//! index is what taking in a record would mostly cost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use marque_db::{Conn, Value};
use parking_lot::RwLock;

use super::Token;
use crate::error::Result;

/// 32 MB, touched as it fills: of the tokens of a million records (some five a word) it passes one in a hundred that is not there,
/// of three million one in six.
const WORDS: usize = 1 << 22;
/// Tokens read at once while it is filled.
const CHUNK: i64 = 50_000;

/// A Bloom filter with one word a token (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007).
/// Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct TokenFilter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    words: RwLock<Vec<u64>>,
    /// Whether all tokens of the table are in it.
    is_complete: AtomicBool,
}

impl TokenFilter {
    /// A filter that passes everything until it is filled.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            words: RwLock::new(vec![0; WORDS]),
            is_complete: AtomicBool::new(false),
        }))
    }

    /// Adds tokens: all that are written to the large table, before or after it is filled.
    pub(super) fn add(&self, tokens: impl Iterator<Item = Token>) {
        let mut words = self.0.words.write();
        for token in tokens {
            words[word_of(token)] |= bits_of(token);
        }
    }

    /// Leaves out the tokens that the large table cannot have.
    pub(super) fn pass(&self, tokens: &[Token]) -> Vec<Token> {
        if !self.0.is_complete.load(Ordering::Acquire) {
            return tokens.to_vec();
        }
        let words = self.0.words.read();
        let may_be_there =
            |token: &Token| words[word_of(*token)] & bits_of(*token) == bits_of(*token);
        tokens.iter().copied().filter(may_be_there).collect()
    }

    /// Adds the next tokens of the large table; answers where to go on, or that there are no more.
    pub(crate) fn read_piece(&self, conn: &mut Conn<'_>, from: Token) -> Result<Option<Token>> {
        let sql = "SELECT token FROM record_keys WHERE token >= ?1 ORDER BY token LIMIT ?2";
        let tokens: Vec<Token> =
            conn.query(sql, &[Value::Int(from), CHUNK.into()], |row| row.get(0))?;
        let last = tokens.last().copied();
        self.add(tokens.into_iter());
        // At least one further: a token of more records than a piece holds would be read for ever.
        let next = last.map(|last| last.max(from.saturating_add(1)));
        Ok(next.filter(|next| *next > from))
    }

    /// Says that all tokens of the large table are in it: from now on it leaves out.
    pub(crate) fn set_filled(&self) {
        self.0.is_complete.store(true, Ordering::Release);
    }
}

/// Tokens are hashes: their first bits are as good as any.
fn word_of(token: Token) -> usize {
    ((u128::from(token.cast_unsigned()) * WORDS as u128) >> u64::BITS) as usize
}

/// Four bits of the word, by the last bits of the token.
fn bits_of(token: Token) -> u64 {
    (0..4).fold(0, |bits, nth| bits | 1 << (token >> (6 * nth) & 63))
}
