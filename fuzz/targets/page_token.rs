//! Page tokens: those given out are read again, and no other way of writing one is read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marque_core::{PageRequest, PageToken};

fuzz_target!(|input: (&str, &str, i32)| {
    let (text, list, size) = input;
    let given = PageToken::write(text, list);
    let page = PageRequest::read(0, &given, list).expect("a token given out is read");
    assert_eq!(page.after.expect("it has a token").key, text);

    let Ok(page) = PageRequest::read(size, text, list) else {
        return;
    };
    assert!((1..=1000).contains(&page.size));
    if let Some(token) = page.after {
        assert_eq!(PageToken::write(&token.key, list), text);
    }
});
