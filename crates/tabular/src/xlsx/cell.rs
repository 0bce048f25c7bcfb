//! What a cell's stored value means: numbers, dates by their style, references.

/// How a cell style shows a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NumberStyle {
    /// As a number or text.
    #[default]
    Plain,
    /// As a date, a time or both.
    Date,
}

impl NumberStyle {
    /// The style of a built-in format number (ECMA-376 part 1, 18.8.30; 27–36 and 50–58 are the East Asian dates).
    pub(crate) fn built_in(number_format: u32) -> Self {
        match number_format {
            14..=22 | 27..=36 | 45..=47 | 50..=58 => Self::Date,
            _ => Self::Plain,
        }
    }

    /// The style of a written format: a date if it has a letter of dates outside of quotes and brackets.
    pub(crate) fn of_code(code: &str) -> Self {
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => _ = characters.by_ref().find(|next| *next == '"'),
                '[' => {
                    let inside: String = characters
                        .by_ref()
                        .take_while(|next| *next != ']')
                        .collect();
                    // [h] and [mm] count elapsed time; [Red] and [$-804] do not matter.
                    if !inside.is_empty()
                        && inside
                            .chars()
                            .all(|letter| matches!(letter, 'h' | 'm' | 's'))
                    {
                        return Self::Date;
                    }
                }
                '\\' | '_' | '*' => _ = characters.next(),
                'y' | 'Y' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'm' | 'M' => return Self::Date,
                'E' | 'G' => return Self::Plain,
                ';' => return Self::Plain,
                _ => {}
            }
        }
        Self::Plain
    }
}

/// Appends a number as people wrote it: without an exponent, with no digits that were not there.
pub(crate) fn push_number(raw: &str, into: &mut String) {
    match raw.parse::<f64>() {
        Ok(value) if raw.contains(['e', 'E']) && value.is_finite() => {
            into.push_str(&value.to_string());
        }
        _ => into.push_str(raw),
    }
}

/// Appends a date serial as ISO text; the number itself if it is no date.
pub(crate) fn push_date(raw: &str, has_1904_epoch: bool, into: &mut String) {
    const SECONDS_A_DAY: i64 = 86_400;
    // 9999-12-31 is the last day a workbook knows.
    const LAST_SERIAL: f64 = 2_958_466.0;
    let serial = match raw.parse::<f64>() {
        Ok(serial) if (0.0..LAST_SERIAL).contains(&serial) => serial,
        _ => return push_number(raw, into),
    };
    let total = (serial * SECONDS_A_DAY as f64).round() as i64;
    let (days, seconds) = (total / SECONDS_A_DAY, total % SECONDS_A_DAY);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if days == 0 && !has_1904_epoch {
        into.push_str(&clock);
        return;
    }
    // Workbooks of 1900 count a 29 February 1900 that never was.
    let since_1970 = match (has_1904_epoch, days) {
        (true, _) => days - 24_107,
        (false, ..60) => days - 25_568,
        (false, _) => days - 25_569,
    };
    let (year, month, day) = civil_date(since_1970);
    let date = format!("{year:04}-{month:02}-{day:02}");
    into.push_str(&date);
    if seconds != 0 {
        into.push(' ');
        into.push_str(&clock);
    }
}

/// Year, month and day of a day counted from 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The column (from 0) of a reference such as `AB12`.
pub(crate) fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(7).fold(0_usize, |sum, letter| {
        sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_become_iso_dates() {
        let cases = [
            ("45000", false, "2023-03-15"),
            ("45000.5", false, "2023-03-15 12:00:00"),
            ("1", false, "1900-01-01"),
            ("59", false, "1900-02-28"),
            ("61", false, "1900-03-01"),
            ("0.75", false, "18:00:00"),
            ("43538", true, "2023-03-15"),
            ("-3", false, "-3"),
            ("99999999", false, "99999999"),
        ];
        for (serial, has_1904_epoch, expected) in cases {
            let mut text = String::new();
            push_date(serial, has_1904_epoch, &mut text);
            assert_eq!(text, expected, "{serial}");
        }
    }

    #[test]
    fn written_formats_tell_dates_from_numbers() {
        for code in [
            "yyyy-mm-dd",
            "m/d/yy h:mm",
            "yyyy\"年\"m\"月\"d\"日\"",
            "[$-804]yyyy/m/d",
            "[h]:mm",
        ] {
            assert_eq!(NumberStyle::of_code(code), NumberStyle::Date, "{code}");
        }
        for code in [
            "0.00", "General", "#,##0", "\"day\"0", "[Red]0;0", "0.00E+00", "@",
        ] {
            assert_eq!(NumberStyle::of_code(code), NumberStyle::Plain, "{code}");
        }
    }

    #[test]
    fn long_numbers_lose_their_exponent() {
        for (raw, expected) in [
            ("1.3800138E10", "13800138000"),
            ("13800138000", "13800138000"),
            ("1.50", "1.50"),
        ] {
            let mut text = String::new();
            push_number(raw, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn references_name_columns() {
        for (reference, column) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AA10", Some(26)),
            ("XFD1", Some(16383)),
            ("7", None),
        ] {
            assert_eq!(column_of(reference), column);
        }
    }
}
