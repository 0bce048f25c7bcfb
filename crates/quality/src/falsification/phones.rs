//! Phones of one customer against each other, wherever they were taken: the number of a member of staff is contradicted by
//! what other records of the same customers say, the number a couple shares is confirmed by them.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashSet, FxHasher};

use super::{entry::Person, state::EntryState};

/// What other records of the same people say about their phones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// People of whom another record gives the same phone.
    pub(super) confirmed: usize,
    /// People of whom other records give other phones only.
    pub(super) contradicted: usize,
}

impl Heard {
    /// What is heard of these people and of others.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            confirmed: self.confirmed + other.confirmed,
            contradicted: self.contradicted + other.contradicted,
        }
    }
}

/// One thing by which a customer is known again, the phone that stands with it, and the place of the unit that wrote it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    key: u64,
    phone: u64,
    unit: u32,
    /// Whether the phone may be invented itself, so that it contradicts no other.
    is_doubtful: bool,
}

/// Whether one number is the other but for a slip: a digit of the last four, two neighbours among them exchanged, or
/// anything before them (of keyed numbers only the last four are left to compare; two numbers of one person that end alike
/// are hardly ever two phones).
pub(super) fn is_slip(one: u64, other: u64) -> bool {
    let (head, tail) = (
        (one / 10_000, other / 10_000),
        (one % 10_000, other % 10_000),
    );
    if head.0 != head.1 {
        return tail.0 == tail.1;
    }
    let digits = |number: u64| {
        [
            number / 1000,
            number / 100 % 10,
            number / 10 % 10,
            number % 10,
        ]
    };
    let (a, b) = (digits(tail.0), digits(tail.1));
    let differ: Vec<usize> = (0..4).filter(|place| a[*place] != b[*place]).collect();
    match differ[..] {
        [_] => true,
        [i, j] => j == i + 1 && (a[i], a[j]) == (b[j], b[i]),
        _ => false,
    }
}

/// All that is known of the customers of all units, by key.
pub(super) struct Phonebook(Vec<Known>);

/// ID number, car with surname, plate with surname: whichever are known. Surnames, because cars change hands.
fn keys(person: &Person) -> impl Iterator<Item = u64> {
    let key = |kind: u8, value: u32, surname: u32| {
        let mut hasher = FxHasher::default();
        (kind, value, surname).hash(&mut hasher);
        (value != 0 && (kind == 0 || surname != 0)).then(|| hasher.finish())
    };
    [
        key(0, person.id, 0),
        key(1, person.vin_tail, person.surname),
        key(2, person.plate, person.surname),
    ]
    .into_iter()
    .flatten()
}

impl Phonebook {
    /// Reads the phones of all units, in their order, each with those of its phones that may be invented.
    pub(super) fn of<'a>(units: impl Iterator<Item = (&'a EntryState, FxHashSet<u64>)>) -> Self {
        let mut known = Vec::new();
        for (unit, (state, doubtful)) in (0_u32..).zip(units) {
            for (phone, group) in &state.by_phone {
                for person in group.people() {
                    known.extend(keys(person).map(|key| Known {
                        key,
                        phone: *phone,
                        unit,
                        is_doubtful: doubtful.contains(phone),
                    }));
                }
            }
        }
        known.sort_unstable();
        Self(known)
    }

    /// What is heard of people who stand with one phone in one unit.
    pub(super) fn hear(&self, unit: u32, phone: u64, people: &[Person]) -> Heard {
        let mut heard = Heard::default();
        for person in people {
            let (mut same, mut other) = (false, false);
            for key in keys(person) {
                let from = self.0.partition_point(|known| known.key < key);
                let entries = self.0[from..].iter().take_while(|known| known.key == key);
                let mut own = 0;
                for known in entries {
                    // Numbers that one unit made up one by one look like slips of each other: only others' slips confirm.
                    let is_same = known.phone == phone || is_slip(known.phone, phone);
                    other |= !is_same && !known.is_doubtful;
                    same |= is_same && known.unit != unit;
                    own += u32::from(known.phone == phone && known.unit == unit);
                }
                same |= own >= 2;
            }
            heard.confirmed += usize::from(same);
            heard.contradicted += usize::from(other && !same);
        }
        heard
    }

    /// Phones of a unit that could be compared, and how many of them other records contradict. Large groups count once.
    pub(super) fn share(&self, unit: u32, state: &EntryState) -> (u64, u64) {
        let (mut contradicted, mut comparable) = (0, 0);
        for (phone, group) in &state.by_phone {
            let heard = self.hear(unit, *phone, group.people());
            let is_known = heard.confirmed + heard.contradicted > 0;
            comparable += u64::from(is_known);
            contradicted += u64::from(is_known && heard.confirmed == 0);
        }
        (contradicted, comparable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::falsification::group::Group;

    fn unit(phones: &[(u64, u32)]) -> EntryState {
        let mut state = EntryState::default();
        for (phone, id) in phones {
            let mut group = Group::default();
            group.add(Person {
                id: *id,
                ..Person::default()
            });
            state.by_phone.insert(*phone, group);
        }
        state
    }

    #[test]
    fn another_dealers_record_confirms_or_contradicts_a_phone() {
        let units = [
            unit(&[(13_900_001_234, 7), (13_900_005_678, 8)]),
            unit(&[(13_900_001_234, 7), (13_700_009_012, 8)]),
        ];
        let book = Phonebook::of(units.iter().map(|unit| (unit, FxHashSet::default())));
        let of = |phone, id| {
            let person = Person {
                id,
                ..Person::default()
            };
            book.hear(0, phone, &[person])
        };
        assert_eq!(
            (
                of(13_900_001_234, 7).confirmed,
                of(13_900_001_234, 7).contradicted
            ),
            (1, 0)
        );
        assert_eq!(
            (
                of(13_900_005_678, 8).confirmed,
                of(13_900_005_678, 8).contradicted
            ),
            (0, 1)
        );
        assert_eq!(book.share(0, &units[0]), (1, 2));
    }

    #[test]
    fn a_number_that_may_be_invented_contradicts_none() {
        let units = [unit(&[(13_912_340_567, 7)]), unit(&[(13_655_512_000, 7)])];
        let doubtful = [
            FxHashSet::default(),
            std::iter::once(13_655_512_000).collect(),
        ];
        let book = Phonebook::of(units.iter().zip(doubtful));
        assert_eq!(book.share(0, &units[0]), (0, 0));
        assert_eq!(book.share(1, &units[1]), (1, 1));
    }

    #[test]
    fn a_slip_of_the_pen_is_the_same_number() {
        for (other, is_same) in [
            (13_912_340_568, true),
            (13_912_340_576, true),
            (13_812_340_567, true),
            (13_912_340_678, false),
            (13_812_340_568, false),
        ] {
            assert_eq!(is_slip(13_912_340_567, other), is_same, "{other}");
        }
    }
}
