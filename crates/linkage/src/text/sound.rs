//! How a name sounds: pinyin without tones for Chinese characters, a Soundex-like code for Latin names.

use pinyin::ToPinyin;

/// Readings that a character has as a surname, where the dictionary's first reading is another.
const SURNAME_READINGS: &[(char, &str)] = &[
    ('单', "shan"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('曾', "zeng"),
    ('任', "ren"),
    ('华', "hua"),
    ('查', "zha"),
    ('区', "ou"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('覃', "qin"),
    ('尉', "yu"),
    ('乐', "yue"),
    ('员', "yun"),
    ('缪', "miao"),
    ('宓', "mi"),
    ('召', "shao"),
    ('翟', "zhai"),
    ('繁', "po"),
    ('冼', "xian"),
    ('长', "zhang"),
];

/// The toneless reading of one character, `None` if it has none.
pub fn syllable(character: char) -> Option<&'static str> {
    character.to_pinyin().map(pinyin::Pinyin::plain)
}

/// The toneless reading of a surname's character.
pub fn surname_syllable(character: char) -> Option<&'static str> {
    SURNAME_READINGS
        .iter()
        .find(|(surname, _)| *surname == character)
        .map(|(_, reading)| *reading)
        .or_else(|| syllable(character))
}

/// The letters of a whole name read aloud: 何明, HE MING and heming all give `heming`. Letters are kept, others dropped.
pub fn spoken(name: &[char]) -> String {
    let mut letters = String::with_capacity(name.len() * 4);
    for (at, character) in name.iter().enumerate() {
        if character.is_ascii_alphanumeric() {
            letters.push(character.to_ascii_lowercase());
        } else {
            let reading = if at == 0 {
                surname_syllable(*character)
            } else {
                syllable(*character)
            };
            match reading {
                // ü is written v or u by different people; u is the commoner in documents.
                Some(reading) => {
                    letters.extend(reading.chars().map(|c| if c == 'ü' { 'u' } else { c }));
                }
                None => letters.push(*character),
            }
        }
    }
    letters
}

/// A code that similar-sounding Latin names share: first letter, then the classes of up to three further consonants
/// (after American Soundex, US patent 1,435,663, expired). Empty for a name without Latin letters.
pub fn soundex(name: &[char]) -> [u8; 4] {
    let mut code = [0_u8; 4];
    let mut filled = 0;
    let mut previous = 0;
    for letter in name
        .iter()
        .copied()
        .filter(char::is_ascii_alphabetic)
        .map(|c: char| c.to_ascii_lowercase())
    {
        let class = consonant_class(letter);
        if filled == 0 {
            code[0] = letter as u8;
            filled = 1;
        } else if class != 0 && class != previous && filled < 4 {
            code[filled] = b'0' + class;
            filled += 1;
        }
        if !matches!(letter, 'h' | 'w') {
            previous = class;
        }
    }
    code
}

fn consonant_class(letter: char) -> u8 {
    match letter {
        'b' | 'f' | 'p' | 'v' => 1,
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => 2,
        'd' | 't' => 3,
        'l' => 4,
        'm' | 'n' => 5,
        'r' => 6,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn homophones_and_pinyin_sound_alike() {
        assert_eq!(spoken(&chars("何明")), "heming");
        assert_eq!(spoken(&chars("HEMING")), "heming");
        assert_eq!(spoken(&chars("徐淑赤")), spoken(&chars("栩淑赤")));
        assert_eq!(spoken(&chars("单伟")), "shanwei");
    }

    #[test]
    fn soundex_follows_the_patent() {
        assert_eq!(&soundex(&chars("robert")), b"r163");
        assert_eq!(soundex(&chars("rupert")), soundex(&chars("robert")));
        assert_eq!(&soundex(&chars("ashcraft")), b"a261");
    }
}
