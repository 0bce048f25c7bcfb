//! Invented people: everything has the right form and the right check characters.

use marque_api::customer::v1::{CustomerColumns, PutSourceRecordRequest};

/// The `n`th resident ID number, of somebody born in the 1970s to 1990s (GB 11643-1999).
pub fn id_number(n: u32) -> String {
    let (year, month, day) = (1970 + n / 336 % 28, 1 + n / 28 % 12, 1 + n % 28);
    let body = format!("110105{year}{month:02}{day:02}{:03}", n / 9408 % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{body}{}", char::from(check))
}

/// The `n`th VIN, with its check digit (GB 16735-2019).
pub fn vin(n: u32) -> String {
    let mut vin: Vec<u8> = format!("LMVCA1A60R1{n:06}").into_bytes();
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = vin
        .iter()
        .zip(weights)
        .map(|(letter, weight)| worth(*letter) * weight)
        .sum();
    vin[8] = b"0123456789X"[(sum % 11) as usize];
    String::from_utf8(vin).expect("a VIN is ASCII")
}

/// What a character counts in the check digit of a VIN.
fn worth(letter: u8) -> u32 {
    match letter {
        b'0'..=b'9' => u32::from(letter - b'0'),
        b'A'..=b'H' => u32::from(letter - b'A') + 1,
        b'J'..=b'R' => u32::from(letter - b'J') + 1,
        letter => u32::from(letter - b'S') + 2,
    }
}

/// The `n`th mobile phone; numbers that follow each other look nothing alike, for what looks made up is not taken in.
pub fn phone(n: u32) -> String {
    // 7,654,321 has no factor in common with 10^8, so that no two are the same.
    format!(
        "139{:08}",
        (u64::from(n) * 7_654_321 + 25_814_736) % 100_000_000
    )
}

/// A customer's row being made up.
#[derive(Clone, Default)]
pub struct ACustomer {
    /// The columns so far.
    pub columns: CustomerColumns,
}

/// Nobody yet.
pub fn a_customer() -> ACustomer {
    ACustomer::default()
}

macro_rules! with {
    ($($(#[$doc:meta])* $method:ident => $column:ident;)*) => {$(
        $(#[$doc])*
        pub fn $method(mut self, text: impl Into<String>) -> Self {
            self.columns.$column = text.into();
            self
        }
    )*};
}

impl ACustomer {
    with! {
        /// Of this name.
        named => name;
        /// With this phone.
        with_phone => phone;
        /// With this second phone.
        with_second_phone => phone2;
        /// With this ID number.
        with_id_number => id_number;
        /// With this credit code.
        with_credit_code => credit_code;
        /// With this address.
        living_at => address;
        /// With a car of this VIN.
        driving => vin;
        /// With a car of this plate.
        with_plate => plate;
        /// With this hobby.
        who_likes => hobbies;
        /// As typed at this time.
        typed_at => recorded_at;
    }

    /// The live write of the row under a key of a dealer's DMS.
    pub fn put(self, dealer: &str, key: &str) -> PutSourceRecordRequest {
        PutSourceRecordRequest {
            dealer: dealer.to_owned(),
            source: "dms".to_owned(),
            key: key.to_owned(),
            columns: Some(self.columns),
            expected_version: 0,
        }
    }
}

/// Says nothing of what it holds: tests' output is read by many.
impl std::fmt::Debug for ACustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ACustomer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_are_those_of_known_numbers() {
        // 2,000 different ones; the check digits themselves are held against the validators by the services' tests.
        let mut numbers: Vec<String> = (0..2000).map(id_number).collect();
        assert!(numbers.iter().all(|number| number.len() == 18));
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 2000);
        assert_eq!(vin(1).len(), 17);
    }
}
