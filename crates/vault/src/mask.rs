//! What people without the right to a value see of it. Works on characters, for Chinese as for Latin text.

use std::fmt;

/// What is left of a personal value after masking: for answers to people, not for logs, so `Debug` hides even this.
#[derive(Clone, PartialEq, Eq)]
pub struct Masked(String);

impl Masked {
    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masked(***)")
    }
}

/// A phone number: the first three and the last four digits, `138****5678`; of a shorter one the last two. What has more digits than
/// a phone is probably an ID number in the wrong column, and hidden as one.
pub fn mask_phone(phone: &str) -> Masked {
    if is_longer_than_phones(phone) {
        mask_id_number(phone)
    } else if phone.chars().count() >= 11 {
        keep(phone, 3, 4)
    } else {
        keep(phone, 0, 2)
    }
}

/// Whether it has fifteen digits or more. A phone with the prefix of its country has no more than that, and then begins with 0.
fn is_longer_than_phones(text: &str) -> bool {
    let digits = text.chars().filter(|each| each.is_numeric()).count();
    digits > 15 || digits == 15 && !text.trim_start().starts_with('0')
}

/// A certificate number: the first and the last character, so that neither area nor birthday can be read.
pub fn mask_id_number(number: &str) -> Masked {
    keep(number, 1, 1)
}

/// A name is kept: whoever sees the record at all must be able to greet its owner.
pub fn mask_name(name: &str) -> Masked {
    Masked(name.to_owned())
}

/// An address: up to the district (province, city, district or county), the rest hidden whatever its length.
pub fn mask_address(address: &str) -> Masked {
    /// Characters in which districts end; searched within the usual length of "province city district".
    const DISTRICT_ENDS: [char; 3] = ['区', '县', '旗'];
    const CITY_ENDS: [char; 2] = ['市', '州'];
    const REACH: usize = 18;
    let head = || address.char_indices().take(REACH);
    let after = |(at, last): (usize, char)| at + last.len_utf8();
    let end = head()
        .find(|(_, character)| DISTRICT_ENDS.contains(character))
        .or_else(|| head().find(|(_, character)| CITY_ENDS.contains(character)))
        .map_or(0, after);
    Masked(format!("{}***", &address[..end]))
}

/// Anything else of which the last characters help people to recognise it: `****` and the last `shown`,
/// but of a value so short that this would show most of it, nothing.
pub fn mask_tail(value: &str, shown: usize) -> Masked {
    keep(value, 0, shown)
}

/// Keeps the first and last characters, hides the others one by one. Too short a value is hidden whole.
fn keep(value: &str, first: usize, last: usize) -> Masked {
    let count = value.chars().count();
    if (first + last) * 3 > count * 2 || first + last > count {
        return Masked("*".repeat(count));
    }
    let shown = |(at, character)| {
        if at < first || at >= count - last {
            character
        } else {
            '*'
        }
    };
    Masked(value.chars().enumerate().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_is_hidden_of_every_kind_of_value() {
        for (masked, expected) in [
            (mask_phone("13812345678"), "138****5678"),
            (mask_phone("62345678"), "******78"),
            (mask_phone("12"), "**"),
            (mask_phone("008613812345678"), "008********5678"),
            (mask_phone("11010519491231002X"), "1****************X"),
            (mask_phone("110105491231002"), "1*************2"),
            (mask_id_number("11010519491231002X"), "1****************X"),
            (mask_id_number("1"), "*"),
            (
                mask_address("广东省深圳市南山区科技园1号"),
                "广东省深圳市南山区***",
            ),
            (mask_address("深圳市科技园1号"), "深圳市***"),
            (mask_address("科技园1号"), "***"),
            (mask_address(""), "***"),
            (mask_name("欧阳修"), "欧阳修"),
            (mask_tail("LSVAA49J132047371", 4), "*************7371"),
            (mask_tail("ab", 4), "**"),
        ] {
            assert_eq!(masked.as_str(), expected);
        }
    }

    #[test]
    fn debug_output_hides_even_what_masking_left() {
        assert!(!format!("{:?}", mask_name("canary")).contains("canary"));
    }
}
