//! Administrative divisions (GB/T 2260) with the years each code was in force, since 1980.
//!
//! An unknown code is a doubt, never a proof: published examples use codes that stand in no list.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// A province, prefecture or county under one of the names it has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Six digits: `PP0000` a province, `PPCC00` a prefecture, else a county.
    pub code: u32,
    /// Full name, such as 石家庄市.
    pub name: &'static str,
    /// First year in force; `None` before 1980.
    pub since: Option<u16>,
    /// Last year in force; `None` while it is in force.
    pub until: Option<u16>,
}

include!(concat!(env!("OUT_DIR"), "/divisions.rs"));

impl Division {
    /// Whether the code is still in force.
    pub const fn is_current(&self) -> bool {
        self.until.is_none()
    }

    /// Whether this is a province, autonomous region, municipality or special administrative region.
    pub const fn is_province(&self) -> bool {
        self.code.is_multiple_of(10_000)
    }

    /// Whether this is a prefecture (or the 市辖区 row of a municipality).
    pub const fn is_prefecture(&self) -> bool {
        !self.is_province() && self.code.is_multiple_of(100)
    }
}

/// The division of a code under its latest name, in force or retired. `None`: in no list since 1980.
pub fn find(code: u32) -> Option<&'static Division> {
    let stretch = with_prefix(code / 100);
    stretch.iter().rev().find(|division| division.code == code)
}

/// All divisions whose codes begin with these four digits.
fn with_prefix(prefix: u32) -> &'static [Division] {
    let Some(place) = prefix.checked_sub(FIRST_PREFIX).map(|place| place as usize) else {
        return &[];
    };
    match STARTS.get(place..place + 2) {
        Some([start, end]) => &DIVISIONS[usize::from(*start)..usize::from(*end)],
        _ => &[],
    }
}

/// The province of a code, by its first two digits.
pub fn province_of(code: u32) -> Option<&'static Division> {
    find(code / 10_000 * 10_000)
}

/// The prefecture of a code, by its first four digits; missing for counties directly under a province.
pub fn prefecture_of(code: u32) -> Option<&'static Division> {
    find(code / 100 * 100).filter(|division| division.is_prefecture())
}

/// Whether any county of the prefecture of `code` ever existed: separates an unlisted county from an impossible area.
pub fn prefecture_is_known(code: u32) -> bool {
    !with_prefix(code / 100).is_empty()
}

/// Reads six digits as a code.
pub fn code_of(digits: &[u8]) -> Option<u32> {
    if digits.len() != 6 {
        return None;
    }
    digits.iter().try_fold(0, |code, &b| {
        b.is_ascii_digit().then(|| code * 10 + u32::from(b - b'0'))
    })
}

/// Divisions that bear exactly this name, most recent lists first.
pub fn named(name: &str) -> &'static [&'static Division] {
    BY_NAME.get(name).map_or(&[], Vec::as_slice)
}

/// Index by name. A division is also found by its name without the ending (石家庄), where that leaves two characters.
static BY_NAME: LazyLock<FxHashMap<&'static str, Vec<&'static Division>>> = LazyLock::new(|| {
    let mut index: FxHashMap<&'static str, Vec<&'static Division>> = FxHashMap::default();
    for division in DIVISIONS.iter().filter(|d| {
        !matches!(
            d.name,
            "市辖区" | "县" | "省直辖县级行政单位" | "自治区直辖县级行政单位"
        )
    }) {
        index.entry(division.name).or_default().push(division);
        let short = short_name(division);
        if short != division.name {
            index.entry(short).or_default().push(division);
        }
    }
    for divisions in index.values_mut() {
        divisions.sort_by_key(|d| (!d.is_current(), std::cmp::Reverse(d.until), d.code));
    }
    index
});

/// How people shorten the name of a province or prefecture: 河北, 内蒙古, 广西, 石家庄, 湘西. Counties keep theirs.
pub(crate) fn short_name(division: &Division) -> &'static str {
    const ENDINGS: [&str; 14] = [
        "特别行政区",
        "维吾尔自治区",
        "壮族自治区",
        "回族自治区",
        "自治区",
        "土家族苗族自治州",
        "布依族苗族自治州",
        "苗族侗族自治州",
        "藏族自治州",
        "自治州",
        "地区",
        "省",
        "市",
        "盟",
    ];
    if !division.is_province() && !division.is_prefecture() {
        return division.name;
    }
    ENDINGS
        .iter()
        .find_map(|ending| division.name.strip_suffix(ending))
        .filter(|short| short.chars().count() >= 2)
        .unwrap_or(division.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retired_codes_are_known_with_their_years() {
        let chongwen = find(110_103).expect("崇文区 was in force to 2009");
        assert_eq!((chongwen.name, chongwen.until), ("崇文区", Some(2009)));
        assert!(!chongwen.is_current());
        assert_eq!(find(340_524), None);
        assert!(prefecture_is_known(340_524));
        assert!(!prefecture_is_known(999_999));
    }

    #[test]
    fn parents_are_derived_by_prefix_and_may_be_missing() {
        assert_eq!(
            province_of(659_001).map(|d| d.name),
            Some("新疆维吾尔自治区")
        );
        assert_eq!(find(659_001).map(|d| d.name), Some("石河子市"));
        assert_eq!(prefecture_of(130_109).map(|d| d.name), Some("石家庄市"));
    }

    #[test]
    fn names_are_found_whole_and_shortened() {
        assert_eq!(named("石家庄").first().map(|d| d.code), Some(130_100));
        assert_eq!(named("河北").first().map(|d| d.code), Some(130_000));
        assert!(named("不存在的市").is_empty());
    }

    #[test]
    fn the_table_is_sorted_and_plausible() {
        assert!(DIVISIONS.is_sorted_by_key(|d| d.code));
        assert!(
            DIVISIONS
                .iter()
                .all(|d| (110_000..840_000).contains(&d.code))
        );
        assert_eq!(DIVISIONS.iter().filter(|d| d.is_province()).count(), 34);
    }
}
