//! Standards of good records, which stewards send as TOML: refused with words, or sound.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marque_quality::standard::Standard;

fuzz_target!(|text: &str| {
    match Standard::parse(text) {
        Ok(standard) => {
            for purpose in &standard.purposes {
                assert!(purpose.pass.is_finite());
                assert!(purpose.checks.iter().all(|check| check.weight > 0.0));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
