//! Cyrillic and Greek in Latin letters, so that a name meets itself in the other script.
//!
//! The letters are those most used on passports and in libraries; other ways of writing them differ by a letter or two, which
//! comparison of names bears.

/// Folded text with Cyrillic and Greek letters in Latin ones; everything else as it is.
pub fn romanised(folded: String) -> String {
    if folded.is_ascii() || !folded.chars().any(|c| in_latin(c).is_some()) {
        return folded;
    }
    let mut latin = String::with_capacity(folded.len());
    for character in folded.chars() {
        match in_latin(character) {
            Some(letters) => latin.push_str(letters),
            None => latin.push(character),
        }
    }
    latin
}

/// The Latin letters of a small Cyrillic or Greek letter without accents.
fn in_latin(character: char) -> Option<&'static str> {
    const CYRILLIC: [&str; 32] = [
        "a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s",
        "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
    ];
    const GREEK: [&str; 25] = [
        "a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l", "m", "n", "x", "o", "p", "r", "s",
        "s", "t", "y", "f", "ch", "ps", "o",
    ];
    let nth = |first: char| (character as usize).checked_sub(first as usize);
    Some(match character {
        'а'..='я' => CYRILLIC[nth('а')?],
        'α'..='ω' => GREEK[nth('α')?],
        'і' => "i",
        'є' => "ye",
        'ґ' => "g",
        'ђ' => "dj",
        'ј' => "j",
        'љ' => "lj",
        'њ' => "nj",
        'ћ' => "c",
        'џ' => "dz",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;

    #[test]
    fn names_in_two_scripts_are_one_text() {
        for (script, latin) in [
            ("Щербаков", "Shcherbakov"),
            ("Наталья Королёва", "Natalya Koroleva"),
            ("Хрущев", "Khrushchev"),
            ("Шевченко Іван", "Shevchenko Ivan"),
            ("Παπαδόπουλος", "Papadopoylos"),
            ("Łukasz", "Lukasz"),
            ("张伟", "张伟"),
        ] {
            assert_eq!(romanised(fold(script)), fold(latin));
        }
    }
}
