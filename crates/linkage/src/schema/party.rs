//! Words for "person" and "organisation", as files and imports write them.

const PERSON: [&str; 5] = ["个人", "自然人", "私人", "私户", "個人"];
const PERSON_LATIN: [&str; 5] = ["p", "1", "person", "individual", "personal"];
const ORGANISATION: [&str; 10] = [
    "单位", "企业", "公司", "法人", "机构", "组织", "对公", "單位", "企業", "機構",
];
const ORGANISATION_LATIN: [&str; 8] = [
    "o",
    "c",
    "2",
    "organization",
    "organisation",
    "company",
    "business",
    "corporate",
];

/// Whether a value says organisation or person; `None` if it says neither.
pub(crate) fn is_organisation(value: &str) -> Option<bool> {
    let value = value.trim();
    let is_among = |words: &[&str], latin: &[&str]| {
        words.contains(&value) || latin.iter().any(|word| word.eq_ignore_ascii_case(value))
    };
    if is_among(&ORGANISATION, &ORGANISATION_LATIN) {
        return Some(true);
    }
    is_among(&PERSON, &PERSON_LATIN).then_some(false)
}

/// True for a word, not a letter or digit that may stand for anything.
pub(super) fn is_plain(value: &str) -> bool {
    value.len() > 1 && is_organisation(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_imports_are_known() {
        for (value, wanted) in [
            ("person", Some(false)),
            ("个人", Some(false)),
            ("Organization", Some(true)),
            ("单位", Some(true)),
            (" O ", Some(true)),
            ("VIP", None),
            ("", None),
        ] {
            assert_eq!(is_organisation(value), wanted, "{value}");
        }
        assert!(is_plain("公司") && !is_plain("P") && !is_plain("2"));
    }
}
