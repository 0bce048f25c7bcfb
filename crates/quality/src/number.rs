//! Amounts of money and meter readings as people type them.

use crate::text::half_width;

/// A meter reading with what was wrong about how it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odometer {
    /// Whole kilometres.
    pub km: u32,
    /// Whether it was typed in units of 10,000 km (万公里).
    pub in_ten_thousands: bool,
}

/// Reads an amount of yuan into fen: `1,234.50`, `¥1234.5`, `1234元`, `1.2万`. Halves of a fen round away from zero.
///
/// `None` if it is no amount or does not fit in 15 digits.
pub fn parse_money_fen(typed: &str) -> Option<i64> {
    let (decimal, unit) = read(typed, &['¥', '￥', '元', '圆'], &["CNY", "RMB"])?;
    decimal.scaled(2 + unit)
}

/// Whether it is an amount with the code of another currency, such as `129.00 USD`.
pub fn is_foreign_money(typed: &str) -> bool {
    if parse_money_fen(typed).is_some() {
        return false;
    }
    let (number, code): (String, String) =
        typed.chars().partition(|each| !each.is_ascii_alphabetic());
    code.len() == 3 && parse_money_fen(&number).is_some()
}

/// Reads kilometres: `12345`, `12,345km`, `12345公里`, `1.2万公里`; fractions are cut off. `None` if it is none. How many
/// there may be is a range of the standard.
pub fn parse_odometer(typed: &str) -> Option<Odometer> {
    let (decimal, unit) = read(typed, &['公', '里', '千', '米'], &["KMS", "KM"])?;
    if decimal.is_negative {
        return None;
    }
    let km = u32::try_from(decimal.scaled(unit + 1)? / 10).ok()?;
    Some(Odometer {
        km,
        in_ten_thousands: unit == 4,
    })
}

/// Whether a reading looks put there to fill the field: one digit repeated (11111, 99999), a run (12345, 123456), or 1.
pub fn is_sentinel_odometer(km: u32) -> bool {
    let mut buffer = [0; 10];
    let mut length = 0;
    let mut rest = km;
    while rest > 0 {
        buffer[length] = rest % 10;
        rest /= 10;
        length += 1;
    }
    let digits = &buffer[..length];
    let is_repeated = length >= 4 && digits.iter().all(|d| *d == digits[0]);
    let is_run = length >= 5 && digits.windows(2).all(|w| w[0] == w[1] + 1);
    km == 1 || is_repeated || is_run
}

/// Reads a count such as a quantity into thousandths: `4`, `3.5`, `0.75L` is not one.
pub fn parse_quantity_milli(typed: &str) -> Option<i64> {
    let (decimal, unit) = read(typed, &['个', '件', '次', '只', '套'], &[])?;
    decimal.scaled(3 + unit)
}

/// A decimal number of at most 18 digits.
struct Decimal {
    digits: i64,
    fraction_digits: u32,
    is_negative: bool,
}

impl Decimal {
    /// The number times 10^`power`, rounded half away from zero.
    fn scaled(&self, power: u32) -> Option<i64> {
        let magnitude = if power >= self.fraction_digits {
            self.digits
                .checked_mul(10_i64.checked_pow(power - self.fraction_digits)?)?
        } else {
            let divisor = 10_i64.pow(self.fraction_digits - power);
            (self.digits + divisor / 2) / divisor
        };
        (magnitude < 1_000_000_000_000_000).then_some(if self.is_negative {
            -magnitude
        } else {
            magnitude
        })
    }
}

/// The decimal in a text and the power of ten of its unit (万 = 4).
fn read(typed: &str, ignored: &[char], units: &[&str]) -> Option<(Decimal, u32)> {
    let mut decimal = Decimal {
        digits: 0,
        fraction_digits: 0,
        is_negative: false,
    };
    let (mut count, mut in_fraction, mut power, mut ended) = (0, false, 0, false);
    let mut tail = String::new();
    for character in typed.trim().chars().map(half_width) {
        match character {
            '0'..='9' if !ended => {
                count += 1;
                decimal.digits = decimal.digits * 10 + i64::from(character as u8 - b'0');
                decimal.fraction_digits += u32::from(in_fraction);
                if count > 17 {
                    return None;
                }
            }
            '.' if !in_fraction && !ended => in_fraction = true,
            '-' if count == 0 && !decimal.is_negative => decimal.is_negative = true,
            ',' | ' ' => {}
            '万' if count > 0 && power == 0 => (power, ended) = (4, true),
            other if ignored.contains(&other) => ended = count > 0,
            other if other.is_ascii_alphabetic() => {
                ended = count > 0;
                tail.push(other.to_ascii_uppercase());
            }
            _ => return None,
        }
    }
    (count > 0 && (tail.is_empty() || units.contains(&tail.as_str()))).then_some((decimal, power))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn money_is_read_into_fen() {
        for (typed, fen) in [
            ("129", Some(12_900)),
            ("1,234.50", Some(123_450)),
            ("¥1234.5", Some(123_450)),
            ("１２３元", Some(12_300)),
            ("1.2万", Some(1_200_000)),
            ("-20.00", Some(-2000)),
            ("0.125", Some(13)),
            ("RMB 88", Some(8800)),
            ("免费", None),
            ("12abc", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_money_fen(typed), fen, "{typed}");
        }
    }

    #[test]
    fn another_currency_is_told_from_what_is_no_number() {
        for (typed, is_foreign) in [
            ("129.00 USD", true),
            ("EUR 129", true),
            ("129.00 CNY", false),
            ("129", false),
            ("USD", false),
            ("12abcd", false),
        ] {
            assert_eq!(is_foreign_money(typed), is_foreign, "{typed}");
        }
    }

    #[test]
    fn readings_are_read_into_kilometres() {
        for (typed, km) in [
            ("12345", Some(12_345)),
            ("12,345 km", Some(12_345)),
            ("12345公里", Some(12_345)),
            ("1.2万公里", Some(12_000)),
            ("12345.9", Some(12_345)),
            ("-5", None),
            ("3000000", Some(3_000_000)),
            ("5000000000", None),
            ("不知道", None),
        ] {
            assert_eq!(parse_odometer(typed).map(|o| o.km), km, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn fen_survive_writing_and_reading(fen in -1_000_000_000i64..1_000_000_000) {
            let sign = if fen < 0 { "-" } else { "" };
            let typed = format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100);
            prop_assert_eq!(parse_money_fen(&typed), Some(fen));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}") {
            let _ = (parse_money_fen(&text), parse_odometer(&text), parse_quantity_milli(&text));
        }
    }
}
