//! A dealer's customer record, and the compact features that comparison needs of it.

use serde::{Deserialize, Serialize};

use super::address::{self, Address};
use super::name::{self, Kind};
use crate::codes::{self, ResidentId};
use crate::dates::{self, Date, DayOrder};
use crate::text::fold::fold;
use crate::text::han::surname_len;
use crate::text::hash::stable_hash;
use crate::text::similarity::edits;
use crate::text::sound::{spoken, surname_syllable};

/// One customer record as a dealer sent it. Empty text means unknown; values in the wrong column are put right.
#[derive(Clone, Default)]
pub struct DealerRecord<'a> {
    /// The dealer's own mark, if any: person or organisation.
    pub kind: Option<Kind>,
    /// Name of the person or organisation, remarks and titles included.
    pub name: &'a str,
    /// Resident ID number, whole or masked.
    pub id_number: &'a str,
    /// Unified social credit code.
    pub credit_code: &'a str,
    /// Phone numbers; the first [`MAX_PHONES`] valid ones count, mobiles before land lines.
    pub phones: &'a [&'a str],
    /// Licence plate.
    pub plate: &'a str,
    /// VIN, or its last six to eight characters.
    pub vin: &'a str,
    /// Postal address.
    pub address: &'a str,
    /// Birthday in any usual form.
    pub birthday: &'a str,
    /// Gender in Chinese or English.
    pub gender: &'a str,
    /// The organisation's contact person.
    pub contact: &'a str,
    /// E-mail address.
    pub email: &'a str,
}

/// How many phones of one record are compared.
pub const MAX_PHONES: usize = 2;

/// What the record says of the person's or organisation's number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Nothing.
    #[default]
    Unknown,
    /// A whole resident ID; the flag says whether its check character and date are right.
    Resident([u8; 18], bool),
    /// Division (six) and last four characters of a masked resident ID.
    Masked([u8; 6], [u8; 4]),
    /// A credit code.
    Credit([u8; 18]),
}

/// The features of a record, ready for comparison. Holds personal data in plain form: keep it in memory or encrypted.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Prepared {
    /// Person, organisation or unclear.
    pub kind: Kind,
    pub(crate) name: Box<str>,
    pub(crate) surname_only: bool,
    /// Hash of the toneless reading of the whole name without spaces, 0 without a name.
    pub(crate) sound: u64,
    /// Hash of the toneless reading of the surname.
    pub(crate) surname_sound: u64,
    /// Hash of the reading of an organisation's contact.
    pub(crate) contact_sound: u64,
    pub(crate) identity: Identity,
    pub(crate) birth: Option<Date>,
    /// 0 unknown, 1 male, 2 female.
    pub(crate) gender: u8,
    pub(crate) phones: [u64; MAX_PHONES],
    pub(crate) plate: Box<str>,
    pub(crate) vin: Box<str>,
    pub(crate) address: Address,
    /// Hash of the folded e-mail address.
    pub(crate) email: u64,
    /// Hash of an organisation's branch, 0 for its head office or where none is said.
    #[serde(default)]
    pub(crate) branch: u64,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Prepared")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Reads a record into its features: cleans every value, repairs swapped columns, drops placeholders.
///
/// ```
/// use marque_linkage::dealer::{DealerRecord, prepare};
/// let record = DealerRecord { name: "王先生", phones: &["86-13912345678"], ..DealerRecord::default() };
/// let prepared = prepare(&record);
/// assert!(!prepared.is_empty());
/// ```
pub fn prepare(record: &DealerRecord<'_>) -> Prepared {
    let (name_text, address_text) = unswap_name_and_address(record.name, record.address);
    let birthday = birthday_of(record.birthday);
    let identity = doubted(identity_of(record), birthday);
    let has_credit_code = matches!(identity, Identity::Credit(_));
    let parsed = name::parse(
        name_text,
        record.kind == Some(Kind::Organisation),
        has_credit_code,
    );
    let characters = without_spaces(&parsed.name);
    let contact = parsed.contact.clone().or_else(|| contact_of(record));
    let (plate, vin) = car_of(record);
    let birth = birth_of(&identity, birthday);
    let gender = gender_of(&identity, record.gender);
    Prepared {
        kind: kind_of(parsed.kind, &identity, birth, gender),
        surname_only: parsed.surname_only,
        sound: if characters.is_empty() {
            0
        } else {
            sound_hash(&spoken(&characters))
        },
        surname_sound: surname_hash(&characters),
        contact_sound: contact.map_or(0, |contact| sound_hash(&spoken(&without_spaces(&contact)))),
        birth,
        gender,
        phones: phones_of(record),
        plate: plate.unwrap_or_default().into_boxed_str(),
        vin: vin.unwrap_or_default().into_boxed_str(),
        address: address::parse(address_text),
        email: email_of(record.email),
        branch: if parsed.branch.is_empty() {
            0
        } else {
            stable_hash(&[b"branch", parsed.branch.as_bytes()])
        },
        name: parsed.name.into_boxed_str(),
        identity,
    }
}

impl Prepared {
    /// True if the record holds nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
            && self.identity == Identity::Unknown
            && self.phones == [0; MAX_PHONES]
            && self.plate.is_empty()
            && self.vin.is_empty()
            && self.email == 0
    }

    /// True for a person's or unclear record whose given name is known.
    pub fn has_full_name(&self) -> bool {
        !self.name.is_empty() && !self.surname_only
    }
}

/// Firms have no resident ID, birthday or gender: whoever is marked as one but has them is a person.
fn kind_of(parsed: Kind, identity: &Identity, birth: Option<Date>, gender: u8) -> Kind {
    let is_personal = matches!(identity, Identity::Resident(..) | Identity::Masked(..))
        || birth.is_some()
        || gender != 0;
    if parsed == Kind::Unclear && is_personal {
        Kind::Person
    } else {
        parsed
    }
}

/// A name's characters; names in letters have words.
fn without_spaces(name: &str) -> Vec<char> {
    name.chars().filter(|c| *c != ' ').collect()
}

fn sound_hash(letters: &str) -> u64 {
    stable_hash(&[b"sound", letters.as_bytes()])
}

fn surname_hash(characters: &[char]) -> u64 {
    let Some(first) = characters.first() else {
        return 0;
    };
    if first.is_ascii_alphabetic() {
        return 0;
    }
    let syllables: Vec<&str> = characters[..surname_len(characters)]
        .iter()
        .filter_map(|c| surname_syllable(*c))
        .collect();
    stable_hash(&[b"surname", syllables.concat().as_bytes()])
}

fn contact_of(record: &DealerRecord<'_>) -> Option<String> {
    let (contact, surname_only) = name::clean_person(&fold(record.contact));
    (!contact.is_empty() && !surname_only).then_some(contact)
}

/// An address in the name column with a short name in the address column: each goes where it belongs.
fn unswap_name_and_address<'a>(name: &'a str, address: &'a str) -> (&'a str, &'a str) {
    let is_address = name.chars().count() > 9
        && ["号", "室", "栋", "小区", "街道", "路"]
            .iter()
            .any(|part| name.contains(part));
    let is_short = address.chars().count() <= 4 && !address.is_empty();
    if is_address && is_short {
        (address, name)
    } else {
        (name, address)
    }
}

fn identity_of(record: &DealerRecord<'_>) -> Identity {
    let candidates = [record.id_number, record.credit_code]
        .into_iter()
        .chain(record.phones.iter().copied());
    for text in candidates.filter(|text| text.len() >= 15) {
        if let Some(code) = codes::credit_code(text) {
            return Identity::Credit(code);
        }
        match codes::resident_id(text) {
            Some(ResidentId::Whole { text, sound }) => return Identity::Resident(text, sound),
            Some(ResidentId::Masked { division, tail }) => return Identity::Masked(division, tail),
            None => {}
        }
    }
    Identity::Unknown
}

fn phones_of(record: &DealerRecord<'_>) -> [u64; MAX_PHONES] {
    let mut phones = [0; MAX_PHONES];
    let candidates = || record.phones.iter().copied().chain([record.id_number]);
    let numbers = candidates()
        .filter_map(codes::mobile)
        .chain(candidates().filter_map(codes::short_mobile))
        .chain(candidates().filter_map(codes::land_line));
    for number in numbers {
        if !phones.contains(&number) {
            match phones.iter_mut().find(|slot| **slot == 0) {
                Some(slot) => *slot = number,
                None => break,
            }
        }
    }
    phones
}

fn car_of(record: &DealerRecord<'_>) -> (Option<String>, Option<String>) {
    let plate = codes::plate(record.plate).or_else(|| codes::plate(record.vin));
    let vin =
        codes::vin(record.vin).or_else(|| codes::vin(record.plate).filter(|vin| vin.len() == 17));
    (plate, vin)
}

/// 1900 is what systems write when nobody asked.
fn birthday_of(text: &str) -> Option<Date> {
    dates::parse(text, DayOrder::DayFirst).filter(|date| date.year() > 1900)
}

/// A number whose birth date has nothing to do with the birthday given beside it was lent or invented.
fn doubted(identity: Identity, birthday: Option<Date>) -> Identity {
    let (Identity::Resident(text, true), Some(birthday)) = (identity, birthday) else {
        return identity;
    };
    let fits = codes::birth_of(&text)
        .is_none_or(|birth| edits(&birth.digits(), &birthday.digits(), 2) <= 2);
    Identity::Resident(text, fits)
}

fn birth_of(identity: &Identity, birthday: Option<Date>) -> Option<Date> {
    match identity {
        Identity::Resident(text, true) => codes::birth_of(text),
        _ => birthday,
    }
}

fn gender_of(identity: &Identity, gender: &str) -> u8 {
    if let Identity::Resident(text, true) = identity {
        return if codes::is_male(text) { 1 } else { 2 };
    }
    match fold(gender).as_str() {
        "男" | "m" | "male" | "先生" | "1" => 1,
        "女" | "f" | "female" | "女士" | "2" => 2,
        _ => 0,
    }
}

fn email_of(raw: &str) -> u64 {
    let folded = fold(raw);
    let is_address = folded
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
    if is_address {
        stable_hash(&[b"email", folded.as_bytes()])
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_in_letters_sounds_as_in_characters() {
        let sound = |contact| {
            let firm = DealerRecord {
                name: "鼎泰贸易有限公司",
                contact,
                ..DealerRecord::default()
            };
            prepare(&firm).contact_sound
        };
        assert_ne!(sound("张伟"), 0);
        for spelling in ["ZHANG WEI", "Zhang Wei", "zhangwei"] {
            assert_eq!(sound(spelling), sound("张伟"), "{spelling}");
        }
    }

    #[test]
    fn swapped_columns_are_put_right() {
        let swapped = prepare(&DealerRecord {
            name: "四川省遂宁市船山区富强大道420号湖畔公馆",
            address: "位斌火",
            id_number: "15039737926",
            phones: &["652325198612012794"],
            plate: "LFVAF4C36K2572657",
            vin: "鲁G1168V",
            ..DealerRecord::default()
        });
        let straight = prepare(&DealerRecord {
            name: "位斌火",
            address: "四川省遂宁市船山区富强大道420号湖畔公馆",
            id_number: "652325198612012794",
            phones: &["15039737926"],
            plate: "鲁G1168V",
            vin: "LFVAF4C36K2572657",
            ..DealerRecord::default()
        });
        assert!(swapped == straight);
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let text = format!(
            "{:?}",
            prepare(&DealerRecord {
                name: "位斌火",
                phones: &["15039737926"],
                ..DealerRecord::default()
            })
        );
        assert!(!text.contains("位") && !text.contains("1503"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(name in ".{0,30}", number in ".{0,20}", other in ".{0,20}") {
            let _ = prepare(&DealerRecord {
                name: &name, id_number: &number, phones: &[&other, &number], plate: &other, vin: &number, address: &name,
                birthday: &other, gender: &name, contact: &other, email: &name, ..DealerRecord::default()
            });
        }
    }
}
