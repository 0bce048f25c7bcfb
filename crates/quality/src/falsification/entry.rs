//! The facts of one record that the tests look at, as numbers and hashes: no name, address or ID number is kept.

use std::hash::{Hash, Hasher};

use chrono::{Datelike, Days, NaiveDate, Timelike};
use rustc_hash::FxHasher;

use crate::{
    address::{Address, Part},
    clean::{CleanCustomer, Cleaned},
    credit_code::looks_like_credit_code,
    dictionary::CustomerRow,
    finding::Rule,
    id_document::{Doubt, doubt_of, is_cut},
    inline::Inline,
    number::is_sentinel_odometer,
    party::{self, PartyKind},
    phone::{Phone, PhoneKind},
    plate::Plate,
    text::{fold_code, is_ideograph, present},
};

/// What a customers file may say besides the canonical columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntryExtras {
    /// Reading of the meter entered with the record.
    pub odometer_km: Option<u32>,
}

/// Who a record is about, as hashes; 0 where unknown. Two of them are compared to tell whether people belong together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Person {
    /// A hash of all the rest: people are sampled in its order, which is none of surname or place.
    pub(super) rank: u32,
    pub(super) surname: u32,
    /// The holder's own name in 艾力·买买提, whose children bear it in the second place as theirs do in the first a surname.
    pub(super) given: u32,
    pub(super) name: u32,
    pub(super) contact: u32,
    pub(super) phone: u32,
    pub(super) id: u32,
    pub(super) vin_tail: u32,
    pub(super) plate: u32,
    pub(super) address: u32,
    /// Province and office of the plate.
    pub(super) plate_area: u32,
    /// Prefecture of the address.
    pub(super) home_area: u32,
    /// The dormitory, works or village of an address, whatever its building.
    pub(super) site: u32,
}

/// Of what makes a person; the site is part of the address, a given name of the name.
impl Hash for Person {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values().iter().for_each(|value| value.hash(state));
    }
}

/// One record, reduced.
#[derive(Clone, Copy, Default)]
pub struct Entry {
    pub(super) person: Person,
    /// Digits of the number as dialled at home; 0 where unknown or made up.
    pub(super) phone: u64,
    pub(super) has_phone: bool,
    /// Whether the phone is a landline, which a company, a village or a dormitory has one of.
    pub(super) landline: bool,
    pub(super) placeholder_phone: bool,
    /// Whether the number is of a pattern, and no placeholder.
    pub(super) patterned_phone: bool,
    pub(super) id: u64,
    /// Area and date of birth of the ID number, 14 digits.
    pub(super) id_stem: u64,
    pub(super) id_sequence: u16,
    /// How far the ID number is from one that could have been issued.
    pub(super) id_doubt: Doubt,
    /// Whether the record's own date of birth or gender is not that of the ID number.
    pub(super) id_differs: bool,
    /// Whether the ID number says that its holder was born on the first day of a decade, as who makes one up likes to.
    pub(super) default_birth: bool,
    pub(super) address: u64,
    /// The street of an address that ends with the number of a house.
    pub(super) street: u64,
    /// Whether the address is of a house that many people give: a dormitory, a works, a village.
    pub(super) shared_house: bool,
    pub(super) date: Option<NaiveDate>,
    /// Minutes since 1970, where a time of day other than midnight was given.
    pub(super) minute: u32,
    pub(super) odometer: Option<u32>,
    pub(super) vin: u64,
}

/// Stands for the surname of every organisation: several names of one organisation must not look like several people.
pub(super) const ORGANISATION: u32 = 1;

pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    // FxHash leaves the low bits weak; 0 means "unknown".
    hasher
        .finish()
        .rotate_left(26)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .max(2)
}

fn short_hash(value: &str) -> u32 {
    ((hash(&value) >> 32) as u32).max(2)
}

impl Entry {
    /// Reduces a row and its clean record.
    pub fn of(
        row: &CustomerRow<'_>,
        cleaned: &Cleaned<CleanCustomer<'_>>,
        extras: EntryExtras,
    ) -> Self {
        let record = &cleaned.record;
        let placeholder_phone = cleaned
            .findings
            .iter()
            .any(|finding| finding.rule == Rule::PhonePlaceholder);
        let id = id_digits(row);
        let vin = record.vin.as_ref().map_or(0, |vin| hash(&vin.as_str()));
        let address = record.address.as_ref().map_or(0, address_key);
        let recorded = record.recorded_at;
        let differs = |rule| matches!(rule, Rule::BirthdayDiffers | Rule::GenderDiffers);
        let mut entry = Self {
            phone: record.phone.map_or(0, |phone| digits_of(&phone)),
            has_phone: record.phone.is_some() || placeholder_phone,
            landline: record.phone.is_some_and(|phone| is_landline(&phone)),
            placeholder_phone,
            patterned_phone: !placeholder_phone
                && record.phone.is_some_and(|phone| phone.is_patterned()),
            id: id.as_ref().map_or(0, |id| hash(&id.as_str())),
            id_stem: id.as_ref().map_or(0, |id| id[..14].parse().unwrap_or(0)),
            id_sequence: id.as_ref().map_or(0, |id| id[14..17].parse().unwrap_or(0)),
            id_doubt: id.as_ref().map_or(Doubt::None, |id| doubt(id, cleaned)),
            id_differs: id.is_some() && cleaned.findings.iter().any(|f| differs(f.rule)),
            default_birth: id.as_ref().is_some_and(|id| &id[9..14] == "00101"),
            address,
            street: record.address.as_ref().map_or(0, street_key),
            shared_house: record.address.as_ref().is_some_and(is_shared_house),
            date: recorded.map(|typed| typed.date),
            minute: recorded.map_or(0, |typed| minute_of(&typed)),
            odometer: extras.odometer_km,
            vin,
            person: Person::default(),
        };
        entry.person = person(record, row, &entry);
        entry
    }

    /// An entry that says nothing but a phone, however it is written; nothing if it is none.
    pub fn of_phone(typed: &str) -> Option<Self> {
        let phone = Phone::parse(typed).ok()?;
        Some(Self {
            phone: digits_of(&phone),
            has_phone: true,
            landline: is_landline(&phone),
            ..Self::default()
        })
    }

    /// Whether both have the same phone; entries are comparable only if they were keyed alike.
    pub fn has_phone_of(&self, other: &Self) -> bool {
        self.phone != 0 && self.phone == other.phone
    }

    pub(super) fn is_on_last_two_days(&self) -> bool {
        self.date.is_some_and(is_last_two_days)
    }

    /// Whether the reading was put there to fill the field, or is a whole thousand.
    pub(super) fn has_invented_reading(&self) -> bool {
        self.odometer
            .is_some_and(|km| is_sentinel_odometer(km) || km > 0 && km.is_multiple_of(1000))
    }

    /// Whether the reading cannot be true by itself.
    pub(super) fn has_sentinel_reading(&self) -> bool {
        self.odometer.is_some_and(is_sentinel_odometer)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Entry")
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

/// Whether a day is one of the last two of its month.
pub(super) fn is_last_two_days(date: NaiveDate) -> bool {
    date.checked_add_days(Days::new(2))
        .is_some_and(|later| later.month() != date.month())
}

pub(super) fn minute_of(typed: &crate::date::TypedDate) -> u32 {
    match typed.time {
        Some(time) if time.num_seconds_from_midnight() > 0 => {
            (typed.instant().timestamp() / 60).max(1) as u32
        }
        _ => 0,
    }
}

fn digits_of(phone: &Phone) -> u64 {
    phone
        .national()
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Whether a number is of a house and not of a pocket.
fn is_landline(phone: &Phone) -> bool {
    matches!(phone.kind(), PhoneKind::Landline | PhoneKind::Service)
}

/// The 18 characters of an ID number, whether or not its check holds; the cleaned record keeps only those that hold. Under phone a mobile
/// and a landline without its area have as many: there only what may be an ID number is one. What a spreadsheet has cut is none.
fn id_digits(row: &CustomerRow<'_>) -> Option<Inline<18>> {
    let of = |cell: Option<&str>| {
        let code = fold_code::<24>(present(cell)?)?;
        let is_id = code.len() == 18
            && code.as_bytes()[..17].iter().all(u8::is_ascii_digit)
            && !looks_like_credit_code(&code);
        let id = is_id.then(|| Inline::of(&code)).flatten();
        id.filter(|id| !id.as_bytes().first_chunk().is_some_and(is_cut))
    };
    of(row.id_number).or_else(|| of(row.phone).filter(|id| shown_by(id) != Doubt::Invented))
}

/// What is wrong with the number by what it shows; and nobody is born after today.
fn doubt(id: &Inline<18>, cleaned: &Cleaned<CleanCustomer<'_>>) -> Doubt {
    let mut rules = cleaned.findings.iter().map(|finding| finding.rule);
    match shown_by(id) {
        Doubt::None if rules.any(|rule| rule == Rule::IdBirthDate) => Doubt::Invented,
        doubt => doubt,
    }
}

fn shown_by(id: &Inline<18>) -> Doubt {
    let number: Option<&[u8; 18]> = id.as_bytes().first_chunk();
    number.map_or(Doubt::None, doubt_of)
}

/// The address below the county, with the county's code: the same place with and without its province.
/// Zero where nothing precise was given.
fn address_key(address: &Address<'_>) -> u64 {
    let detail = address.detail();
    if detail.chars().count() < 4 {
        0
    } else {
        hash(&detail)
    }
}

/// The street with its county; zero where more or less than the number of a house follows it.
fn street_key(address: &Address<'_>) -> u64 {
    let number = address.part(Part::Number).unwrap_or_default();
    let street = address.detail().strip_suffix(number);
    street
        .filter(|street| !number.is_empty() && !street.is_empty())
        .map_or(0, |street| hash(&(address.region_code(), street)))
}

/// Where those live or work who give the buildings of one dormitory, works or village. A street without a number or a town is none.
fn site(address: &Address<'_>) -> u32 {
    let is_precise = address.detail().contains(char::is_numeric);
    let is_named = |name: &&str| {
        is_precise && !name.is_empty() || SHARED_HOUSES.iter().any(|word| name.contains(word))
    };
    let name = address.detail().split(char::is_numeric).next();
    name.filter(|name| is_shared_house(address) && is_named(name))
        .map_or(0, short_hash)
}

fn person(record: &CleanCustomer<'_>, row: &CustomerRow<'_>, entry: &Entry) -> Person {
    let name = record.name.as_ref().map(|name| name.text.as_ref());
    let surname = match (record.kind, name) {
        (PartyKind::Organization, Some(_)) => ORGANISATION,
        (PartyKind::Person, Some(name)) if name.starts_with(is_ideograph) => family_of(name),
        _ => 0,
    };
    let given = name.and_then(|name| Some(name.split_once('·')?.0));
    let plate = record.plate.as_ref().map(Plate::as_str);
    let person = Person {
        surname,
        given: given
            .filter(|_| surname > ORGANISATION)
            .map_or(0, short_hash),
        name: name.map_or(0, short_hash),
        contact: record
            .contact_name
            .as_ref()
            .map_or(0, |contact| short_hash(&contact.text)),
        phone: if entry.phone > 0 {
            (hash(&entry.phone) >> 32) as u32
        } else {
            0
        },
        id: (entry.id >> 32) as u32,
        vin_tail: vin_tail(row),
        plate: plate.map_or(0, short_hash),
        address: precise_address(record.address.as_ref(), entry.address),
        plate_area: plate
            .and_then(|plate| {
                plate
                    .char_indices()
                    .nth(2)
                    .map(|(at, _)| short_hash(&plate[..at]))
            })
            .unwrap_or_default(),
        home_area: record
            .address
            .as_ref()
            .and_then(Address::region_code)
            .filter(|code| code % 10_000 != 0)
            .map_or(0, |code| code / 100),
        site: 0,
        rank: 0,
    };
    Person {
        rank: (hash(&person) >> 32) as u32,
        site: record.address.as_ref().map_or(0, site),
        ..person
    }
}

/// By what the members of a family are known: the surname, or of 艾力·买买提 the father's name, which stands last.
fn family_of(name: &str) -> u32 {
    if let Some((_, father)) = name.rsplit_once('·') {
        return short_hash(father);
    }
    let first = || name.chars().next().map_or(0, |c| c as u32);
    party::surname_of(name).map_or_else(first, short_hash)
}

/// The last six characters, which people give where they do not know the whole VIN.
fn vin_tail(row: &CustomerRow<'_>) -> u32 {
    let tail = |cell: Option<&str>| {
        let code = fold_code::<24>(present(cell)?)?;
        (code.len() >= 6 && code.is_ascii()).then(|| short_hash(&code[code.len() - 6..]))
    };
    tail(row.vin)
        .or_else(|| tail(row.plate))
        .unwrap_or_default()
}

/// An address binds people together only if it names one house: of a flat, or of the company whose drivers give its phone.
fn precise_address(address: Option<&Address<'_>>, key: u64) -> u32 {
    address
        .filter(|address| address.detail().contains(|c: char| c.is_numeric()))
        .map_or(0, |_| (key >> 32) as u32)
}

/// What stands in the addresses of houses that strangers live and work in together.
const SHARED_HOUSES: [&str; 18] = [
    "宿舍", "公寓", "学院", "大学", "学校", "中学", "厂", "公司", "集团", "园区", "医院", "部队",
    "营房", "农场", "林场", "村", "屯", "组",
];
/// A dealer's own address is none of them, whatever else it says.
const DEALERS_HOUSES: [&str; 4] = ["汽车", "4S", "展厅", "车行"];

/// Whether strangers honestly give the same address: a dormitory, a works, a village or road without numbers.
fn is_shared_house(address: &Address<'_>) -> bool {
    let says = |word: &&str| address.detail().contains(*word);
    let is_precise = || address.detail().contains(|c: char| c.is_numeric());
    // The 6 of 东李村6组 reads as a room, but a flat has a building too.
    let is_flat = address.part(Part::Room).is_some() && address.part(Part::Building).is_some();
    !is_flat
        && (!is_precise() || SHARED_HOUSES.iter().any(says))
        && !DEALERS_HOUSES.iter().any(says)
}
