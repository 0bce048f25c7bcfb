//! Random nonces, drawn from the system's generator many at a time.
//!
//! A call of the generator costs more than sealing a phone number; one call for 256 nonces makes it vanish.

use std::cell::RefCell;

use aws_lc_rs::{aead::NONCE_LEN, rand};

use crate::VaultError;

/// Nonces drawn at once by a thread.
const DRAWN: usize = 256;

/// Nonces drawn and not used yet. Each leaves exactly once; a process is never forked in two.
struct Stock {
    bytes: [u8; DRAWN * NONCE_LEN],
    used: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> =
        const { RefCell::new(Stock { bytes: [0; DRAWN * NONCE_LEN], used: DRAWN * NONCE_LEN }) };
}

/// A random nonce that no one else gets.
pub(crate) fn fresh() -> Result<[u8; NONCE_LEN], VaultError> {
    STOCK.with_borrow_mut(Stock::take)
}

impl Stock {
    fn take(&mut self) -> Result<[u8; NONCE_LEN], VaultError> {
        if self.used == self.bytes.len() {
            rand::fill(&mut self.bytes).map_err(|_| VaultError::Unsealable)?;
            self.used = 0;
        }
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&self.bytes[self.used..self.used + NONCE_LEN]);
        self.used += NONCE_LEN;
        Ok(nonce)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn no_nonce_comes_twice_on_any_thread() {
        const EACH: usize = DRAWN * 40 + 1;
        let draw = || (0..EACH).map(|_| fresh().unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(draw)).collect();
        let all: HashSet<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(all.len(), 4 * EACH);
        assert!(!all.contains(&[0; NONCE_LEN]));
    }
}
