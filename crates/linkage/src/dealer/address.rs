//! Reading a Chinese address from its end: room, building, estate; then road and number. Divisions may be missing.

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
}

/// How many characters before the building number name the estate: few enough that a road or district in front of a
/// short estate name is not mixed in, many enough to tell estates apart.
const ESTATE_LEN: usize = 3;

/// Takes an address apart. Texts under four characters are no address.
pub(super) fn parse(raw: &str) -> Address {
    let characters: Vec<char> = fold(raw).chars().filter(|c| !c.is_whitespace()).collect();
    if characters.len() < 4 {
        return Address::default();
    }
    let text: String = characters.iter().collect();
    let tail_from = house_number_end(&characters);
    let tail = &characters[tail_from..];
    let numbers = numbers(tail);
    let estate_end = numbers.first().map_or(tail.len(), |number| number.0);
    let estate = last_name(&tail[..estate_end]);
    let estate_hash = if estate.is_empty() {
        0
    } else {
        stable_hash(&[b"estate", estate.as_bytes()])
    };
    let home = match (&numbers[..], estate_hash) {
        (_, 0) | ([] | [_], _) => 0,
        ([building, .., room], estate) => stable_hash(&[
            b"home",
            &estate.to_le_bytes(),
            &building.1.to_le_bytes(),
            &room.1.to_le_bytes(),
        ]),
    };
    Address {
        home,
        road: road(&characters[..tail_from]),
        estate: estate_hash,
        whole: stable_hash(&[b"address", text.as_bytes()]),
    }
}

/// The index after 路564号 and the like: after the first 号 that follows digits and is not 号楼; 0 if there is none.
fn house_number_end(characters: &[char]) -> usize {
    (1..characters.len())
        .find(|at| {
            characters[*at] == '号'
                && characters[at - 1].is_ascii_digit()
                && !matches!(characters.get(at + 1), Some('楼' | '栋' | '幢' | '院'))
        })
        .map_or(0, |at| at + 1)
}

fn road(head: &[char]) -> u64 {
    let Some(digits_from) = head
        .iter()
        .rposition(|c| !c.is_ascii_digit() && *c != '号')
        .map(|at| at + 1)
    else {
        return 0;
    };
    let number: String = head[digits_from..]
        .iter()
        .filter(|c| c.is_ascii_digit())
        .collect();
    let name = last_name(&head[..digits_from]);
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

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(raw in ".{0,60}", number in "[0-9号路-]{0,30}") {
            let _ = parse(&raw);
            let _ = parse(&number);
        }
    }
}
