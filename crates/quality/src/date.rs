//! Dates and date-times in the ways people type them. Business dates are dates in Asia/Shanghai.

use chrono::{
    DateTime, Datelike, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc,
};

use crate::text::half_width;

/// Asia/Shanghai, without summer time since 1991.
pub const BUSINESS_OFFSET_SECONDS: i32 = 8 * 3600;

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFlaw {
    /// No form of a date.
    Form,
    /// Has the form of a date, but there is no such day, or no such time.
    NoSuchDay,
    /// Could be two days, as 03/04/2020: say which by year-month-day.
    Ambiguous,
}

/// A date as typed, with the time of day and zone if given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedDate {
    /// The day in the business zone.
    pub date: NaiveDate,
    /// The time of day in the business zone, if one was given.
    pub time: Option<NaiveTime>,
    /// Whether the year had two digits and was completed.
    pub two_digit_year: bool,
    /// Whether it was an Excel serial number.
    pub from_serial: bool,
    /// Whether it was a month without a day; `date` is its first.
    pub is_month: bool,
}

impl TypedDate {
    /// The instant; midnight in the business zone where no time was given.
    pub fn instant(&self) -> DateTime<Utc> {
        let local = self.date.and_time(self.time.unwrap_or(NaiveTime::MIN));
        (local - TimeDelta::seconds(i64::from(BUSINESS_OFFSET_SECONDS))).and_utc()
    }

    /// The last day that is meant: what is valid until a month is so to the month's end.
    pub fn last_day(&self) -> NaiveDate {
        let next = self.date.checked_add_months(Months::new(1));
        let last = next.and_then(|next| next.pred_opt());
        last.filter(|_| self.is_month).unwrap_or(self.date)
    }

    const fn day(date: NaiveDate) -> Self {
        Self {
            date,
            time: None,
            two_digit_year: false,
            from_serial: false,
            is_month: false,
        }
    }
}

/// Reads a date: `2020-1-5`, `2020/01/05`, `2020.1.5`, `20200105`, `2020年1月5日`, `05.01.2020`, `5/13/2020`, Excel serial
/// numbers (`43835`, `43835.5`), two-digit years, `2020年1月` and `2020-01` (the first of the month), with or without a time
/// and a zone (`2020-01-05T08:30:00+08:00`, `2020-1-5 8:30`, `20200105083000`).
///
/// Two-digit years lie in the hundred years that end ten years after `today`: in 2026, 36 is 2036 and 37 is 1937.
/// A date without zone is in the business zone. With slashes and the year last, the day may come first or second; where
/// both are possible it is ambiguous; with dots the day comes first.
///
/// # Errors
/// The [`DateFlaw`].
pub fn parse(typed: &str, today: NaiveDate) -> Result<TypedDate, DateFlaw> {
    if let Some(date) = iso_day(typed.as_bytes()) {
        return date.map(TypedDate::day);
    }
    let mut buffer = [0; 40];
    let text = fold(typed, &mut buffer).ok_or(DateFlaw::Form)?;
    if let Some(date) = iso_day(text) {
        return date.map(TypedDate::day);
    }
    if text.iter().all(u8::is_ascii_digit) {
        return digits_only(text, today);
    }
    if let Some(serial) = excel_fraction(text) {
        return serial;
    }
    let (day_part, time_part) = split_time(text);
    let mut typed_date = if day_part.iter().all(u8::is_ascii_digit) {
        digits_only(day_part, today)?
    } else {
        separated(day_part, today)?
    };
    if let Some(time) = time_part {
        with_time(&mut typed_date, time)?;
    }
    Ok(typed_date)
}

/// Half-width ASCII copy: 年 月 become `-`, 日 号 end the day, 时 点 分 become `:`. `None` for any other character.
fn fold<'a>(typed: &str, buffer: &'a mut [u8; 40]) -> Option<&'a [u8]> {
    let mut length = 0;
    for character in typed.trim().chars() {
        let byte = match half_width(character) {
            '年' | '月' => b'-',
            '日' | '号' => b' ',
            '时' | '点' | '分' => b':',
            '秒' => continue,
            other if other.is_ascii() => other as u8,
            _ => return None,
        };
        *buffer.get_mut(length)? = byte;
        length += 1;
    }
    Some(buffer[..length].trim_ascii())
}

/// The usual form, read without detours.
fn iso_day(text: &[u8]) -> Option<Result<NaiveDate, DateFlaw>> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let (year, month, day) = (
        number(&text[..4])?,
        number(&text[5..7])?,
        number(&text[8..])?,
    );
    Some(day_of(year, month, day))
}

/// Age in whole years on a day of somebody born on another.
pub(crate) fn age_on(born: NaiveDate, day: NaiveDate) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    day.year() - born.year() - i32::from(!had_birthday)
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0u32, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0'))
    })
}

fn day_of(year: u32, month: u32, day: u32) -> Result<NaiveDate, DateFlaw> {
    if !(1800..=2200).contains(&year) {
        return Err(DateFlaw::NoSuchDay);
    }
    NaiveDate::from_ymd_opt(year as i32, month, day).ok_or(DateFlaw::NoSuchDay)
}

fn full_year(two_digits: u32, today: NaiveDate) -> u32 {
    let limit = today.year() as u32 + 10;
    let year = limit / 100 * 100 + two_digits;
    if year > limit { year - 100 } else { year }
}

fn digits_only(text: &[u8], today: NaiveDate) -> Result<TypedDate, DateFlaw> {
    let at = |from: usize, to: usize| number(&text[from..to]).ok_or(DateFlaw::Form);
    match text.len() {
        8 => day_of(at(0, 4)?, at(4, 6)?, at(6, 8)?).map(TypedDate::day),
        6 => {
            let date = day_of(full_year(at(0, 2)?, today), at(2, 4)?, at(4, 6)?)?;
            Ok(TypedDate {
                two_digit_year: true,
                ..TypedDate::day(date)
            })
        }
        12 | 14 => {
            let date = day_of(at(0, 4)?, at(4, 6)?, at(6, 8)?)?;
            let seconds = if text.len() == 14 { at(12, 14)? } else { 0 };
            let time = NaiveTime::from_hms_opt(at(8, 10)?, at(10, 12)?, seconds)
                .ok_or(DateFlaw::NoSuchDay)?;
            Ok(TypedDate {
                time: Some(time),
                ..TypedDate::day(date)
            })
        }
        5 => Ok(from_serial(at(0, 5)?, 0.0)),
        _ => Err(DateFlaw::Form),
    }
}

/// Excel's day 1 is 1900-01-01 and its calendar has a 1900-02-29, so that from day 61 on the origin is 1899-12-30.
fn from_serial(days: u32, fraction: f64) -> TypedDate {
    let origin = NaiveDate::from_ymd_opt(1899, 12, 30).expect("a day");
    let seconds = (fraction * 86_400.0).round().min(86_399.0) as u32;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).filter(|_| fraction > 0.0);
    TypedDate {
        time,
        from_serial: true,
        ..TypedDate::day(origin + TimeDelta::days(i64::from(days)))
    }
}

/// `43835.5`: five digits, a point, a fraction that is not the month of a typed date.
fn excel_fraction(text: &[u8]) -> Option<Result<TypedDate, DateFlaw>> {
    let point = text.iter().position(|b| *b == b'.')?;
    let (days, fraction) = (&text[..point], &text[point + 1..]);
    if days.len() != 5 || fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let fraction: f64 = std::str::from_utf8(&text[point..]).ok()?.parse().ok()?;
    Some(Ok(from_serial(number(days)?, fraction)))
}

/// Cuts at the `T` or the first space before the time.
fn split_time(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let cut = text.iter().position(|b| matches!(b, b'T' | b't' | b' '));
    match cut {
        Some(cut) => (
            &text[..cut],
            Some(text[cut + 1..].trim_ascii()).filter(|t| !t.is_empty()),
        ),
        None => (text, None),
    }
}

/// Three numbers, or two (year and month), between separators.
fn separated(text: &[u8], today: NaiveDate) -> Result<TypedDate, DateFlaw> {
    let mut parts = [&text[..0]; 3];
    let is_separator = |b: &u8| matches!(b, b'-' | b'/' | b'.' | b',' | b'\\');
    let separator = text.iter().copied().find(|b| is_separator(b)).unwrap_or(0);
    for (count, part) in text.split(is_separator).enumerate() {
        match parts.get_mut(count) {
            Some(slot) => *slot = part.trim_ascii(),
            None if part.is_empty() => {}
            None => return Err(DateFlaw::Form),
        }
    }
    let value = |i: usize| number(parts[i]).ok_or(DateFlaw::Form);
    match [parts[0].len(), parts[1].len(), parts[2].len()] {
        [4, 1..=2, 1..=2] => day_of(value(0)?, value(1)?, value(2)?).map(TypedDate::day),
        [4, 1..=2, 0] => Ok(TypedDate {
            is_month: true,
            ..TypedDate::day(day_of(value(0)?, value(1)?, 1)?)
        }),
        [1..=2, 1..=2, 4] => {
            year_last(value(0)?, value(1)?, value(2)?, separator).map(TypedDate::day)
        }
        [1..=2, 1..=2, 1..=2] => {
            let date = day_of(full_year(value(0)?, today), value(1)?, value(2)?)?;
            Ok(TypedDate {
                two_digit_year: true,
                ..TypedDate::day(date)
            })
        }
        _ => Err(DateFlaw::Form),
    }
}

fn year_last(first: u32, second: u32, year: u32, separator: u8) -> Result<NaiveDate, DateFlaw> {
    if separator == b'.' || first > 12 || first == second {
        return day_of(year, second, first);
    }
    if second > 12 {
        return day_of(year, first, second);
    }
    Err(DateFlaw::Ambiguous)
}

/// `8:30`, `08:30:00`, `08:30:00.123`, followed by nothing, `Z` or an offset such as `+08:00`; `08:30 PM`.
fn with_time(typed_date: &mut TypedDate, text: &[u8]) -> Result<(), DateFlaw> {
    let text = std::str::from_utf8(text)
        .map_err(|_| DateFlaw::Form)?
        .trim_end_matches(':');
    let zone_at = text.find(['Z', 'z', '+', '-']);
    let (clock, zone) = text.split_at(zone_at.unwrap_or(text.len()));
    let clock = clock.trim();
    let (clock, afternoon) = match clock
        .len()
        .checked_sub(2)
        .and_then(|at| clock.split_at_checked(at))
    {
        Some((front, half)) if half.eq_ignore_ascii_case("pm") => (front.trim_end(), Some(true)),
        Some((front, half)) if half.eq_ignore_ascii_case("am") => (front.trim_end(), Some(false)),
        _ => (clock, None),
    };
    let mut numbers = [0u32; 3];
    for (count, part) in clock.split(':').enumerate() {
        let whole = part.split('.').next().unwrap_or_default();
        *numbers.get_mut(count).ok_or(DateFlaw::Form)? =
            number(whole.as_bytes()).ok_or(DateFlaw::Form)?;
    }
    let hour = match afternoon {
        Some(true) if numbers[0] < 12 => numbers[0] + 12,
        Some(false) if numbers[0] == 12 => 0,
        _ => numbers[0],
    };
    let time = NaiveTime::from_hms_opt(hour, numbers[1], numbers[2]).ok_or(DateFlaw::NoSuchDay)?;
    let local = shift_to_business_zone(typed_date.date.and_time(time), zone)?;
    typed_date.date = local.date();
    typed_date.time = Some(local.time());
    Ok(())
}

fn shift_to_business_zone(local: NaiveDateTime, zone: &str) -> Result<NaiveDateTime, DateFlaw> {
    if zone.is_empty() {
        return Ok(local);
    }
    let offset = if zone.eq_ignore_ascii_case("z") {
        0
    } else {
        offset_seconds(zone)?
    };
    let offset = FixedOffset::east_opt(offset).ok_or(DateFlaw::Form)?;
    local
        .checked_sub_offset(offset)
        .and_then(|utc| {
            utc.checked_add_signed(TimeDelta::seconds(i64::from(BUSINESS_OFFSET_SECONDS)))
        })
        .ok_or(DateFlaw::NoSuchDay)
}

/// `+08:00`, `+0800`, `+8`, and the `-08:0` of old ADF files.
fn offset_seconds(zone: &str) -> Result<i32, DateFlaw> {
    let (sign, digits) = zone.split_at(1);
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2).ok_or(DateFlaw::Form)?,
        None => (digits, "0"),
    };
    let read = |text: &str| number(text.as_bytes()).ok_or(DateFlaw::Form);
    let (hours, minutes) = (read(hours)?, read(minutes)?);
    if hours > 14 || minutes > 59 {
        return Err(DateFlaw::Form);
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    Ok(if sign == "-" { -seconds } else { seconds })
}

#[cfg(test)]
mod tests;
