//! Gender as people type it.

use crate::text::half_width;

/// Gender as the resident ID and the forms of the trade know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gender {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Gender {
    /// Reads 男, 女, 先生, 女士, M, F, male, female, 1, 2 (GB/T 2261.1). `None` for anything else.
    pub fn parse(typed: &str) -> Option<Self> {
        let text = typed.trim();
        match text {
            "男" | "男性" | "男士" | "先生" | "男生" | "1" => return Some(Self::Male),
            "女" | "女性" | "女士" | "小姐" | "太太" | "夫人" | "女生" | "2" => {
                return Some(Self::Female);
            }
            _ => {}
        }
        let is = |word: &str| {
            text.chars()
                .map(|c| half_width(c).to_ascii_lowercase())
                .eq(word.chars())
        };
        match () {
            () if is("m") || is("male") || is("mr") => Some(Self::Male),
            () if is("f") || is("female") || is("ms") || is("mrs") => Some(Self::Female),
            () => None,
        }
    }

    /// Stable code for storage and the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_forms_are_read() {
        for (typed, gender) in [
            ("男", Some(Gender::Male)),
            (" 女士 ", Some(Gender::Female)),
            ("F", Some(Gender::Female)),
            ("Ｍ", Some(Gender::Male)),
            ("Male", Some(Gender::Male)),
            ("2", Some(Gender::Female)),
            ("其他", None),
        ] {
            assert_eq!(Gender::parse(typed), gender, "{typed}");
        }
    }
}
