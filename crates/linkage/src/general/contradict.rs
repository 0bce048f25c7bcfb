//! What two records of one person cannot both say: two sound identity numbers, or another gender born in other years.

use super::lexicon::Value;
use crate::codes::{self, ResidentId};
use crate::dates::Date;
use crate::text::similarity::edits;

/// A kind of number with a check digit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// Chinese resident ID or credit code.
    Chinese,
    /// Polish PESEL.
    Pesel,
    /// Dutch BSN.
    Bsn,
    /// Brazilian CPF.
    Cpf,
    /// Spanish DNI or NIE.
    Dni,
    /// Nordic and other numbers whose last digit follows Luhn's rule.
    Luhn,
}

const KINDS: [Checked; 6] = [
    Checked::Chinese,
    Checked::Pesel,
    Checked::Cpf,
    Checked::Dni,
    Checked::Bsn,
    Checked::Luhn,
];
/// So many values must be there, and this share of them sound, for a column to be of a kind: of other numbers one in ten is.
const LEAST_VALUES: usize = 50;
const LEAST_SOUND: f32 = 0.85;

/// The kind of number that a column holds, judged by its different values; value 0 is "missing".
pub(super) fn checked_kind(values: &[Value]) -> Option<Checked> {
    let values = values.get(1..).unwrap_or(&[]);
    let step = (values.len() / 2_000).max(1);
    let looked = values.iter().step_by(step).count();
    if looked < LEAST_VALUES {
        return None;
    }
    KINDS.into_iter().find(|kind| {
        let sound = values
            .iter()
            .step_by(step)
            .filter(|value| is_sound(*kind, &value.chars));
        sound.count() as f32 >= LEAST_SOUND * looked as f32
    })
}

/// Two sound numbers of one form that no typing error explains: old and new forms differ in length, and who is naturalised
/// has a DNI in place of the NIE. A number of several records' names may be lent: there the weights decide.
pub(super) fn are_different_numbers(kind: Checked, left: &Value, right: &Value) -> bool {
    let is_nie = |value: &Value| matches!(value.chars.first(), Some('x' | 'y' | 'z'));
    let is_one_form = left.chars.len() == right.chars.len()
        && (kind != Checked::Dni || is_nie(left) == is_nie(right));
    is_one_form
        && edits(&left.chars, &right.chars, 2) > 2
        && is_sound(kind, &left.chars)
        && is_sound(kind, &right.chars)
}

/// Birthdays years apart with neither month nor day in common; both known in full.
pub(super) fn are_far_apart(left: u32, right: u32) -> bool {
    let (Some(a), Some(b)) = (Date::from_packed(left), Date::from_packed(right)) else {
        return false;
    };
    let is_whole = |date: Date| date.month() != 0 && date.day() != 0;
    is_whole(a)
        && is_whole(b)
        && a.year().abs_diff(b.year()) >= 2
        && a.month() != b.month()
        && a.day() != b.day()
        && edits(&a.digits(), &b.digits(), 2) > 2
}

fn is_sound(kind: Checked, code: &[char]) -> bool {
    let numbers = || -> Option<Vec<u32>> { code.iter().map(|c| c.to_digit(10)).collect() };
    let weighted = |digits: &[u32], weights: &[u32]| -> u32 {
        digits
            .iter()
            .zip(weights)
            .map(|(digit, weight)| digit * weight)
            .sum()
    };
    match kind {
        Checked::Chinese => is_sound_chinese(code),
        Checked::Pesel => numbers().is_some_and(|digits| {
            digits.len() == 11
                && weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
        }),
        Checked::Bsn => numbers().is_some_and(|digits| {
            // The last digit weighs minus one, ten of eleven.
            digits.len() == 9 && weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11)
        }),
        Checked::Cpf => numbers().is_some_and(|digits| {
            let check = |count: usize| {
                let weights: Vec<u32> = (2..=count as u32 + 1).rev().collect();
                weighted(&digits[..count], &weights) * 10 % 11 % 10
            };
            digits.len() == 11 && check(9) == digits[9] && check(10) == digits[10]
        }),
        Checked::Dni => is_sound_dni(code),
        Checked::Luhn => numbers().is_some_and(|digits| {
            let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
                (0, _) => *digit,
                (_, twice) => twice / 10 + twice % 10,
            };
            (9..=12).contains(&digits.len())
                && digits
                    .iter()
                    .rev()
                    .enumerate()
                    .map(doubled)
                    .sum::<u32>()
                    .is_multiple_of(10)
        }),
    }
}

fn is_sound_chinese(code: &[char]) -> bool {
    let text: String = code.iter().collect::<String>().to_uppercase();
    matches!(
        codes::resident_id(&text),
        Some(ResidentId::Whole { sound: true, .. })
    ) || codes::credit_code(&text).is_some_and(|code| codes::is_sound_credit_code(&code))
}

/// Eight digits and the letter of their remainder by 23; of foreigners X, Y or Z stands for the first digit.
fn is_sound_dni(code: &[char]) -> bool {
    const LETTERS: &[u8; 23] = b"trwagmyfpdxbnjzsqvhlcke";
    let [first, middle @ .., letter] = code else {
        return false;
    };
    let first = match first {
        'x' => '0',
        'y' => '1',
        'z' => '2',
        other => *other,
    };
    let number: String = std::iter::once(first)
        .chain(middle.iter().copied())
        .collect();
    number.len() == 8
        && number
            .parse::<u32>()
            .is_ok_and(|number| char::from(LETTERS[(number % 23) as usize]) == *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(code: &str) -> Value {
        Value {
            chars: code.chars().collect(),
            ..Value::default()
        }
    }

    #[test]
    fn numbers_of_the_standards_are_sound_and_a_wrong_digit_is_not() {
        for (kind, code, wrong) in [
            (Checked::Chinese, "11010519491231002x", "110105194912310021"),
            (Checked::Pesel, "44051401359", "44051401358"),
            (Checked::Bsn, "111222333", "111222334"),
            (Checked::Cpf, "52998224725", "52998224726"),
            (Checked::Dni, "12345678z", "12345678a"),
            (Checked::Luhn, "8112189876", "8112189877"),
        ] {
            let chars = |code: &str| code.chars().collect::<Vec<_>>();
            assert!(is_sound(kind, &chars(code)), "{code}");
            assert!(!is_sound(kind, &chars(wrong)), "{wrong}");
        }
    }

    #[test]
    fn only_two_sound_numbers_contradict() {
        let (one, other) = (value("44051401359"), value("02070803628"));
        assert!(are_different_numbers(Checked::Pesel, &one, &other));
        assert!(!are_different_numbers(
            Checked::Pesel,
            &one,
            &value("44051401395")
        ));
        assert!(!are_different_numbers(
            Checked::Pesel,
            &one,
            &value("90010112345")
        ));
    }

    #[test]
    fn a_foreigners_number_does_not_contradict_that_of_the_citizen() {
        let (dni, nie) = (value("12345678z"), value("x1234567l"));
        assert!(is_sound(Checked::Dni, &nie.chars));
        assert!(!are_different_numbers(Checked::Dni, &dni, &nie));
        assert!(are_different_numbers(
            Checked::Dni,
            &dni,
            &value("87654321x")
        ));
    }

    #[test]
    fn a_column_of_any_numbers_is_of_no_kind() {
        let any: Vec<Value> = (0..500)
            .map(|at| value(&(100_000_000 + at * 7919).to_string()))
            .collect();
        assert_eq!(checked_kind(&any), None);
    }

    #[test]
    fn birthdays_that_typing_explains_are_not_far_apart() {
        assert!(are_far_apart(19_500_312, 19_640_725));
        assert!(!are_far_apart(19_500_312, 19_501_203));
        assert!(!are_far_apart(19_500_101, 19_640_100));
        assert!(!are_far_apart(19_500_000, 19_640_725));
    }
}
