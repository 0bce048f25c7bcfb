//! The people and organisations themselves, before any dealer writes them down.

use std::fmt::Write;

use chrono::{Datelike, Days, NaiveDate};

use crate::{
    ids::{push_credit_code, push_id_check},
    rng::{Domain, Rng, spread},
    tables::{
        names,
        regions::{City, REGIONS},
        words,
    },
};

/// Births lie within so many days from 1950-01-01.
const BIRTH_DAYS: u64 = 20_000;
/// Different birthdays with sequences of one sex: no two people have both in common.
const BIRTHS: u64 = BIRTH_DAYS * 500;
/// Different last eight digits of a mobile number.
const PHONES: u64 = 100_000_000;

/// Someone who buys or drives.
#[derive(Default, Clone)]
pub(crate) struct Entity {
    pub(crate) is_organisation: bool,
    pub(crate) name: String,
    /// Bytes of the surname at the front of the name.
    pub(crate) surname_bytes: usize,
    pub(crate) is_male: bool,
    pub(crate) birth: NaiveDate,
    /// ID number of a person, credit code of an organisation.
    pub(crate) number: String,
    pub(crate) phone: String,
    pub(crate) phone2: String,
    /// Province, city and county before the street.
    pub(crate) province: &'static str,
    pub(crate) city: &'static str,
    pub(crate) county: &'static str,
    pub(crate) county_code: &'static str,
    pub(crate) street: String,
    pub(crate) contact_name: String,
}

impl Entity {
    /// Makes the one with this number, who lives in this city.
    pub(crate) fn fill(&mut self, seed: u64, number: u64, city: &'static City) {
        let mut rng = Rng::new(seed, Domain::Entity, number);
        self.is_organisation = rng.permille(85);
        // Every third pair of neighbours in number is a household: one address, often one surname or one phone.
        let household = number / 2;
        let mut home = Rng::new(seed, Domain::Household, household);
        let is_household = home.permille(330) && !self.is_organisation;
        let shared_surname = names::surname(&mut home);
        self.fill_home(if is_household { &mut home } else { &mut rng }, city);
        self.fill_phones(seed, number, &mut rng);
        if is_household && number % 2 == 1 && rng.permille(400) {
            push_phone(seed, number - 1, 0, &mut self.phone2);
        } else if is_household && number % 2 == 1 && rng.permille(150) {
            push_phone(seed, number - 1, 0, &mut self.phone);
        }
        if self.is_organisation {
            self.fill_organisation(seed, number, &mut rng);
            return;
        }
        let surname = if is_household && rng.permille(500) {
            shared_surname
        } else {
            names::surname(&mut rng)
        };
        self.fill_person(seed, number, surname, city, &mut rng);
    }

    fn fill_person(&mut self, seed: u64, number: u64, surname: &str, city: &City, rng: &mut Rng) {
        let birth = spread(number, seed, BIRTHS);
        let first = NaiveDate::from_ymd_opt(1950, 1, 1).expect("a real day");
        self.birth = first + Days::new(birth % BIRTH_DAYS);
        self.is_male = rng.permille(620);
        let sequence = birth / BIRTH_DAYS * 2 + u64::from(self.is_male);
        let is_local = rng.permille(700);
        let native = if is_local {
            city
        } else {
            &REGIONS.cities[REGIONS.draw(rng)]
        };
        self.number.clear();
        self.number.push_str(rng.pick(&native.counties).0);
        push_compact_date(self.birth, &mut self.number);
        push_digits(sequence, 3, &mut self.number);
        push_id_check(&mut self.number);
        self.name.clear();
        self.name.push_str(surname);
        self.surname_bytes = surname.len();
        names::push_given(
            rng,
            self.is_male,
            i64::from(self.birth.year()),
            &mut self.name,
        );
        self.contact_name.clear();
    }

    fn fill_organisation(&mut self, seed: u64, number: u64, rng: &mut Rng) {
        self.name.clear();
        self.name.push_str(self.city.trim_end_matches('市'));
        self.surname_bytes = self.name.len();
        self.name.push_str(rng.word(words::COMPANY_WORDS));
        // A second word for half of them, or too many companies would have one name.
        if rng.permille(500) {
            self.name.push_str(rng.word(words::COMPANY_WORDS));
        }
        self.name.push_str(rng.word(words::COMPANY_TRADES));
        self.name.push_str(rng.word(words::COMPANY_FORMS));
        self.number.clear();
        push_credit_code(
            self.county_code,
            spread(number, seed, PHONES),
            &mut self.number,
        );
        self.contact_name.clear();
        self.contact_name.push_str(names::surname(rng));
        names::push_given(rng, true, 1982, &mut self.contact_name);
    }

    fn fill_home(&mut self, rng: &mut Rng, city: &'static City) {
        let (code, county) = *rng.pick(&city.counties);
        self.province = if city.province == city.name {
            ""
        } else {
            city.province
        };
        self.city = city.name;
        self.county = county;
        self.county_code = code;
        self.street.clear();
        let (road, community) = (rng.word(words::ROADS), rng.word(words::COMMUNITIES));
        let (house, block, unit) = (rng.between(1, 899), rng.between(1, 38), rng.between(1, 4));
        let room = rng.between(1, 30) * 100 + rng.between(1, 4);
        write!(
            self.street,
            "{road}{house}号{community}{block}号楼{unit}单元{room}室"
        )
        .expect("memory can be written to");
    }

    fn fill_phones(&mut self, seed: u64, number: u64, rng: &mut Rng) {
        push_phone(seed, number, 0, &mut self.phone);
        self.phone2.clear();
        if rng.permille(180) {
            push_phone(seed, number, 1, &mut self.phone2);
        }
    }

    /// Appends the address with all its parts.
    pub(crate) fn push_address(&self, into: &mut String) {
        into.push_str(self.province);
        into.push_str(self.city);
        into.push_str(self.county);
        into.push_str(&self.street);
    }
}

/// The first or second phone of an entity; no two have one in common by chance.
fn push_phone(seed: u64, number: u64, which: u64, into: &mut String) {
    let mut rng = Rng::new(seed, Domain::Household, (1 << 62) | (number * 2 + which));
    into.clear();
    into.push_str(rng.word(words::MOBILE_PREFIXES));
    push_digits(spread(number * 2 + which, seed, PHONES), 8, into);
}

/// Appends a number with leading zeros; much quicker than formatting.
pub(crate) fn push_digits(number: u64, width: usize, into: &mut String) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut start) = (number, 20);
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let start = start.min(20 - width);
    into.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

/// Appends `20240506`.
pub(crate) fn push_compact_date(date: NaiveDate, into: &mut String) {
    push_digits(date.year() as u64, 4, into);
    push_digits(u64::from(date.month()), 2, into);
    push_digits(u64::from(date.day()), 2, into);
}

/// Appends `2024-05-06`.
pub(crate) fn push_date(date: NaiveDate, into: &mut String) {
    push_digits(date.year() as u64, 4, into);
    into.push('-');
    push_digits(u64::from(date.month()), 2, into);
    into.push('-');
    push_digits(u64::from(date.day()), 2, into);
}

/// Appends ` 14:05`, the minute counted from midnight.
pub(crate) fn push_clock(minute: i64, into: &mut String) {
    into.push(' ');
    push_digits((minute / 60) as u64, 2, into);
    into.push(':');
    push_digits((minute % 60) as u64, 2, into);
}
