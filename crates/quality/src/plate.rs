//! Number plates (GA 36): ordinary, new-energy, and the special kinds.

use crate::{inline::Inline, text::fold_code};

/// Kind of a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlateKind {
    /// Seven characters, blue or yellow.
    Ordinary,
    /// New-energy car, small: eight characters, energy letter third.
    NewEnergySmall,
    /// New-energy vehicle, large: eight characters, energy letter last.
    NewEnergyLarge,
    /// 挂, trailer.
    Trailer,
    /// 学, driving school.
    Training,
    /// 警, police.
    Police,
    /// 港, 澳: cars that cross to Hong Kong or Macao.
    HongKongMacao,
    /// Embassy, consulate, armed police, military, temporary, test.
    Other,
}

/// Why a text is not a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateFlaw {
    /// Neither 7 nor 8 characters; the number found.
    Length(usize),
    /// Does not begin with the character of a province and the letter of an office.
    Area,
    /// I or O among the characters, which no plate has.
    LetterIO,
    /// Right length, but no plate is composed so.
    Form,
    /// Says that there is no plate yet: 未上牌, 新车, 无牌.
    NotYet,
}

/// A well-formed plate: upper-case, half-width, without dot or spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Plate {
    text: Inline<24>,
    kind: PlateKind,
}

/// The character of a province, as plates begin.
#[rustfmt::skip]
const fn is_province(character: char) -> bool {
    matches!(
        character,
        '京' | '津' | '沪' | '渝' | '冀' | '豫' | '云' | '辽' | '黑' | '湘' | '皖' | '鲁' | '新' | '苏' | '浙' | '赣'
        | '鄂' | '桂' | '甘' | '晋' | '蒙' | '陕' | '吉' | '闽' | '贵' | '粤' | '青' | '藏' | '川' | '宁' | '琼'
    )
}

/// Letters and digits of a serial: no I, no O.
const fn is_serial(character: char) -> bool {
    matches!(character, '0'..='9' | 'A'..='H' | 'J'..='N' | 'P'..='Z')
}

/// D, F and the letters opened later: A B C E (battery electric), G H J K (other).
const fn is_energy_letter(character: char) -> bool {
    matches!(character, 'A'..='H' | 'J' | 'K')
}

impl Plate {
    /// Reads a plate as people type it: any case, full-width, with dot, dash or spaces.
    ///
    /// # Errors
    /// The [`PlateFlaw`].
    pub fn parse(typed: &str) -> Result<Self, PlateFlaw> {
        let folded = fold_code::<48>(typed).ok_or(PlateFlaw::Length(typed.chars().count()))?;
        let mut text = Inline::new();
        let mut characters = ['\0'; 9];
        let mut count = 0;
        for character in folded
            .chars()
            .filter(|c| !matches!(c, '·' | '•' | '.' | '-' | '・' | '‧' | '—'))
        {
            if count == characters.len() || !text.push(character) {
                return Err(PlateFlaw::Length(folded.chars().count()));
            }
            characters[count] = character;
            count += 1;
        }
        if matches!(
            text.as_str(),
            "未上牌" | "无牌" | "新车" | "暂无牌照" | "无牌照" | "未挂牌" | "待上牌"
        ) {
            return Err(PlateFlaw::NotYet);
        }
        let kind = classify(&characters[..count])?;
        Ok(Self { text, kind })
    }

    /// The plate.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Its kind.
    pub const fn kind(&self) -> PlateKind {
        self.kind
    }

    /// Whether it is a new-energy plate.
    pub const fn is_new_energy(&self) -> bool {
        matches!(
            self.kind,
            PlateKind::NewEnergySmall | PlateKind::NewEnergyLarge
        )
    }
}

fn classify(plate: &[char]) -> Result<PlateKind, PlateFlaw> {
    if is_special(plate) {
        return Ok(PlateKind::Other);
    }
    if !matches!(plate.len(), 7 | 8) {
        return Err(PlateFlaw::Length(plate.len()));
    }
    if !is_province(plate[0]) || !plate[1].is_ascii_uppercase() {
        return Err(PlateFlaw::Area);
    }
    if plate[1..].iter().any(|c| matches!(c, 'I' | 'O')) {
        return Err(PlateFlaw::LetterIO);
    }
    let serial = &plate[2..];
    if let [.., last] = serial
        && serial.len() == 5
    {
        if !serial[..4].iter().all(|c| is_serial(*c)) {
            return Err(PlateFlaw::Form);
        }
        return match last {
            '挂' => Ok(PlateKind::Trailer),
            '学' => Ok(PlateKind::Training),
            '警' => Ok(PlateKind::Police),
            '港' | '澳' => Ok(PlateKind::HongKongMacao),
            other if is_serial(*other) => Ok(PlateKind::Ordinary),
            _ => Err(PlateFlaw::Form),
        };
    }
    let digits = |range: &[char]| range.iter().all(char::is_ascii_digit);
    match serial {
        [energy, second, rest @ ..]
            if is_energy_letter(*energy) && is_serial(*second) && digits(rest) =>
        {
            Ok(PlateKind::NewEnergySmall)
        }
        [rest @ .., energy] if is_energy_letter(*energy) && digits(rest) => {
            Ok(PlateKind::NewEnergyLarge)
        }
        _ => Err(PlateFlaw::Form),
    }
}

/// Plates outside the ordinary series: 使/领 with digits, WJ, two letters and five digits (military), 临/试 in it.
fn is_special(plate: &[char]) -> bool {
    if plate.len() < 6 {
        return false;
    }
    let code = |range: &[char]| range.iter().all(char::is_ascii_alphanumeric);
    match plate {
        ['使' | '领', rest @ ..] => code(rest),
        ['W', 'J', rest @ ..] => {
            rest.iter()
                .all(|c| c.is_ascii_alphanumeric() || is_province(*c))
                && rest.len() >= 5
        }
        [first, .., '使' | '领' | '临' | '试'] => is_province(*first),
        ['临' | '试', ..] => code(&plate[1..]),
        [first, second, rest @ ..] => {
            plate.len() == 7
                && first.is_ascii_uppercase()
                && second.is_ascii_uppercase()
                && rest.iter().all(char::is_ascii_digit)
        }
        _ => false,
    }
}

/// Whether a cell looks like a plate: begins with a province's character and a Latin letter.
pub(crate) fn looks_like_plate(typed: &str) -> bool {
    let mut characters = typed.chars();
    characters.next().is_some_and(is_province)
        && characters
            .next()
            .is_some_and(|c| crate::text::half_width(c).is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_the_standard_pass_or_fail_as_stated() {
        for (typed, kind) in [
            ("京A12345", PlateKind::Ordinary),
            ("粤Z1234港", PlateKind::HongKongMacao),
            ("苏E1234挂", PlateKind::Trailer),
            ("鲁B1234学", PlateKind::Training),
            ("京A1234警", PlateKind::Police),
            ("沪AD12345", PlateKind::NewEnergySmall),
            ("京A12345D", PlateKind::NewEnergyLarge),
            ("浙ADA1234", PlateKind::NewEnergySmall),
            ("使224001", PlateKind::Other),
            ("WJ鲁12345", PlateKind::Other),
            ("VA01234", PlateKind::Other),
        ] {
            assert_eq!(Plate::parse(typed).map(|p| p.kind()), Ok(kind), "{typed}");
        }
        for (typed, flaw) in [
            ("京AI2345", PlateFlaw::LetterIO),
            ("京A1234O", PlateFlaw::LetterIO),
            ("沪AD1234O", PlateFlaw::LetterIO),
            ("京A123", PlateFlaw::Length(5)),
            ("XX12345中", PlateFlaw::Area),
            ("京A1234中", PlateFlaw::Form),
            ("未上牌", PlateFlaw::NotYet),
        ] {
            assert_eq!(Plate::parse(typed), Err(flaw), "{typed}");
        }
    }

    #[test]
    fn typed_forms_are_folded() {
        for typed in [
            "冀A·d86698",
            "冀A D86698",
            "冀ＡＤ８６６９８",
            "冀A-D86698",
            "冀a.D86698",
        ] {
            assert_eq!(
                Plate::parse(typed).map(|p| p.as_str().to_owned()),
                Ok("冀AD86698".to_owned()),
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_ordinary_plate_is_accepted(serial in "[A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}") {
            let typed = format!("京{serial}");
            prop_assert_eq!(Plate::parse(&typed).map(|p| p.kind()), Ok(PlateKind::Ordinary));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,20}") {
            let _ = Plate::parse(&text);
        }
    }
}
