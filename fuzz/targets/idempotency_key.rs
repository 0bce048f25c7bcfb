//! Idempotency keys as a header brings them: quoted and bare are one key, and nothing else is taken.

#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use marque_ledger::IdempotencyKey;
use tonic::metadata::MetadataMap;

fn key(value: &[u8]) -> Option<IdempotencyKey> {
    let value = HeaderValue::from_bytes(value).ok()?;
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", value);
    IdempotencyKey::of(&MetadataMap::from_headers(headers)).ok()?
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(bare) = key(bytes) {
        assert!((1..=257).contains(&bytes.len()) && bytes.is_ascii());
        let quoted = [b"\"", bytes, b"\""].concat();
        if !bytes.starts_with(b"\"") {
            assert_eq!(key(&quoted), Some(bare));
        }
    }
});
