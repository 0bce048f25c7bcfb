//! Models of linkage in TOML, as `marque link --model` takes them: refused, or written and read the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marque_linkage::score::Model;

fuzz_target!(|text: &str| {
    if let Ok(model) = Model::from_toml(text) {
        let written = model.to_toml();
        let again = Model::from_toml(&written).expect("what was written can be read");
        assert_eq!(again.to_toml(), written);
    }
});
