//! Counting how common a record's values are, for stores that keep records by their blocking keys.

use super::compare::{Frequencies, name_share};
use super::keys::{BlockKey, KeyKind};
use super::prepared::{MAX_PHONES, Prepared};

/// Of one person about so many records are held.
const RECORDS_OF_ONE: u32 = 3;

/// Differently named people among records that share a value; at least one.
pub fn people<'a>(records: impl IntoIterator<Item = &'a Prepared>) -> u32 {
    let mut sounds: Vec<u64> = records
        .into_iter()
        .filter(|record| record.has_full_name())
        .map(|record| record.sound)
        .collect();
    sounds.sort_unstable();
    sounds.dedup();
    sounds.len().max(1) as u32
}

/// The name as written, to be hashed with a secret and counted: how many records bear it. `None` for a surname alone.
pub fn name_key(record: &Prepared) -> Option<Vec<u8>> {
    record
        .has_full_name()
        .then(|| [b"name\0", record.name.as_bytes()].concat())
}

impl Frequencies {
    /// Counted in a store of `population` records, of which `bearers` have the record's name. `people` tells for a place
    /// in `keys`, the record's own blocking keys, how many differently named people share that key.
    pub fn counted(
        record: &Prepared,
        keys: &[BlockKey],
        population: u32,
        bearers: u32,
        mut people: impl FnMut(usize) -> u32,
    ) -> Self {
        let by_characters = name_share(record);
        let named = 1 + bearers / RECORDS_OF_ONE;
        let mut counted = Self {
            population,
            name: named,
            sound: named,
            name_share: by_characters,
            sound_share: 3.0 * by_characters,
            ..Self::default()
        };
        let mut phone = 0;
        for (at, key) in keys.iter().enumerate() {
            match key.kind {
                KeyKind::Identity => counted.identity = people(at),
                KeyKind::Phone | KeyKind::SecondPhone if phone < MAX_PHONES => {
                    counted.phones[phone] = people(at);
                    phone += 1;
                }
                KeyKind::Vin => counted.vin = people(at),
                KeyKind::Plate => counted.plate = people(at),
                KeyKind::Home => counted.address = people(at),
                _ => {}
            }
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, block_keys, prepare};
    use super::*;

    fn record(name: &str, phones: &[&str]) -> Prepared {
        prepare(&DealerRecord {
            name,
            phones,
            ..DealerRecord::default()
        })
    }

    #[test]
    fn a_person_typed_twice_is_one_and_a_surname_nobody() {
        let twice = [
            record("谭晓岚", &[]),
            record("谭小岚", &[]),
            record("谭女士", &[]),
        ];
        assert_eq!(people(&twice), 1);
        assert_eq!(people(&[record("谭晓岚", &[]), record("周大勇", &[])]), 2);
        assert_eq!(people([]), 1);
        assert_eq!(name_key(&record("谭女士", &[])), None);
    }

    #[test]
    fn each_phone_is_counted_on_its_own() {
        let record = record("谭晓岚", &["13912345678", "15012345679"]);
        let keys = block_keys(&record);
        let counted = Frequencies::counted(&record, &keys, 1_000, 9, |at| at as u32 + 10);
        let phones: Vec<u32> = (0..keys.len())
            .filter(|at| keys[*at].kind == KeyKind::Phone)
            .map(|at| at as u32 + 10)
            .collect();
        assert_eq!(counted.phones.to_vec(), phones);
        assert_eq!((counted.name, counted.population), (4, 1_000));
        assert_eq!(counted.vin, 1);
    }
}
