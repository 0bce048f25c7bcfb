//! An entry as it may leave the service that owns the record: every value that could name somebody is replaced by a keyed
//! hash, and the whole is a row of bytes.
//!
//! Who compares entries needs to know which values are equal, not what they are. Two things are kept of what is inside: of a
//! phone that it follows another (its last four digits under the hash of the rest), of an ID number its sequence number.

use chrono::{Datelike, NaiveDate};

use super::entry::{Entry, ORGANISATION, Person};
use crate::id_document::Doubt;

/// Layout of the bytes; the first byte.
const VERSION: u8 = 3;
/// The layouts before; entries are kept as they were sent, and read on.
const EARLIER: u8 = 2;
const EARLIEST: u8 = 1;
/// Numbers of mobile phones have more digits than this; a keyed number must look like one too.
const MOBILE: u64 = 10_000_000_000;

/// The bytes are no entry of a layout that this release knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenEntry;

impl std::fmt::Display for BrokenEntry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the bytes are no entry of a known layout")
    }
}

impl std::error::Error for BrokenEntry {}

impl Entry {
    /// The same entry under a key: `hash` is a keyed hash, such as an HMAC, of 64 bits. Entries are comparable only if they
    /// were keyed alike.
    pub fn keyed(&self, hash: impl Fn(&[u8]) -> u64) -> Self {
        let long = |what: u8, value: u64| match value {
            0 => 0,
            value => hash(&[&[what], value.to_le_bytes().as_slice()].concat()).max(2),
        };
        let short = |what: u8, value: u32| match value {
            0 | ORGANISATION => value,
            value => ((long(what, u64::from(value)) >> 32) as u32).max(2),
        };
        let Person {
            rank,
            surname,
            given,
            name,
            contact,
            phone,
            id,
            vin_tail,
            plate,
            address,
            plate_area,
            home_area,
            site,
        } = self.person;
        let phone_key = |phone: u64| {
            let prefix = long(b'p', phone / 10_000) >> 20;
            if phone > MOBILE {
                (prefix | 1 << 43) * 10_000 + phone % 10_000
            } else {
                long(b'l', phone) % MOBILE
            }
        };
        Self {
            person: Person {
                rank: short(b'r', rank),
                surname: short(b's', surname),
                // A given name is compared with surnames.
                given: short(b's', given),
                // A contact is compared with names, so both are hashed as one kind.
                name: short(b'n', name),
                contact: short(b'n', contact),
                phone: short(b'P', phone),
                id: short(b'I', id),
                vin_tail: short(b'V', vin_tail),
                plate: short(b'k', plate),
                address: short(b'A', address),
                plate_area: short(b'o', plate_area),
                home_area: short(b'h', home_area),
                site: short(b'S', site),
            },
            phone: if self.phone == 0 {
                0
            } else {
                phone_key(self.phone)
            },
            id: long(b'i', self.id),
            id_stem: long(b'd', self.id_stem),
            address: long(b'a', self.address),
            street: long(b't', self.street),
            vin: long(b'v', self.vin),
            ..*self
        }
    }

    /// The entry as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        out.push(VERSION);
        out.push(
            u8::from(self.has_phone)
                | u8::from(self.placeholder_phone) << 1
                | u8::from(self.date.is_some()) << 2
                | u8::from(self.odometer.is_some()) << 3
                | u8::from(self.id_differs) << 4
                | u8::from(self.default_birth) << 5
                | u8::from(self.shared_house) << 6,
        );
        let id_doubt = match self.id_doubt {
            Doubt::None => 0,
            Doubt::Slip => 1,
            Doubt::Invented => 2,
        };
        out.push(id_doubt | u8::from(self.patterned_phone) << 2 | u8::from(self.landline) << 3);
        out.extend_from_slice(&self.street.to_le_bytes());
        out.extend_from_slice(&self.person.site.to_le_bytes());
        out.extend_from_slice(&self.person.given.to_le_bytes());
        for value in [self.phone, self.id, self.id_stem, self.address, self.vin] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        for value in self.person.values() {
            out.extend_from_slice(&value.to_le_bytes());
        }
        let days = self.date.map_or(0, |date| date.num_days_from_ce());
        out.extend_from_slice(&days.to_le_bytes());
        out.extend_from_slice(&self.minute.to_le_bytes());
        out.extend_from_slice(&self.odometer.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.id_sequence.to_le_bytes());
        out
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If the bytes are not what [`Self::to_bytes`] of a known release wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BrokenEntry> {
        let mut rest = Bytes(bytes);
        let [version, flags] = rest.take::<2>()?;
        let ([more], [street], [site, given]) = match version {
            VERSION => (rest.take::<1>()?, rest.longs()?, rest.shorts()?),
            EARLIER => (
                rest.take::<1>()?,
                rest.longs()?,
                [rest.shorts::<1>()?[0], 0],
            ),
            EARLIEST => ([0], [0], [0; 2]),
            _ => return Err(BrokenEntry),
        };
        let [phone, id, id_stem, address, vin] = rest.longs::<5>()?;
        let person = Person {
            given,
            site,
            ..Person::from_values(rest.shorts::<11>()?)
        };
        let days = i32::from_le_bytes(rest.take()?);
        let [minute, odometer] = rest.shorts::<2>()?;
        let id_sequence = u16::from_le_bytes(rest.take()?);
        if !rest.0.is_empty() {
            return Err(BrokenEntry);
        }
        let date = NaiveDate::from_num_days_from_ce_opt(days);
        Ok(Self {
            person,
            phone,
            has_phone: flags & 1 != 0,
            landline: more & 8 != 0,
            placeholder_phone: flags & 2 != 0,
            id,
            id_stem,
            id_sequence,
            patterned_phone: more & 4 != 0,
            street,
            id_doubt: match more & 3 {
                0 => Doubt::None,
                1 => Doubt::Slip,
                _ => Doubt::Invented,
            },
            id_differs: flags & 16 != 0,
            default_birth: flags & 32 != 0,
            address,
            shared_house: flags & 64 != 0,
            date: date.filter(|_| flags & 4 != 0),
            minute,
            odometer: (flags & 8 != 0).then_some(odometer),
            vin,
        })
    }
}

impl Person {
    /// What every layout has.
    pub(super) const fn values(&self) -> [u32; 11] {
        [
            self.rank,
            self.surname,
            self.name,
            self.contact,
            self.phone,
            self.id,
            self.vin_tail,
            self.plate,
            self.address,
            self.plate_area,
            self.home_area,
        ]
    }

    const fn from_values(values: [u32; 11]) -> Self {
        let [
            rank,
            surname,
            name,
            contact,
            phone,
            id,
            vin_tail,
            plate,
            address,
            plate_area,
            home_area,
        ] = values;
        Self {
            rank,
            surname,
            name,
            contact,
            phone,
            id,
            vin_tail,
            plate,
            address,
            plate_area,
            home_area,
            site: 0,
            given: 0,
        }
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BrokenEntry> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(BrokenEntry)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn longs<const N: usize>(&mut self) -> Result<[u64; N], BrokenEntry> {
        let mut values = [0; N];
        for value in &mut values {
            *value = u64::from_le_bytes(self.take()?);
        }
        Ok(values)
    }

    fn shorts<const N: usize>(&mut self) -> Result<[u32; N], BrokenEntry> {
        let mut values = [0; N];
        for value in &mut values {
            *value = u32::from_le_bytes(self.take()?);
        }
        Ok(values)
    }
}
