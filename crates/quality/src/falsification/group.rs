//! Records that share a phone, ID number, address or name: how many unrelated people are they?

use super::{
    entry::{ORGANISATION, Person},
    phones::Heard,
};

/// Which feature the members of a group share; it says nothing about whether they are related.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    Phone,
    /// Phones one after the other.
    PhoneRun,
    Id,
    Address,
    Name,
}

/// How many different members are kept: more would not change any verdict.
const KEPT: usize = 12;

/// A group of records: their number, and a sample of their people that does not depend on the order of arrival.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Group {
    pub(super) records: u32,
    people: Vec<Person>,
}

/// What a group looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) records: u32,
    /// Unrelated people, at most about [`KEPT`].
    pub(super) people: usize,
    /// Whether their plates are of different offices: families mostly register where they live.
    pub(super) is_scattered: bool,
    /// Whether the places of two at least are known and all the same.
    pub(super) is_local: bool,
    /// Whether the sample is full, so that `people` is a lower bound.
    pub(super) is_sampled: bool,
    /// What other records of these people say; nothing is heard about other things than phones.
    pub(super) heard: Heard,
}

impl Shape {
    /// Signs that no family or friends explain: three unrelated people of different places, four of unknown ones, five of
    /// any; or fewer, if other records of theirs give other phones and none gives this one.
    pub(super) const fn is_strong(&self) -> bool {
        if self.is_theirs() {
            return false;
        }
        self.people >= 3 && self.is_scattered
            || self.people >= 4 && !self.is_local
            || self.people >= 5
            || self.people >= 3 && self.is_disowned()
            || self.people >= 2 && self.is_disowned() && self.heard.contradicted >= 2
    }

    /// Signs that count only where there are strong ones too.
    pub(super) const fn is_weak(&self) -> bool {
        !self.is_theirs()
            && (self.people >= 2 && (self.is_scattered || self.is_disowned()) || self.people >= 3)
    }

    /// Whether other records give other phones, and none gives this one.
    pub(super) const fn is_disowned(&self) -> bool {
        self.heard.contradicted > 0 && self.heard.confirmed == 0
    }

    /// Whether it is a staff's, where it is known that there are such.
    pub(super) const fn is_likely(&self) -> bool {
        self.is_scattered || self.is_disowned() || self.people >= 3 && !self.is_local
    }

    /// Whether other records confirm the phone of half of a few people: friends, or a couple of two names.
    const fn is_theirs(&self) -> bool {
        self.people <= 4
            && self.heard.confirmed > self.heard.contradicted
            && self.heard.confirmed * 2 >= self.people
    }

    /// People, or records where the sample is full.
    pub(super) const fn size(&self) -> usize {
        if self.is_sampled {
            self.records as usize
        } else {
            self.people
        }
    }
}

impl Group {
    pub(super) fn add(&mut self, person: Person) {
        self.records += 1;
        self.keep(person);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.records += other.records;
        for person in &other.people {
            self.keep(*person);
        }
    }

    /// A sample of the members.
    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    /// Keeps the members that sort first, each once.
    fn keep(&mut self, person: Person) {
        let Err(at) = self.people.binary_search(&person) else {
            return;
        };
        if at == KEPT {
            return;
        }
        if self.people.len() == KEPT {
            self.people.pop();
        }
        self.people.insert(at, person);
    }

    /// Whether nobody is left out of the sample.
    pub(super) fn is_whole(&self) -> bool {
        self.people.len() < KEPT || self.records as usize <= KEPT
    }

    /// Whether the organisations among the members are one by their name, address or contact; none is none.
    pub(super) fn has_one_organisation(&self) -> bool {
        let mut organisations = self.people.iter().filter(|p| p.surname == ORGANISATION);
        let same = |x: u32, y: u32| x != 0 && x == y;
        organisations.next().is_some_and(|first| {
            organisations.all(|other| {
                same(first.name, other.name)
                    || same(first.address, other.address)
                    || same(first.contact, other.contact)
            })
        })
    }

    /// Counts unrelated people: those with a known surname that no chain of common features connects.
    pub(super) fn shape(&self, shared: Shared) -> Shape {
        let count = self.people.len();
        let mut leader: [usize; KEPT] = std::array::from_fn(|i| i);
        for i in 1..count {
            for j in 0..i {
                if are_related(&self.people[i], &self.people[j], shared) {
                    join(&mut leader[..count], i, j);
                }
            }
        }
        let heads = || (0..count).filter(|i| leader[*i] == *i);
        let members = |head: usize| {
            (0..count)
                .filter(move |i| leader[*i] == head)
                .map(|i| &self.people[i])
        };
        let people = heads()
            .filter(|head| members(*head).any(|person| person.surname != 0))
            .count();
        let plates = Places::of(
            heads().filter_map(|head| members(head).map(|p| p.plate_area).find(|area| *area != 0)),
        );
        let homes = Places::of(
            heads().filter_map(|head| members(head).map(|p| p.home_area).find(|area| *area != 0)),
        );
        Shape {
            records: self.records,
            people,
            is_scattered: plates == Places::Several
                || homes == Places::Several && plates != Places::One,
            is_local: plates == Places::One || homes == Places::One && plates == Places::Unknown,
            is_sampled: count == KEPT,
            heard: Heard::default(),
        }
    }
}

/// The places of several people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    /// Known of one person at most.
    Unknown,
    /// The same for all of whom it is known.
    One,
    /// Different.
    Several,
}

impl Places {
    fn of(mut areas: impl Iterator<Item = u32>) -> Self {
        let (Some(first), Some(second)) = (areas.next(), areas.next()) else {
            return Self::Unknown;
        };
        if first == second && areas.all(|area| area == first) {
            Self::One
        } else {
            Self::Several
        }
    }
}

/// Puts the two sets together under the smaller index.
fn join(leader: &mut [usize], i: usize, j: usize) {
    let (low, high) = (leader[i].min(leader[j]), leader[i].max(leader[j]));
    for entry in leader.iter_mut().filter(|entry| **entry == high) {
        *entry = low;
    }
}

/// Whether two members may be one person, a family, or an organisation and its contact.
fn are_related(a: &Person, b: &Person, shared: Shared) -> bool {
    let same = |x: u32, y: u32| x != 0 && x == y;
    let are_family =
        same(a.surname, b.surname) || same(a.given, b.surname) || same(a.surname, b.given);
    let by_name =
        shared != Shared::Name && (are_family && shared != Shared::Address || same(a.name, b.name));
    let organisations = a.surname == ORGANISATION && b.surname == ORGANISATION;
    by_name
        || organisations && shared != Shared::Name
        || same(a.contact, b.name)
        || same(a.name, b.contact)
        || same(a.contact, b.contact)
        || same(a.vin_tail, b.vin_tail)
        || same(a.plate, b.plate)
        || matches!(shared, Shared::Phone | Shared::PhoneRun) && same(a.site, b.site)
        || !matches!(shared, Shared::Phone | Shared::PhoneRun) && same(a.phone, b.phone)
        || shared != Shared::Id && same(a.id, b.id)
        || shared != Shared::Address && same(a.address, b.address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person(surname: u32, plate_area: u32) -> Person {
        Person {
            surname,
            name: surname * 100 + plate_area,
            plate_area,
            ..Person::default()
        }
    }

    #[test]
    fn a_family_is_one_and_strangers_are_many() {
        let mut family = Group::default();
        family.add(Person {
            name: 1,
            ..person(10, 5)
        });
        family.add(Person {
            name: 2,
            ..person(10, 5)
        });
        assert_eq!(family.shape(Shared::Phone).people, 1);

        let mut strangers = Group::default();
        for (surname, area) in [(10, 5), (11, 6), (12, 7)] {
            strangers.add(person(surname, area));
        }
        let shape = strangers.shape(Shared::Phone);
        assert_eq!(
            (shape.people, shape.is_scattered, shape.is_strong()),
            (3, true, true)
        );
    }

    #[test]
    fn a_common_car_connects_two_surnames() {
        let mut couple = Group::default();
        couple.add(Person {
            vin_tail: 7,
            ..person(10, 5)
        });
        couple.add(Person {
            vin_tail: 7,
            ..person(11, 6)
        });
        assert_eq!(couple.shape(Shared::Phone).people, 1);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_and_of_merging_does_not_matter(people in proptest::collection::vec((2u32..40, 0u32..4), 0..40), cut in 0usize..40) {
            let people: Vec<Person> = people.into_iter().map(|(surname, area)| person(surname, area)).collect();
            let mut forwards = Group::default();
            for p in &people {
                forwards.add(*p);
            }
            let (mut left, mut right) = (Group::default(), Group::default());
            for (i, p) in people.iter().enumerate().rev() {
                if i < cut { left.add(*p) } else { right.add(*p) }
            }
            right.merge(&left);
            prop_assert!(forwards == right);
        }
    }
}
