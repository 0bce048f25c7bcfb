//! The compact stored form of prepared records.

use super::address::Address;
use super::name::Kind;
use super::prepared::{Identity, MAX_PHONES, Prepared};
use crate::dates::Date;

/// The bytes are no prepared record of this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored features cannot be read: prepare the record again from its source")]
pub struct WireError;

/// Of the layout and of how records are prepared: the hash of an address or a foreign name that an earlier release made is
/// another one, and would speak against the same address today.
const VERSION: u8 = 2;
/// How many numbers stand before the phones.
const NUMBERS: usize = 9;

impl Prepared {
    /// The stored form: about 100 bytes. It holds personal data in plain form; encrypt it at rest.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![
            VERSION,
            self.kind as u8 | u8::from(self.surname_only) << 4,
            self.gender,
        ];
        put_identity(&self.identity, &mut bytes);
        bytes.extend(self.birth.map_or(0, Date::packed).to_le_bytes());
        let numbers = [
            self.sound,
            self.surname_sound,
            self.contact_sound,
            self.email,
            self.address.home,
            self.address.road,
            self.address.estate,
            self.address.whole,
            self.branch,
        ];
        for number in numbers.into_iter().chain(self.phones) {
            // Most are absent: one byte then.
            bytes.push(u8::from(number != 0));
            if number != 0 {
                bytes.extend(number.to_le_bytes());
            }
        }
        for text in [&self.name, &self.plate, &self.vin] {
            let text: String = text.chars().take(60).collect();
            bytes.push(text.len() as u8);
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// If the bytes are not from [`Prepared::to_bytes`] of a release that prepares records as this one does.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return Err(WireError);
        }
        let (kind, gender) = (reader.byte()?, reader.byte()?);
        let identity = reader.identity()?;
        let birth = Date::from_packed(u32::from_le_bytes(reader.take::<4>()?));
        let mut numbers = [0; NUMBERS + MAX_PHONES];
        for number in &mut numbers {
            if reader.byte()? != 0 {
                *number = u64::from_le_bytes(reader.take::<8>()?);
            }
        }
        let [
            sound,
            surname_sound,
            contact_sound,
            email,
            home,
            road,
            estate,
            whole,
            branch,
            phones @ ..,
        ] = numbers;
        let (name, plate, vin) = (reader.text()?, reader.text()?, reader.text()?);
        let kind = match kind & 0x0f {
            0 => Kind::Person,
            1 => Kind::Organisation,
            2 => Kind::Unclear,
            _ => return Err(WireError),
        };
        let address = Address {
            home,
            road,
            estate,
            whole,
        };
        let surname_only = bytes[1] >> 4 != 0;
        Ok(Self {
            kind,
            name,
            surname_only,
            sound,
            surname_sound,
            contact_sound,
            identity,
            birth,
            gender,
            phones,
            plate,
            vin,
            address,
            email,
            branch,
        })
    }
}

fn put_identity(identity: &Identity, bytes: &mut Vec<u8>) {
    match identity {
        Identity::Unknown => bytes.push(0),
        Identity::Resident(text, sound) => {
            bytes.push(1 + u8::from(*sound));
            bytes.extend(text);
        }
        Identity::Masked(division, tail) => {
            bytes.push(3);
            bytes.extend(division);
            bytes.extend(tail);
        }
        Identity::Credit(text) => {
            bytes.push(4);
            bytes.extend(text);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(WireError)?;
        self.0 = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn identity(&mut self) -> Result<Identity, WireError> {
        Ok(match self.byte()? {
            0 => Identity::Unknown,
            1 => Identity::Resident(self.take()?, false),
            2 => Identity::Resident(self.take()?, true),
            3 => Identity::Masked(self.take()?, self.take()?),
            4 => Identity::Credit(self.take()?),
            _ => return Err(WireError),
        })
    }

    fn text(&mut self) -> Result<Box<str>, WireError> {
        let length = usize::from(self.byte()?);
        let (head, rest) = self.0.split_at_checked(length).ok_or(WireError)?;
        self.0 = rest;
        std::str::from_utf8(head)
            .map(Into::into)
            .map_err(|_| WireError)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, prepare};
    use super::*;

    #[test]
    fn the_stored_form_gives_the_record_back() {
        for id in [
            "",
            "11010519491231002X",
            "110105********002X",
            "91350100M000100Y43",
            "110105194912310021",
        ] {
            let record = prepare(&DealerRecord {
                name: "欧阳晓岚(车主)",
                id_number: id,
                phones: &["13912345678", "13512345679"],
                plate: "冀A·D86698",
                vin: "LSVAP6G0XEN576730",
                address: "云南省昆明市宜良县竹山镇振兴北路564号滨江里28号楼3单元1304室",
                birthday: "1949-12-31",
                gender: "女",
                email: "a@b.cn",
                ..DealerRecord::default()
            });
            let bytes = record.to_bytes();
            assert!(bytes.len() < 200, "{}", bytes.len());
            assert!(Prepared::from_bytes(&bytes) == Ok(record));
            for cut in 0..bytes.len() {
                assert!(Prepared::from_bytes(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn what_an_earlier_release_prepared_is_not_read_as_if_it_were_of_this_one() {
        let mut bytes = Prepared::default().to_bytes();
        let branch = bytes.len() - 3 - MAX_PHONES - 1;
        bytes.remove(branch);
        bytes[0] = 1;
        assert!(Prepared::from_bytes(&bytes).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0_u8.., 0..120)) {
            let _ = Prepared::from_bytes(&bytes);
        }
    }
}
