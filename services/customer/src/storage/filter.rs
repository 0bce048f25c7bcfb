//! Which tokens the large table cannot have: most tokens of a new record are nobody's, and looking for each in a large
//! index is what taking in a record would mostly cost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use marque_db::{Database, Value};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

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

    /// Reads all tokens there are, in pieces; from then on it leaves out.
    pub(crate) async fn fill(self, db: Database, stop: CancellationToken) {
        let mut after = Token::MIN;
        while !stop.is_cancelled() {
            let filter = self.clone();
            let read = db.scan(move |conn| -> Result<Option<Token>> {
                let sql = "SELECT token FROM record_keys WHERE token >= ?1 ORDER BY token LIMIT ?2";
                let tokens: Vec<Token> =
                    conn.query(sql, &[Value::Int(after), CHUNK.into()], |row| row.get(0))?;
                let last = tokens.last().copied();
                filter.add(tokens.into_iter());
                // A token of more records than a piece holds would be read for ever.
                Ok(last.map(|last| last.max(after.saturating_add(1))))
            });
            match read.await {
                Ok(Some(last)) if last > after => after = last,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "tokens cannot be read: every one is looked for");
                    return;
                }
            }
        }
        self.0
            .is_complete
            .store(!stop.is_cancelled(), Ordering::Release);
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
