//! Phones that look like phones: numbers that follow each other look made up and are held back.

/// The `n`th mobile phone; no two of a hundred million are the same.
pub(crate) fn phone(n: u64) -> String {
    // 7,654,321 has no factor in common with 10^8.
    format!("139{:08}", (n * 7_654_321 + 25_814_736) % 100_000_000)
}
