//! Files of facts as `marque score` takes them: refused with the place, or every row scored within the scale.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use marque_insight::{
    file::{decode, score_csv},
    value::Model,
};

static MODEL: LazyLock<Model> = LazyLock::new(Model::shipped);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else {
        return;
    };
    match score_csv(&text, &MODEL) {
        Ok(scored) => {
            let mut written = Vec::new();
            scored.write_to(&mut written).expect("memory takes everything");
            assert!(std::str::from_utf8(&written).is_ok());
            let _ = scored.summary();
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
