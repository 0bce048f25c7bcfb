//! Cleaning of single fields: each function reads one cell, notes what it found and returns the value or nothing.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::Notes;
use crate::{
    address::Address,
    credit_code::{CreditCode, CreditCodeFlaw},
    date::{self, DateFlaw, TypedDate},
    dictionary::Field,
    division, email,
    finding::Rule,
    gender::Gender,
    id_document::{IdDocument, IdFlaw},
    name::{self, Name, NameFlaw},
    number,
    party::PartyKind,
    phone::{self, Phone, PhoneFlaw},
    plate::{Plate, PlateFlaw},
    standard::{Measure, Measured},
    text::{as_said, is_ideograph, present, tidy},
    vin::{Vin, VinFlaw},
};

impl Notes<'_> {
    /// Free text, as long as the dictionary allows.
    pub(super) fn text<'a>(&mut self, field: Field, cell: Option<&'a str>) -> Option<Cow<'a, str>> {
        let text = tidy(present(cell)?);
        if self.is_too_long(field, &text, Rule::TextTooLong) {
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// What people said or wrote in their own words: kept whole, as they wrote it, and remarked if it is longer than anybody speaks.
    pub(super) fn words<'a>(
        &mut self,
        field: Field,
        cell: Option<&'a str>,
    ) -> Option<Cow<'a, str>> {
        let words = as_said(present(cell)?);
        self.is_too_long(field, &words, Rule::WordsLong);
        (!words.is_empty()).then_some(words)
    }

    /// A key of another system, made regular: whoever names it in another width means the same.
    pub(super) fn key<'a>(&mut self, field: Field, cell: Option<&'a str>) -> Option<Cow<'a, str>> {
        self.line_break(field, cell);
        self.text(field, cell)
    }

    /// Whether a text has more characters than the dictionary allows, which is noted under a rule.
    fn is_too_long(&mut self, field: Field, text: &str, rule: Rule) -> bool {
        let most = field.max_chars();
        let is_long = text.len() > most && text.chars().count() > most;
        if is_long {
            self.add_number(field, rule, most);
        }
        is_long
    }

    /// The key that a record is known by: without one nobody can say which record it is.
    pub(super) fn own_key<'a>(
        &mut self,
        field: Field,
        cell: Option<&'a str>,
    ) -> Option<Cow<'a, str>> {
        let key = present(cell).map(tidy).filter(|key| !key.is_empty());
        let Some(key) = key else {
            self.add(field, Rule::SourceKeyMissing);
            return None;
        };
        self.line_break(field, cell);
        (!self.is_too_long(field, &key, Rule::SourceKeyTooLong)).then_some(key)
    }

    /// Notes a line break within a cell that is one line.
    fn line_break(&mut self, field: Field, cell: Option<&str>) {
        if present(cell).is_some_and(|text| text.contains(['\n', '\r'])) {
            self.add(field, Rule::LineBreak);
        }
    }

    pub(super) fn name<'a>(
        &mut self,
        field: Field,
        cell: Option<&'a str>,
        kind: PartyKind,
    ) -> Option<Name<'a>> {
        self.line_break(field, cell);
        match name::parse(present(cell)?, kind) {
            Ok(name) => {
                self.name_remarks(field, &name);
                Some(name)
            }
            Err(flaw) => {
                self.add(
                    field,
                    match flaw {
                        NameFlaw::Placeholder => Rule::NamePlaceholder,
                        NameFlaw::NoLetters(_) => Rule::NameNoLetters,
                        NameFlaw::TooLong => Rule::NameTooLong,
                    },
                );
                None
            }
        }
    }

    fn name_remarks(&mut self, field: Field, name: &Name<'_>) {
        for (holds, rule) in [
            (name.title.is_some(), Rule::NameTitle),
            (name.surname_only, Rule::NameSurnameOnly),
            (name.had_remark, Rule::NameRemark),
            (name.phone.is_some(), Rule::NameHasPhone),
            (!name.text.chars().any(is_ideograph), Rule::NameLatin),
        ] {
            if holds {
                self.add(field, rule);
            }
        }
    }

    pub(super) fn id_document(&mut self, field: Field, cell: Option<&str>) -> Option<IdDocument> {
        let document = match IdDocument::parse(present(cell)?, self.today) {
            Ok(document) => document,
            Err(IdFlaw::Length(found)) => {
                self.add_number(field, Rule::IdLength, found);
                return None;
            }
            Err(flaw) => {
                self.add(
                    field,
                    match flaw {
                        IdFlaw::Masked => Rule::IdMasked,
                        IdFlaw::Character => Rule::IdCharacter,
                        IdFlaw::CheckCharacter => Rule::IdCheckCharacter,
                        IdFlaw::Cut => Rule::IdCut,
                        IdFlaw::BirthDate => Rule::IdBirthDate,
                        IdFlaw::UnknownForm | IdFlaw::Length(_) => Rule::IdForm,
                    },
                );
                return None;
            }
        };
        if document.was_15_digits() {
            self.add(field, Rule::Id15Digits);
        }
        if document
            .division_code()
            .is_some_and(|code| division::find(code).is_none())
        {
            self.add(field, Rule::IdDivisionUnknown);
        }
        if let Some(born) = document.birth_date() {
            // Of a number whose check character is right, the age is a doubt and no more.
            self.measure_age(field, born);
        }
        Some(document)
    }

    pub(super) fn credit_code(&mut self, field: Field, cell: Option<&str>) -> Option<CreditCode> {
        match CreditCode::parse(present(cell)?) {
            Ok(code) => {
                if !code.inner_check_matches() {
                    self.add(field, Rule::CreditInnerCode);
                }
                return Some(code);
            }
            Err(CreditCodeFlaw::Length(found)) => self.add_number(field, Rule::CreditLength, found),
            Err(CreditCodeFlaw::Character) => self.add(field, Rule::CreditCharacter),
            Err(CreditCodeFlaw::CheckCharacter) => self.add(field, Rule::CreditCheckCharacter),
        }
        None
    }

    /// The number in a cell, and a second one if the cell holds several.
    pub(super) fn phones(&mut self, field: Field, cell: Option<&str>) -> [Option<Phone>; 2] {
        let Some(cell) = present(cell) else {
            return [None; 2];
        };
        let (first, rest) = phone::split_several(cell);
        if rest.is_some() {
            self.add(field, Rule::PhoneSeveral);
        }
        [
            self.phone(field, first),
            rest.and_then(|rest| Phone::parse(phone::split_several(rest).0).ok()),
        ]
    }

    fn phone(&mut self, field: Field, typed: &str) -> Option<Phone> {
        if phone::is_placeholder_cell(typed) {
            self.add(field, Rule::PhonePlaceholder);
            return None;
        }
        match Phone::parse(typed) {
            Ok(phone) if phone.is_placeholder() => self.add(field, Rule::PhonePlaceholder),
            Ok(phone) => return Some(phone),
            Err(PhoneFlaw::MobileLength(found)) => self.add_number(field, Rule::PhoneLength, found),
            Err(PhoneFlaw::NoAreaCode) => self.add(field, Rule::PhoneNoAreaCode),
            Err(PhoneFlaw::Masked) => self.add(field, Rule::PhoneMasked),
            Err(PhoneFlaw::Prefix) => self.add(field, Rule::PhonePrefix),
            Err(PhoneFlaw::Form) => self.add(field, Rule::PhoneForm),
        }
        None
    }

    pub(super) fn email<'a>(
        &mut self,
        field: Field,
        cell: Option<&'a str>,
    ) -> Option<Cow<'a, str>> {
        let parsed = email::parse(present(cell)?);
        if parsed.is_none() {
            self.add(field, Rule::EmailForm);
        }
        parsed
    }

    pub(super) fn gender(&mut self, field: Field, cell: Option<&str>) -> Option<Gender> {
        let parsed = Gender::parse(present(cell)?);
        if parsed.is_none() {
            self.add(field, Rule::GenderUnknown);
        }
        parsed
    }

    /// A date or date-time, of any day.
    pub(super) fn date(&mut self, field: Field, cell: Option<&str>) -> Option<TypedDate> {
        match date::parse(present(cell)?, self.today) {
            Ok(typed) => {
                if typed.two_digit_year {
                    self.add(field, Rule::DateTwoDigitYear);
                }
                if typed.from_serial {
                    self.add(field, Rule::DateSerial);
                }
                return Some(typed);
            }
            Err(DateFlaw::Form) => self.add(field, Rule::DateForm),
            Err(DateFlaw::NoSuchDay) => self.add(field, Rule::DateNoSuchDay),
            Err(DateFlaw::Ambiguous) => self.add(field, Rule::DateAmbiguous),
        }
        None
    }

    /// A date or date-time within the range of its field.
    pub(super) fn date_in_range(&mut self, field: Field, cell: Option<&str>) -> Option<TypedDate> {
        let typed = self.date(field, cell)?;
        self.measure(Measured::day(field, typed.date))
            .then_some(typed)
    }

    /// The last day on which something is valid. Papers say of some only the month: then it is so to the month's end.
    pub(super) fn due_date(&mut self, field: Field, cell: Option<&str>) -> Option<NaiveDate> {
        let typed = self.date(field, cell)?;
        if typed.is_month {
            self.add(field, Rule::DateMonthOnly);
        }
        let date = typed.last_day();
        self.measure(Measured::day(field, date)).then_some(date)
    }

    /// Notes an end before its beginning. Of a day without a time nobody knows when on it.
    pub(super) fn order(
        &mut self,
        (first, opened): (Field, Option<TypedDate>),
        (last, closed): (Field, Option<TypedDate>),
    ) {
        let Some((opened, closed)) = opened.zip(closed) else {
            return;
        };
        let have_times = opened.time.is_some() && closed.time.is_some();
        if closed.date < opened.date || have_times && closed.instant() < opened.instant() {
            self.add_other(last, Rule::DateOrder, first);
        }
    }

    /// A day on which somebody was born: nobody is born in the future, whatever the range of the year.
    pub(super) fn birthday(&mut self, field: Field, cell: Option<&str>) -> Option<NaiveDate> {
        let date = self.date(field, cell)?.date;
        if date > self.today {
            self.add(field, Rule::DateInFuture);
            return None;
        }
        let year = Measured {
            field,
            measure: Measure::Year,
            value: i64::from(date.year()),
        };
        if !self.measure(year) {
            return None;
        }
        if is_default_birthday(date) {
            self.add(field, Rule::BirthdayDefault);
            return None;
        }
        self.measure_age(field, date).then_some(date)
    }

    fn measure_age(&mut self, field: Field, born: NaiveDate) -> bool {
        let age = i64::from(date::age_on(born, self.today));
        self.measure(Measured {
            field,
            measure: Measure::Age,
            value: age,
        })
    }

    pub(super) fn plate(&mut self, field: Field, cell: Option<&str>) -> Option<Plate> {
        match Plate::parse(present(cell)?) {
            Ok(plate) => return Some(plate),
            Err(PlateFlaw::Length(found)) => self.add_number(field, Rule::PlateLength, found),
            Err(PlateFlaw::Area) => self.add(field, Rule::PlateArea),
            Err(PlateFlaw::LetterIO) => self.add(field, Rule::PlateLetterIo),
            Err(PlateFlaw::Form) => self.add(field, Rule::PlateForm),
            Err(PlateFlaw::NotYet) => self.add(field, Rule::PlateNotYet),
        }
        None
    }

    /// The VIN, or the one that was probably meant.
    pub(super) fn vin(&mut self, field: Field, cell: Option<&str>) -> (Option<Vin>, Option<Vin>) {
        let Some(typed) = present(cell) else {
            return (None, None);
        };
        match Vin::parse(typed) {
            Ok(vin) => {
                if !vin.check_digit_matches() {
                    self.add(field, Rule::VinCheckDigitForeign);
                }
                return (Some(vin), None);
            }
            Err(VinFlaw::Length(found)) => self.add_number(field, Rule::VinLength, found),
            Err(VinFlaw::Character { correction }) => {
                self.add(field, Rule::VinCharacter);
                return (None, correction);
            }
            Err(VinFlaw::CheckDigit) => self.add(field, Rule::VinCheckDigit),
        }
        (None, None)
    }

    pub(super) fn address<'a>(
        &mut self,
        field: Field,
        cell: Option<&'a str>,
    ) -> Option<Address<'a>> {
        let address = Address::parse(present(cell)?);
        if address.region_code().is_none() {
            self.add(field, Rule::AddressNoDivision);
        } else if !address.is_deliverable() {
            self.add(field, Rule::AddressImprecise);
        }
        Some(address)
    }

    pub(super) fn region_code(&mut self, field: Field, cell: Option<&str>) -> Option<u32> {
        let code = division::code_of(tidy(present(cell)?).as_bytes());
        match code {
            None => self.add(field, Rule::RegionCodeForm),
            Some(code) if division::find(code).is_none() => {
                self.add(field, Rule::RegionCodeUnknown);
            }
            Some(_) => {}
        }
        code
    }

    pub(super) fn odometer(&mut self, field: Field, cell: Option<&str>) -> Option<u32> {
        let Some(reading) = number::parse_odometer(present_number(cell)?) else {
            self.add(field, Rule::NumberForm);
            return None;
        };
        let measured = Measured {
            field,
            measure: Measure::Km,
            value: i64::from(reading.km),
        };
        if !self.measure(measured) {
            return None;
        }
        if reading.in_ten_thousands {
            self.add(field, Rule::OdometerInTenThousands);
        }
        if reading.km == 0 || number::is_sentinel_odometer(reading.km) {
            self.add(field, Rule::OdometerSentinel);
        }
        Some(reading.km)
    }

    pub(super) fn money(&mut self, field: Field, cell: Option<&str>) -> Option<i64> {
        let typed = present_number(cell)?;
        let fen = number::parse_money_fen(typed);
        if fen.is_none() && number::is_foreign_money(typed) {
            self.add(field, Rule::CurrencyForeign);
            return None;
        }
        self.number(field, Measure::Yuan, fen)
    }

    /// A quantity in thousandths.
    pub(super) fn quantity(&mut self, field: Field, cell: Option<&str>) -> Option<i64> {
        let milli = number::parse_quantity_milli(present_number(cell)?);
        self.number(field, Measure::Count, milli)
    }

    /// What was read as a number, within the range of its field.
    fn number(&mut self, field: Field, measure: Measure, read: Option<i64>) -> Option<i64> {
        let Some(value) = read else {
            self.add(field, Rule::NumberForm);
            return None;
        };
        let measured = Measured {
            field,
            measure,
            value,
        };
        self.measure(measured).then_some(value)
    }

    /// One of a list of choices, each known by several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: Field,
        cell: Option<&str>,
        choices: &[(T, &[&str])],
    ) -> Option<T> {
        self.choice_or(field, cell, choices, Rule::ChoiceUnknown)
    }

    /// The same with a rule of its own for what is none of the choices.
    pub(super) fn choice_or<T: Copy>(
        &mut self,
        field: Field,
        cell: Option<&str>,
        choices: &[(T, &[&str])],
        unknown: Rule,
    ) -> Option<T> {
        let typed = tidy(present(cell)?);
        let found = choices
            .iter()
            .find(|(_, words)| words.iter().any(|word| word.eq_ignore_ascii_case(&typed)));
        if found.is_none() {
            self.add(field, unknown);
        }
        found.map(|(choice, _)| *choice)
    }
}

/// Dates that systems fill in by themselves.
fn is_default_birthday(date: NaiveDate) -> bool {
    matches!(
        (date.year(), date.month(), date.day()),
        (1900 | 1970, 1, 1) | (1899, 12, 30 | 31) | (1901, 1, 1)
    )
}

/// A number may be zero, which [`present`] takes for nothing.
fn present_number(cell: Option<&str>) -> Option<&str> {
    present(cell).or_else(|| cell.map(str::trim).filter(|text| *text == "0"))
}
