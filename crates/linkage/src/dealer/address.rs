//! Reading a Chinese address from its end: room, building, estate; then road and number. Divisions may be missing, and
//! numbers may be written in characters: 三组 is 3组.

use crate::text::fold::fold;
use crate::text::hash::stable_hash;

/// Hashes of the parts of an address that two spellings of it share; 0 where a part is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// Estate, building and room.
    pub home: u64,
    /// Road and house number.
    pub road: u64,
    /// The estate alone.
    pub estate: u64,
    /// The whole text as typed, folded.
    pub whole: u64,
}

impl Address {
    /// True if nothing could be read.
    pub fn is_empty(&self) -> bool {
        self.whole == 0
    }

    /// True if some part that both have differs. A part that one of them lacks is missing, not different.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        [
            (self.home, other.home),
            (self.road, other.road),
            (self.estate, other.estate),
        ]
        .into_iter()
        .any(|(one, other)| one != 0 && other != 0 && one != other)
    }
}

/// How many characters before the building number name the estate: few enough that a road or district in front of a
/// short estate name is not mixed in, many enough to tell estates apart.
const ESTATE_LEN: usize = 3;

/// Takes an address apart. Texts under four characters are no address.
pub(super) fn parse(raw: &str) -> Address {
    let characters: Vec<char> = fold(raw).chars().filter(|c| !c.is_whitespace()).collect();
    let characters = with_digits(characters);
    if characters.len() < 4 {
        return Address::default();
    }
    let text: String = characters.iter().collect();
    let tail_from = house_number_end(&characters);
    let tail = &characters[tail_from..];
    let numbers = numbers(tail);
    let estate_end = numbers.first().map_or(tail.len(), |number| number.0);
    let road = road(&characters[..tail_from]);
    let estate = estate(&tail[..estate_end]);
    // In a lane without a name of its own, such as 仙霞路55弄, the road stands for the estate.
    let place = if estate == 0 { road } else { estate };
    let home = match (&numbers[..], place) {
        (_, 0) | ([] | [_], _) => 0,
        ([building, .., room], place) => stable_hash(&[
            b"home",
            &place.to_le_bytes(),
            &building.1.to_le_bytes(),
            &room.1.to_le_bytes(),
        ]),
    };
    Address {
        home,
        road,
        estate,
        whole: stable_hash(&[b"address", text.as_bytes()]),
    }
}

/// The index after 路564号, 路55弄, 街1号院 and the like: after the first of them that follows digits and is not 号楼; 0 if there
/// is none.
fn house_number_end(characters: &[char]) -> usize {
    (1..characters.len())
        .filter(|at| characters[at - 1].is_ascii_digit())
        .find_map(|at| match (characters[at], characters.get(at + 1)) {
            ('号', Some('楼' | '栋' | '幢')) => None,
            ('号', Some('院')) => Some(at + 2),
            ('号' | '弄', _) => Some(at + 1),
            _ => None,
        })
        .unwrap_or(0)
}

/// The hash of the estate that a text ends with; 0 if it ends with a division or a road, whose name is no estate's.
fn estate(text: &[char]) -> u64 {
    let is_larger = match text {
        [] => true,
        // 小区, 社区 and 园区 are estates.
        [.., before, '区'] => !matches!(before, '小' | '社' | '园' | '苑'),
        [.., last] => "省市县旗镇乡路街道巷".contains(*last),
    };
    if is_larger {
        0
    } else {
        stable_hash(&[b"estate", last_name(text).as_bytes()])
    }
}

/// What a number counts; one in front of anything else may be part of a name, such as 三里屯.
const COUNTED: &[char] = &[
    '号', '弄', '栋', '幢', '座', '楼', '层', '室', '单', '组', '队',
];

/// The text with digits for Chinese numbers in front of what they count. 八号镇 is the name of a town.
fn with_digits(characters: Vec<char>) -> Vec<char> {
    let has_numbers = characters
        .windows(2)
        .any(|pair| numeral(pair[0]).is_some() && COUNTED.contains(&pair[1]));
    if !has_numbers {
        return characters;
    }
    let mut written = Vec::with_capacity(characters.len());
    let mut at = 0;
    while at < characters.len() {
        let length = characters[at..]
            .iter()
            .take_while(|c| numeral(**c).is_some())
            .count();
        let rest = &characters[at + length..];
        let is_counted = rest.first().is_some_and(|unit| COUNTED.contains(unit))
            && !matches!(rest.get(1), Some('镇' | '乡' | '村' | '桥' | '路' | '街'));
        if length > 0 && is_counted {
            written.extend(value_of(&characters[at..at + length]).to_string().chars());
            at += length;
        } else {
            let step = length.max(1);
            written.extend_from_slice(&characters[at..at + step]);
            at += step;
        }
    }
    written
}

/// The worth of a Chinese numeral: a digit, or ten and a hundred, by which the digit before it is multiplied.
fn numeral(character: char) -> Option<u64> {
    Some(match character {
        '〇' | '零' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        _ => return None,
    })
}

/// 一百二十 is 120, 十二 is 12, 一二〇 is 120.
fn value_of(numerals: &[char]) -> u64 {
    let worths = numerals.iter().copied().filter_map(numeral);
    let (total, digits) = worths.fold((0_u64, None), |(total, digits), worth| match worth {
        10 | 100 => (
            total.wrapping_add(digits.unwrap_or(1_u64).wrapping_mul(worth)),
            None,
        ),
        digit => {
            let before = digits.unwrap_or(0);
            (total, Some(before.wrapping_mul(10).wrapping_add(digit)))
        }
    });
    total.wrapping_add(digits.unwrap_or(0))
}

/// The hash of the road and the number that a text ends with; 0 without either.
fn road(head: &[char]) -> u64 {
    let number_end = head
        .iter()
        .rposition(char::is_ascii_digit)
        .map_or(0, |at| at + 1);
    let name_end = head[..number_end]
        .iter()
        .rposition(|c| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let number: String = head[name_end..number_end].iter().collect();
    let name = last_name(&head[..name_end]);
    if number.is_empty() || name.is_empty() {
        0
    } else {
        stable_hash(&[b"road", name.as_bytes(), number.as_bytes()])
    }
}

fn last_name(text: &[char]) -> String {
    text[text.len().saturating_sub(ESTATE_LEN)..]
        .iter()
        .collect()
}

/// The numbers of the text with the place where each begins.
fn numbers(text: &[char]) -> Vec<(usize, u32)> {
    let mut found: Vec<(usize, u32)> = Vec::new();
    let mut in_number = false;
    for (at, character) in text.iter().enumerate() {
        match (character.to_digit(10), in_number) {
            (Some(digit), true) => {
                if let Some(last) = found.last_mut() {
                    last.1 = last.1.wrapping_mul(10).wrapping_add(digit);
                }
            }
            (Some(digit), false) => found.push((at, digit)),
            (None, _) => {}
        }
        in_number = character.is_ascii_digit();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_home_meet() {
        let whole = parse("云南省昆明市宜良县竹山镇振兴北路564号滨江里28号楼3单元1304室");
        for other in [
            "云南省昆明市宜良县振兴北路564号滨江里28-3-1304",
            "昆明市宜良县滨江里28栋1304",
            "竹山镇振兴北路564号滨江里28-3-1304",
            "滨江里２８－３－１３０４",
        ] {
            assert_eq!(parse(other).home, whole.home, "{other}");
        }
        assert_ne!(parse("昆明市宜良县滨江里28栋1305").home, whole.home);
        assert_eq!(parse("振兴北路564号滨江里").road, whole.road);
        assert_eq!(parse("振兴北路564号滨江里").estate, whole.estate);
        assert_eq!(parse("昆明"), Address::default());
        let bare = parse("甘肃省酒泉市玉门市汽车城1号");
        assert!(bare.road != 0 && bare.home == 0);
    }

    #[test]
    fn a_lane_and_its_houses_are_one_home_however_they_are_written() {
        for (one, other) in [
            ("上海市长宁区仙霞路55弄3号101室", "仙霞路55弄3号楼101室"),
            (
                "中关村大街1号院3号楼501",
                "北京海淀中关村大街1号院三号楼501室",
            ),
            ("文三路20号3栋2单元501室", "杭州市西湖区文三路二十号3-2-501"),
        ] {
            assert_ne!(parse(one).home, 0, "{one}");
            assert_eq!(parse(one).home, parse(other).home, "{one} {other}");
        }
        assert_ne!(
            parse("仙霞路55弄3号101室").home,
            parse("仙霞路57弄3号101室").home
        );
    }

    #[test]
    fn numbers_in_characters_are_numbers_only_in_front_of_what_they_count() {
        assert_eq!(
            parse("南京市鼓楼区中山北路一百二十号").road,
            parse("南京市鼓楼区中山北路120号").road
        );
        assert_eq!(parse("红叶村三组十二号"), parse("红叶村3组12号"));
        let town = parse("榆树市八号镇振兴街460号天府豪庭16号楼1单元502室");
        assert_eq!(town.road, parse("榆树市振兴街460号").road);
        assert_ne!(town.home, 0);
    }

    #[test]
    fn a_shorter_address_lacks_parts_and_contradicts_nothing() {
        let whole = parse("上海市长宁区仙霞路55号101室");
        for shorter in [
            "上海市长宁区",
            "上海市长宁区仙霞路",
            "上海市长宁区仙霞新村",
            "仙霞路55号",
        ] {
            assert!(!whole.contradicts(&parse(shorter)), "{shorter}");
        }
        assert!(whole.contradicts(&parse("上海市长宁区仙霞路56号101室")));
        assert!(parse("滨江里28-3-1304").contradicts(&parse("万科城28-3-1304")));
        assert!(parse("滨江里28-3-1304").contradicts(&parse("滨江里28-3-1305")));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(raw in ".{0,60}", number in "[0-9号路弄院三十百楼-]{0,30}") {
            let _ = parse(&raw);
            let _ = parse(&number);
        }
    }
}
