//! Blind-index tokens: what a record can be found by.

use marque_core::DealerCode;
use marque_vault::{Purpose, Vault};

/// The first eight bytes of a keyed hash. Two values in a thousand million collide once in ten thousand years of
/// look-ups, and a hit is checked against the opened record anyway.
pub(crate) type Token = i64;

/// What a record can be looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum KeyKind {
    Phone,
    IdNumber,
    CreditCode,
    Plate,
    Vin,
}

impl KeyKind {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Phone => Purpose::Phone,
            Self::IdNumber => Purpose::IdNumber,
            Self::CreditCode => Purpose::CreditCode,
            Self::Plate => Purpose::Plate,
            Self::Vin => Purpose::Vin,
        }
    }
}

/// Headquarters' token of a value.
pub(crate) fn hq_token(vault: &Vault, kind: KeyKind, value: &str) -> Token {
    first_eight(vault.hq_index(kind.purpose(), value))
}

/// A dealer's own token of a value.
pub(crate) fn dealer_token(
    vault: &Vault,
    dealer: &DealerCode,
    kind: KeyKind,
    value: &str,
) -> Token {
    first_eight(vault.dealer_index(dealer, kind.purpose(), value))
}

/// Token of a compound key by which identity finds candidates.
pub(crate) fn match_token(vault: &Vault, key: &[u8]) -> Token {
    first_eight(vault.hq_index(Purpose::MatchKey, key))
}

fn first_eight(index: [u8; 16]) -> Token {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&index[..8]);
    Token::from_be_bytes(bytes)
}
