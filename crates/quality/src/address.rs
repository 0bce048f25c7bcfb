//! Addresses: split into divisions, town, road, number, estate, building, unit and room.

use std::{borrow::Cow, ops::Range};

use crate::{
    division::{self, Division},
    text::tidy,
};

/// A tidied address and where its parts stand in it.
#[derive(Clone)]
pub struct Address<'a> {
    text: Cow<'a, str>,
    province: Option<&'static Division>,
    prefecture: Option<&'static Division>,
    county: Option<&'static Division>,
    parts: [Option<Range<u16>>; 7],
    detail_at: u16,
}

/// A part below the county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// 镇, 乡, 街道, 苏木.
    Town,
    /// 路, 街, 大道, 巷, 胡同, 弄.
    Road,
    /// 567号.
    Number,
    /// The estate or building complex, 金色名城.
    Estate,
    /// 27号楼, 7栋, or the first of 12-1-303.
    Building,
    /// 3单元, or the middle of 12-1-303.
    Unit,
    /// 603室, or the last of 12-1-303.
    Room,
}

impl std::fmt::Debug for Address<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Address")
            .field("region_code", &self.region_code())
            .finish_non_exhaustive()
    }
}

impl<'a> Address<'a> {
    /// Splits an address; whatever cannot be told apart stays in [`Address::as_str`].
    pub fn parse(typed: &'a str) -> Self {
        let mut text = tidy(typed);
        if text.contains([' ', ',', '，']) && !text.is_ascii() {
            text = Cow::Owned(
                text.chars()
                    .filter(|c| !matches!(c, ' ' | ',' | '，'))
                    .collect(),
            );
        }
        if text.len() > usize::from(u16::MAX) {
            let end = text.floor_char_boundary(usize::from(u16::MAX));
            text = Cow::Owned(text[..end].to_owned());
        }
        let mut address = Address {
            text,
            province: None,
            prefecture: None,
            county: None,
            parts: [const { None }; 7],
            detail_at: 0,
        };
        let start = address.find_divisions();
        address.detail_at = start as u16;
        address.find_parts(start);
        address
    }

    /// The whole address, tidied.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole address, tidied, given away.
    pub fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    /// What follows the divisions: the same place whether or not province and city were written.
    pub fn detail(&self) -> &str {
        &self.text[usize::from(self.detail_at)..]
    }

    /// The province, named or derived from the prefecture or county.
    pub const fn province(&self) -> Option<&'static Division> {
        self.province
    }

    /// The prefecture, named or derived from the county.
    pub const fn prefecture(&self) -> Option<&'static Division> {
        self.prefecture
    }

    /// The county or district.
    pub const fn county(&self) -> Option<&'static Division> {
        self.county
    }

    /// A part below the county, as written.
    pub fn part(&self, part: Part) -> Option<&str> {
        self.parts[part as usize]
            .as_ref()
            .map(|range| &self.text[usize::from(range.start)..usize::from(range.end)])
    }

    /// GB/T 2260 code of the smallest division found.
    pub fn region_code(&self) -> Option<u32> {
        self.county
            .or(self.prefecture)
            .or(self.province)
            .map(|division| division.code)
    }

    /// Whether it is precise enough to deliver to: a county and a road, estate or town below it.
    pub fn is_deliverable(&self) -> bool {
        self.county.is_some()
            && [Part::Road, Part::Estate, Part::Town]
                .iter()
                .any(|part| self.parts[*part as usize].is_some())
    }

    /// Reads the divisions; returns where the rest begins.
    fn find_divisions(&mut self) -> usize {
        let text: &str = &self.text;
        let text = text.strip_prefix("中国").unwrap_or(text);
        let mut rest = text;
        if let Some((province, length)) = take_province(rest) {
            self.province = Some(province);
            rest = rest[length..].trim_start_matches("市辖区");
        }
        let province = self.province.map(|p| p.code / 10_000);
        let in_province = |d: &Division| province.is_none_or(|p| d.code / 10_000 == p);
        if let Some((prefecture, length)) = take_named(rest, |d| {
            d.is_prefecture() && d.is_current() && in_province(d)
        }) {
            self.prefecture = Some(prefecture);
            rest = rest[length..].trim_start_matches("市辖区");
        }
        let prefecture = self.prefecture.map(|p| p.code / 100);
        let in_prefecture =
            |d: &Division| prefecture.is_none_or(|p| d.code / 100 == p) && in_province(d);
        let is_county = |d: &Division| !d.is_province() && !d.is_prefecture() && in_prefecture(d);
        let county = take_named(rest, is_county)
            .filter(|(found, _)| province.is_some() || prefecture.is_some() || is_unique(found));
        if let Some((county, length)) = county {
            self.county = Some(county);
            rest = &rest[length..];
        }
        let start = self.text.len() - rest.len();
        self.derive_parents();
        start
    }

    fn derive_parents(&mut self) {
        if let Some(county) = self.county {
            self.prefecture = self
                .prefecture
                .or_else(|| division::prefecture_of(county.code));
        }
        if let Some(smallest) = self.county.or(self.prefecture) {
            self.province = self
                .province
                .or_else(|| division::province_of(smallest.code));
        }
    }

    fn find_parts(&mut self, start: usize) {
        let mut cursor = start;
        self.take_until(
            &mut cursor,
            Part::Town,
            &["街道办事处", "街道", "镇", "乡", "苏木"],
            12,
        );
        self.take_until(
            &mut cursor,
            Part::Road,
            &["大道", "大街", "胡同", "路", "街", "巷", "弄", "道"],
            14,
        );
        self.take_house_number(&mut cursor);
        let building = self.first_building(cursor);
        if building > cursor {
            self.set(Part::Estate, cursor, building);
        }
        self.take_rooms(building);
    }

    fn set(&mut self, part: Part, start: usize, end: usize) {
        self.parts[part as usize] = Some(start as u16..end as u16);
    }

    /// Takes what ends with the first of `endings` within `reach` characters, at least two characters long and without digits.
    fn take_until(&mut self, cursor: &mut usize, part: Part, endings: &[&str], reach: usize) {
        let rest = &self.text[*cursor..];
        let mut found = None;
        for (count, (at, character)) in rest.char_indices().enumerate() {
            if count > reach || character.is_ascii_digit() {
                break;
            }
            let ending = endings
                .iter()
                .find(|ending| count > 0 && rest[at..].starts_with(**ending));
            if let Some(ending) = ending {
                found = Some(at + ending.len());
                break;
            }
        }
        if let Some(length) = found {
            // 人民路街道 is a town, not the road it is called after.
            let is_town = part == Part::Road && rest[length..].starts_with("街道");
            if !is_town {
                self.set(part, *cursor, *cursor + length);
                *cursor += length;
            }
        }
    }

    /// `567号`, `567-1号`, but not `27号楼`.
    fn take_house_number(&mut self, cursor: &mut usize) {
        let rest = &self.text[*cursor..];
        let digits = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'-')
            .count();
        let after = &rest[digits..];
        if digits > 0
            && after.starts_with('号')
            && !after.starts_with("号楼")
            && !after.starts_with("号院")
        {
            let end = *cursor + digits + '号'.len_utf8();
            self.set(Part::Number, *cursor, end);
            *cursor = end;
        }
    }

    /// Where the number of a building begins: the first digit after the cursor, or the end.
    fn first_building(&self, cursor: usize) -> usize {
        self.text[cursor..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(self.text.len(), |at| cursor + at)
    }

    fn take_rooms(&mut self, start: usize) {
        let mut cursor = start;
        for (part, endings) in [
            (Part::Building, &["号楼", "栋", "幢", "座", "楼", "-"][..]),
            (Part::Unit, &["单元", "门", "-"][..]),
            (Part::Room, &["室", "房", "号", ""][..]),
        ] {
            let rest = &self.text[cursor..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                continue;
            }
            let ending = endings
                .iter()
                .find(|ending| rest[digits..].starts_with(**ending));
            let Some(ending) = ending else { continue };
            let is_dash = *ending == "-";
            // In 12-303 the second number is the room.
            if part == Part::Unit
                && is_dash
                && !rest[digits + 1..].starts_with(|c: char| c.is_ascii_digit())
            {
                continue;
            }
            self.set(
                part,
                cursor,
                cursor + digits + if is_dash { 0 } else { ending.len() },
            );
            cursor += digits + ending.len();
        }
    }
}

/// The province an address begins with, by its full or short name.
fn take_province(text: &str) -> Option<(&'static Division, usize)> {
    // The first two characters, six bytes, tell all provinces apart.
    let first_two: [u8; 6] = text.as_bytes().get(..6)?.try_into().ok()?;
    let province = PROVINCES
        .iter()
        .find(|(short, _)| short.as_bytes()[..6] == first_two)?;
    let (short, code) = *province;
    let division = division::find(code)?;
    if let Some(rest) = text.strip_prefix(division.name) {
        return Some((division, text.len() - rest.len()));
    }
    let rest = text.strip_prefix(short)?;
    let rest = rest.strip_prefix(['省', '市']).unwrap_or(rest);
    // 吉林市 is a prefecture of 吉林; only the four municipalities and Hong Kong, Macao drop to 市.
    let is_municipality = matches!(code / 10_000, 11 | 12 | 31 | 50 | 81 | 82);
    if !is_municipality && text[short.len()..].starts_with('市') {
        return None;
    }
    // 海南州, 海南藏族自治州 lie in Qinghai; 吉林 and 海南 as counties end in 区 or 县.
    let is_other = text[short.len()..].starts_with(['州', '区', '县', '路', '街', '大'])
        || text[short.len()..].starts_with("藏族");
    (!is_other).then(|| (division, text.len() - rest.len()))
}

const PROVINCES: [(&str, u32); 34] = [
    ("北京", 110_000),
    ("天津", 120_000),
    ("河北", 130_000),
    ("山西", 140_000),
    ("内蒙古", 150_000),
    ("辽宁", 210_000),
    ("吉林", 220_000),
    ("黑龙江", 230_000),
    ("上海", 310_000),
    ("江苏", 320_000),
    ("浙江", 330_000),
    ("安徽", 340_000),
    ("福建", 350_000),
    ("江西", 360_000),
    ("山东", 370_000),
    ("河南", 410_000),
    ("湖北", 420_000),
    ("湖南", 430_000),
    ("广东", 440_000),
    ("广西", 450_000),
    ("海南", 460_000),
    ("重庆", 500_000),
    ("四川", 510_000),
    ("贵州", 520_000),
    ("云南", 530_000),
    ("西藏", 540_000),
    ("陕西", 610_000),
    ("甘肃", 620_000),
    ("青海", 630_000),
    ("宁夏", 640_000),
    ("新疆", 650_000),
    ("台湾", 710_000),
    ("香港", 810_000),
    ("澳门", 820_000),
];

/// The division that `text` begins with: cut after each ending character of the first sixteen, else two to four characters
/// without ending (prefectures: 石家庄). The longest that fits wins, as 石家庄循环化工园区 begins with 石家庄.
fn take_named(text: &str, fits: impl Fn(&Division) -> bool) -> Option<(&'static Division, usize)> {
    let mut found = None;
    for (count, (at, character)) in text.char_indices().enumerate() {
        if count > 16 || character.is_ascii_digit() {
            break;
        }
        let end = at + character.len_utf8();
        let is_ending = matches!(character, '市' | '区' | '县' | '州' | '盟' | '旗' | '域');
        if !(is_ending && count >= 1 || (1..=3).contains(&count) && found.is_none()) {
            continue;
        }
        // 朝阳区 is a district of several cities, not the city 朝阳.
        if !is_ending && text[end..].starts_with(['区', '县', '镇', '乡', '街', '路', '村'])
        {
            continue;
        }
        let candidate = division::named(&text[..end])
            .iter()
            .find(|division| fits(division));
        if let Some(division) = candidate {
            found = Some((*division, end));
            if is_ending && !text[end..].starts_with(['区', '县']) {
                break;
            }
        }
    }
    found
}

/// Whether no other division in force has this name, so that it can stand without its parents.
fn is_unique(county: &Division) -> bool {
    division::named(county.name)
        .iter()
        .filter(|other| other.is_current())
        .count()
        <= 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn divisions_are_found_with_and_without_their_parents() {
        for (typed, code) in [
            ("河北省石家庄市裕华区世纪华府22-2-801", Some(130_108)),
            ("潍坊市高密市大牟家镇青年西路759号金色名城", Some(370_785)),
            ("新疆维吾尔自治区伊犁哈萨克自治州新源县", Some(654_025)),
            ("吉林省吉林市蛟河市长江西路71号", Some(220_281)),
            ("吉林市蛟河市", Some(220_281)),
            ("北京市朝阳区建国路1号", Some(110_105)),
            ("北京朝阳区建国路1号", Some(110_105)),
            ("河北石家庄裕华区", Some(130_108)),
            ("石河子市北三路", Some(659_001)),
            ("海南省澄迈县建设东路448号", Some(469_023)),
            ("内蒙古自治区乌海市海南区", Some(150_303)),
            ("朝阳区建国路1号", None),
            ("鸣凤镇万科城19-3-2003", None),
        ] {
            assert_eq!(Address::parse(typed).region_code(), code, "{typed}");
        }
    }

    #[test]
    fn parts_below_the_county_are_told_apart() {
        let address =
            Address::parse("吉林省吉林市蛟河市新站镇长江西路71号学林小区30号楼2单元604室");
        for (part, expected) in [
            (Part::Town, "新站镇"),
            (Part::Road, "长江西路"),
            (Part::Number, "71号"),
            (Part::Estate, "学林小区"),
            (Part::Building, "30号楼"),
            (Part::Unit, "2单元"),
            (Part::Room, "604室"),
        ] {
            assert_eq!(address.part(part), Some(expected), "{part:?}");
        }
        assert!(address.is_deliverable());
    }

    #[test]
    fn dashes_stand_for_building_unit_and_room() {
        let address = Address::parse("湖畔名城 12-1-303");
        assert_eq!(
            [Part::Building, Part::Unit, Part::Room].map(|p| address.part(p)),
            [Some("12"), Some("1"), Some("303")]
        );
        let address = Address::parse("湖畔名城12-303");
        assert_eq!(
            [Part::Building, Part::Unit, Part::Room].map(|p| address.part(p)),
            [Some("12"), None, Some("303")]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            let address = Address::parse(&text);
            for part in [Part::Town, Part::Road, Part::Number, Part::Estate, Part::Building, Part::Unit, Part::Room] {
                let _ = address.part(part);
            }
        }

        #[test]
        fn anything_like_an_address_is_read_without_panic(text in "[河北省石家庄市区路街道号楼单元室镇0-9-]{0,40}") {
            let _ = Address::parse(&text).region_code();
        }
    }
}
