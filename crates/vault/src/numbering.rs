//! Numbers that people are told in place of serials.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use marque_core::Digits;

/// What is numbered, each with numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// Customers.
    Customers,
    /// Cases of complaints.
    Complaints,
}

impl Series {
    /// The name that goes into the key's derivation. Never changed: every number that somebody was told depends on it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Complaints => "complaints",
        }
    }
}

/// Turns serials into the numbers that people are told, and back: a keyed permutation of all numbers of so many digits. Numbers are
/// as unique and as short as serials, and without the key they tell neither order nor count (ADR 39). Cheap to clone.
///
/// A Feistel network over the two halves of the digits with addition as in FF1 (NIST SP 800-38G, 5), and HMAC-SHA-256 as its round
/// function. A serial of more digits than the least has a number of just as many.
#[derive(Clone)]
pub struct Numbering {
    key: Arc<hmac::Key>,
    least: u32,
}

/// Rounds, as FF1 has them; an even number, so that the halves end where they began.
const ROUNDS: u8 = 10;

impl Numbering {
    /// Numbers of at least so many digits: six or more, for FF1 is for a million values at least (NIST SP 800-38G rev. 1).
    pub(crate) fn new(key: hmac::Key, least: u32) -> Self {
        Self {
            key: Arc::new(key),
            least,
        }
    }

    /// The number of a serial.
    ///
    /// # Panics
    /// If the serial has more than [`Digits::MOST`] digits: no series comes there.
    pub fn show(&self, serial: u64) -> Digits {
        let length = self.length_of(serial);
        let (high, low) = halves(length);
        let (mut left, mut right) = (serial / low, serial % low);
        for round in (0..ROUNDS).step_by(2) {
            left = (left + self.mark(length, round, right) % high) % high;
            right = (right + self.mark(length, round + 1, left) % low) % low;
        }
        Digits::new(left * low + right, length).expect("a series ends before so many digits")
    }

    /// The serial of a number; `None` if it is no serial's, being too short or that of fewer digits.
    pub fn serial(&self, shown: Digits) -> Option<u64> {
        let length = shown.length();
        let (high, low) = halves(length);
        let (mut left, mut right) = (shown.value() / low, shown.value() % low);
        for round in (0..ROUNDS).step_by(2).rev() {
            right = (right + low - self.mark(length, round + 1, left) % low) % low;
            left = (left + high - self.mark(length, round, right) % high) % high;
        }
        let serial = left * low + right;
        (self.length_of(serial) == length).then_some(serial)
    }

    /// How many digits the number of a serial has.
    fn length_of(&self, serial: u64) -> u32 {
        let own = serial.checked_ilog10().map_or(1, |log| log + 1);
        own.max(self.least)
    }

    /// By what one half is moved in a round, as the other half has it. Modulo 10^9 at most it favours no value by more than 10^-10 of its share.
    fn mark(&self, length: u32, round: u8, other: u64) -> u64 {
        let mut told = [0; 10];
        told[0] = length as u8;
        told[1] = round;
        told[2..].copy_from_slice(&other.to_be_bytes());
        let tag = hmac::sign(&self.key, &told);
        u64::from_be_bytes(
            tag.as_ref()[..8]
                .try_into()
                .expect("a SHA-256 tag has 32 bytes"),
        )
    }
}

/// How many values the left and the right half of so many digits have.
const fn halves(length: u32) -> (u64, u64) {
    (10_u64.pow(length / 2), 10_u64.pow(length - length / 2))
}

impl fmt::Debug for Numbering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbering(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{Keyring, Vault};

    fn numbering(series: Series, least: u32) -> Numbering {
        Vault::new(&Keyring::generate().unwrap()).numbering(series, least)
    }

    #[test]
    fn the_numbers_of_a_size_are_its_serials_in_another_order() {
        let numbers = numbering(Series::Complaints, 3);
        for (serials, length) in [(0..1_000, 3), (1_000..10_000, 4)] {
            let shown: BTreeSet<String> = serials
                .clone()
                .map(|serial| numbers.show(serial).to_string())
                .collect();
            assert_eq!(shown.len(), serials.clone().count());
            assert!(shown.iter().all(|text| text.len() == length));
            let every = 0..10_u64.pow(length as u32);
            let back: BTreeSet<u64> = every
                .filter_map(|value| numbers.serial(Digits::new(value, length as u32)?))
                .collect();
            assert!(back.into_iter().eq(serials));
        }
    }

    #[test]
    fn neighbours_have_nothing_in_common() {
        let numbers = numbering(Series::Customers, 8);
        let shown: Vec<u64> = (1..=2_001)
            .map(|serial| numbers.show(serial).value())
            .collect();
        let ascending = shown.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((800..1_200).contains(&ascending), "{ascending} of 2000");
        // By chance 40 of 2000 pairs are within a hundredth of all numbers.
        let near = shown
            .windows(2)
            .filter(|pair| pair[0].abs_diff(pair[1]) < 1_000_000);
        let near = near.count();
        assert!(near < 120, "{near} of 2000");
    }

    #[test]
    fn two_series_and_two_installations_have_other_numbers() {
        let ring = Keyring::generate().unwrap();
        let again = Keyring::parse(ring.to_text().expose()).unwrap();
        let first = |ring: &Keyring, series| {
            let numbers = Vault::new(ring).numbering(series, 8);
            [1, 2, 3].map(|serial| numbers.show(serial))
        };
        let customers = first(&ring, Series::Customers);
        assert_eq!(first(&again, Series::Customers), customers);
        assert_ne!(first(&ring, Series::Complaints), customers);
        let other = Keyring::generate().unwrap();
        assert_ne!(first(&other, Series::Customers), customers);
    }

    #[test]
    fn data_keys_change_and_numbers_stay() {
        let mut ring = Keyring::generate().unwrap();
        let before = Vault::new(&ring).numbering(Series::Customers, 8).show(1);
        ring.rotate_data_key().unwrap();
        let after = Vault::new(&ring).numbering(Series::Customers, 8).show(1);
        assert_eq!(after, before);
    }

    /// The expected numbers were computed apart from this code, with Python's hmac.
    #[test]
    fn numbers_that_were_told_stay_valid_across_versions_of_marque() {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let text = format!(
            "[data]\ncurrent = 1\nkeys = {{ 1 = \"{key}\" }}\n[index]\ncurrent = 1\nkeys = {{ 1 = \"{key}\" }}\n"
        );
        let vault = Vault::new(&Keyring::parse(&text).unwrap());
        let customers = vault.numbering(Series::Customers, 8);
        let cases = vault.numbering(Series::Complaints, 7);
        for (numbers, serial, told) in [
            (&customers, 1, "35207442"),
            (&customers, 2, "38924057"),
            (&customers, 99999999, "00953787"),
            (&customers, 100000000, "433633658"),
            (&cases, 1, "3895664"),
            (&cases, 2, "1909936"),
            (&cases, 10000000, "40466810"),
        ] {
            assert_eq!(numbers.show(serial).to_string(), told);
            assert_eq!(numbers.serial(Digits::read(told).unwrap()), Some(serial));
        }
    }

    #[test]
    fn debug_output_shows_nothing() {
        let numbers = numbering(Series::Customers, 8);
        assert_eq!(format!("{numbers:?}"), "Numbering(***)");
    }

    proptest! {
        #[test]
        fn a_number_reads_back(serial in 0..10_u64.pow(18), least in 2_u32..=9) {
            let numbers = numbering(Series::Customers, least);
            prop_assert_eq!(numbers.serial(numbers.show(serial)), Some(serial));
        }

        #[test]
        fn a_number_is_that_of_its_serial_or_of_none(value in 0..10_u64.pow(9), length in 1_u32..=9) {
            let numbers = numbering(Series::Complaints, 7);
            let shown = Digits::new(value % 10_u64.pow(length), length).unwrap();
            match numbers.serial(shown) {
                Some(serial) => prop_assert_eq!(numbers.show(serial), shown),
                None => prop_assert!(length != 7),
            }
        }
    }
}
