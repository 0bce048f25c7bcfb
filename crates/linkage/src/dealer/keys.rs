//! Blocking keys: two records that share one are worth comparing.

use serde::{Deserialize, Serialize};

use super::name::Kind;
use super::prepared::{Identity, Prepared};
use crate::codes;
use crate::dates::Date;
use crate::text::hash::stable_hash;

/// What a key is made of. The order is the order of blocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum KeyKind {
    /// Whole identity number.
    Identity,
    /// Division and last four characters of the resident ID, with the surname's sound.
    IdentityTail,
    /// Phone.
    Phone,
    /// Second phone.
    SecondPhone,
    /// Last six characters of the VIN, with the first two of its last eight where known.
    Vin,
    /// Plate.
    Plate,
    /// E-mail address.
    Email,
    /// Name's sound and birthday, or the birth date inside an identity number.
    NameBirth,
    /// Name's sound and the last four digits of the phone.
    NamePhoneEnd,
    /// Name's sound and the first seven digits of the phone.
    NamePhoneStart,
    /// Name's sound and the last six characters of the VIN.
    NameVin,
    /// Name's sound and road, or estate.
    NamePlace,
    /// Home: estate, building and room.
    Home,
    /// Name's sound alone, for organisations.
    Organisation,
    /// First two characters of an organisation's brand and its contact or phone.
    Brand,
}

/// How many kinds of keys there are.
pub(crate) const KEY_KINDS: usize = KeyKind::ALL.len();

impl KeyKind {
    /// All kinds in the order of blocking.
    pub const ALL: [Self; 15] = [
        Self::Identity,
        Self::IdentityTail,
        Self::Phone,
        Self::SecondPhone,
        Self::Vin,
        Self::Plate,
        Self::Email,
        Self::NameBirth,
        Self::NamePhoneEnd,
        Self::NamePhoneStart,
        Self::NameVin,
        Self::NamePlace,
        Self::Home,
        Self::Organisation,
        Self::Brand,
    ];

    /// The kind that its values belong to: whichever place a phone has in one record, it may have the other in the next.
    pub(crate) fn place(self) -> Self {
        match self {
            Self::SecondPhone => Self::Phone,
            other => other,
        }
    }

    /// The name shown in reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "identity number",
            Self::IdentityTail => "ends of identity number and surname",
            Self::Phone => "phone",
            Self::SecondPhone => "second phone",
            Self::Vin => "end of VIN",
            Self::Plate => "plate",
            Self::Email => "e-mail",
            Self::NameBirth => "name and birthday",
            Self::NamePhoneEnd => "name and end of phone",
            Self::NamePhoneStart => "name and start of phone",
            Self::NameVin => "name and end of VIN",
            Self::NamePlace => "name and road or estate",
            Self::Home => "home",
            Self::Organisation => "firm",
            Self::Brand => "brand and contact",
        }
    }
}

/// A key in plain form: hash it with a secret before it is stored.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BlockKey {
    /// What it is made of.
    pub kind: KeyKind,
    /// The kind's number and the canonical value.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for BlockKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BlockKey({:?})", self.kind)
    }
}

/// The keys of a record; a kind may come twice (two phones).
pub fn block_keys(record: &Prepared) -> Vec<BlockKey> {
    let mut keys = Vec::with_capacity(KEY_KINDS);
    visit_keys(record, |kind, parts| {
        let kind = kind.place();
        let mut bytes = vec![kind as u8];
        for part in parts {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
        keys.push(BlockKey { kind, bytes });
    });
    keys
}

/// Calls `visit` with the parts of each key.
pub(crate) fn visit_keys(record: &Prepared, mut visit: impl FnMut(KeyKind, &[&[u8]])) {
    let surname = record.surname_sound.to_le_bytes();
    let name = record.sound.to_le_bytes();
    let is_organisation = record.kind == Kind::Organisation;
    let has_name = record.has_full_name();
    match &record.identity {
        Identity::Resident(text, _) => {
            visit(KeyKind::Identity, &[text]);
            visit(KeyKind::IdentityTail, &[&text[..6], &text[14..], &surname]);
        }
        Identity::Masked(division, tail) => {
            visit(KeyKind::IdentityTail, &[division, tail, &surname]);
        }
        Identity::Credit(text) => visit(KeyKind::Identity, &[text]),
        Identity::Unknown => {}
    }
    for (phone, kind) in record
        .phones
        .iter()
        .zip([KeyKind::Phone, KeyKind::SecondPhone])
    {
        if *phone != 0 {
            visit(kind, &[&phone.to_le_bytes()]);
        }
    }
    let vin_end = record
        .vin
        .len()
        .checked_sub(6)
        .map(|from| &record.vin.as_bytes()[from..]);
    if let Some(end) = vin_end {
        visit(KeyKind::Vin, &[end]);
    }
    if !record.plate.is_empty() {
        visit(KeyKind::Plate, &[record.plate.as_bytes()]);
    }
    if record.email != 0 {
        visit(KeyKind::Email, &[&record.email.to_le_bytes()]);
    }
    if has_name {
        visit_name_keys(record, &name, vin_end, &mut visit);
    }
    if record.address.home != 0 {
        visit(KeyKind::Home, &[&record.address.home.to_le_bytes()]);
    }
    if is_organisation && has_name {
        visit(KeyKind::Organisation, &[&name]);
        let brand: String = record.name.chars().take(2).collect();
        if record.contact_sound != 0 {
            visit(
                KeyKind::Brand,
                &[brand.as_bytes(), &record.contact_sound.to_le_bytes()],
            );
        }
    }
}

fn visit_name_keys(
    record: &Prepared,
    name: &[u8],
    vin_end: Option<&[u8]>,
    visit: &mut impl FnMut(KeyKind, &[&[u8]]),
) {
    if let Some(birth) = record.birth.or_else(|| birth_in_number(record)) {
        visit(KeyKind::NameBirth, &[name, &birth.packed().to_le_bytes()]);
    }
    let phone = record.phones[0];
    if phone != 0 {
        visit(
            KeyKind::NamePhoneEnd,
            &[name, &(phone % 10_000).to_le_bytes()],
        );
        visit(
            KeyKind::NamePhoneStart,
            &[name, &(phone / 10_000).to_le_bytes()],
        );
    }
    if let Some(end) = vin_end {
        visit(KeyKind::NameVin, &[name, end]);
    }
    let place = if record.address.road == 0 {
        record.address.estate
    } else {
        record.address.road
    };
    if place != 0 {
        visit(KeyKind::NamePlace, &[name, &place.to_le_bytes()]);
    }
}

/// The birth date inside a number whose check fails: a digit elsewhere in it may be all that is wrong.
fn birth_in_number(record: &Prepared) -> Option<Date> {
    match &record.identity {
        Identity::Resident(text, _) => codes::birth_of(text),
        _ => None,
    }
}

/// A key as one word, for the in-memory engines.
pub(crate) fn key_hash(kind: KeyKind, parts: &[&[u8]]) -> u64 {
    let value = parts.iter().fold(0, |state, part| {
        crate::text::hash::join(state, stable_hash(&[part]))
    });
    crate::text::hash::join(kind as u64 + 1, value)
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, prepare};
    use super::*;

    #[test]
    fn a_number_with_one_wrong_digit_anywhere_is_found() {
        let keys = |id_number: &str| {
            block_keys(&prepare(&DealerRecord {
                name: "鲁肃然",
                id_number,
                ..DealerRecord::default()
            }))
        };
        let known = keys("11010519491231002X");
        for mistyped in [
            "11910519491231002X", // division
            "11010519491230002X", // birth date
            "11010519491231082X", // sequence
            "11010519491231020X", // transposed
            "110105194912310021", // check character
        ] {
            let found = keys(mistyped);
            assert!(found.iter().any(|key| known.contains(key)), "{mistyped}");
        }
    }
}
