//! Codes of parts and faults. People type one code in many ways; whatever compares or counts them does so in the one way of
//! [`folded_code`], and shows the spelling that most use.

use std::{cmp::Reverse, collections::BTreeMap};

use marque_quality::{identifiers::without_identifiers, text::fold_code};

/// No code of a part or fault that was typed is longer, in bytes.
const CODE_BYTES: usize = 255;

/// The code of a part or fault, or a VIN, as it is compared: in half width and capitals, without blanks.
pub(crate) fn folded_code(code: &str) -> String {
    let folded = fold_code::<CODE_BYTES>(code);
    folded.map_or_else(|| code.to_owned(), |folded| folded.as_str().to_owned())
}

/// A code as it is looked for among words: as it was typed, and as it is compared where that is another word.
pub(crate) fn searched_code(code: &str) -> String {
    let folded = folded_code(code);
    if folded.eq_ignore_ascii_case(code) {
        folded
    } else {
        format!("{code} {folded}")
    }
}

/// Whether a phone or an ID number stands in what was typed as a code, whatever stands between its digits.
pub(crate) fn holds_identifier(code: &str) -> bool {
    let unbroken: String = code.chars().filter(|each| each.is_alphanumeric()).collect();
    let holds_one = |text: &str| without_identifiers(text) != text;
    holds_one(code) || holds_one(&unbroken)
}

/// How often each code is spelled how.
#[derive(Debug, Default)]
pub(crate) struct Spelled(BTreeMap<String, BTreeMap<String, i64>>);

impl Spelled {
    /// Counts a spelling so many times more.
    pub(crate) fn count(&mut self, spelling: &str, times: i64) {
        let spellings = self.0.entry(folded_code(spelling)).or_default();
        if let Some(counted) = spellings.get_mut(spelling) {
            *counted += times;
        } else {
            spellings.insert(spelling.to_owned(), times);
        }
    }

    /// The spelling that most use of a code which is spelled so; of several the first.
    pub(crate) fn commonest(&self, spelling: &str) -> Option<&str> {
        let spellings = self.0.get(&folded_code(spelling))?;
        let commonest = spellings
            .iter()
            .max_by_key(|(spelling, times)| (**times, Reverse(*spelling)));
        commonest.map(|(spelling, _)| spelling.as_str())
    }

    /// The spellings of each code that has several, the commonest of each first.
    pub(crate) fn various(self) -> Vec<Vec<String>> {
        let several = self.0.into_values().filter(|known| known.len() > 1);
        let in_order = several.map(|known| {
            let mut known: Vec<(String, i64)> = known.into_iter().collect();
            known.sort_by_key(|(_, times)| Reverse(*times));
            known.into_iter().map(|(spelling, _)| spelling).collect()
        });
        in_order.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_goes_by_the_spelling_that_most_use() {
        let mut spelled = Spelled::default();
        for spelling in ["K 1", "k1", "Ｋ１", "k1", "X9"] {
            spelled.count(spelling, 1);
        }
        assert_eq!(spelled.commonest("K1"), Some("k1"));
        assert_eq!(spelled.commonest("x 9"), Some("X9"));
        assert_eq!(spelled.commonest("Y"), None);
        spelled.count("K 1", 1);
        assert_eq!(spelled.commonest("k1"), Some("K 1"), "of two the first");
        assert_eq!(spelled.various(), [["K 1", "k1", "Ｋ１"]]);
    }

    #[test]
    fn phones_and_id_numbers_are_found_among_codes() {
        for number in [
            "13566661111",
            "tel135.6666.1111",
            "135 / 6666 / 1111",
            "１３５６６６６１１１１",
            "021-55556666",
            "11010119870407951X",
            "P0300 110101198704079516",
        ] {
            assert!(holds_identifier(number), "{number}");
        }
        for code in [
            "P0300",
            "04152-YZZA1",
            "0986 424 797",
            "34.11.6.860.912",
            "",
        ] {
            assert!(!holds_identifier(code), "{code}");
        }
    }

    #[test]
    fn a_code_is_looked_for_as_typed_and_as_compared() {
        for (code, searched) in [
            ("p0171", "P0171"),
            ("P 0171", "P 0171 P0171"),
            ("刹车 异响", "刹车 异响 刹车异响"),
            ("", ""),
        ] {
            assert_eq!(searched_code(code), searched);
        }
    }
}
