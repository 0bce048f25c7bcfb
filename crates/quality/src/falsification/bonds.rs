//! Phones that two or three strangers share, sorted by how well honest people explain them, and what they say together.
//!
//! How often honest records show each class, and how much more often those do into which staff wrote their own numbers, was counted
//! in the file whose truth is known and in files remade from it (`docs/benchmarks/quality_reseed.py`, seeds 321 to 332).

use super::{
    group::Shape,
    measure::Measures,
    signs::{Class, together},
};

/// Classes of phones that strangers share and no other record confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// Strangers of different places or three and more, whose other records give other phones; or three of different places.
    Telling,
    /// Two of whom it is not known whether they are of one place, one of whom gives another phone elsewhere; or three of whom
    /// nothing is known.
    Doubtful,
    /// Two of one place who give other phones elsewhere: a couple that changed its phone.
    Neighbours,
    /// Two of different places of whom nothing else is known.
    Distant,
}

/// Quarters of the logarithm of how much more frequent a phone is where numbers are invented that another record of the customer
/// contradicts: 1.7 times.
const CONTRADICTION: usize = 2;
/// Where honest customers' other records contradict more phones than these, shared phones say enough and those would blur it.
const BLURRED: f64 = 12.0;

impl Bond {
    pub(super) const ALL: [Self; 4] = [
        Self::Telling,
        Self::Doubtful,
        Self::Neighbours,
        Self::Distant,
    ];

    /// The class of a phone; none if other records give it too, or if it is as frequent among honest people.
    pub(super) const fn of(shape: &Shape) -> Option<Self> {
        let contradicted = shape.heard.contradicted;
        if shape.people < 2 || shape.heard.confirmed > 0 {
            return None;
        }
        match (contradicted, shape.is_scattered, shape.is_local) {
            (1.., ..) | (_, true, _) if shape.people >= 3 => Some(Self::Telling),
            (1.., true, _) | (2.., _, false) => Some(Self::Telling),
            (1.., _, true) => Some(Self::Neighbours),
            (1.., ..) => Some(Self::Doubtful),
            (0, true, _) => Some(Self::Distant),
            (0, _, false) if shape.people >= 3 => Some(Self::Doubtful),
            (0, ..) => None,
        }
    }

    /// Phones of the class that honest records show at least, a record. None of the first is left in 20,000 records, so that it
    /// is the rate at which this is as likely as not.
    pub(super) const fn least(self) -> f64 {
        match self {
            Self::Telling => 3.5e-5,
            Self::Doubtful => 8e-5,
            Self::Neighbours => 1.6e-4,
            Self::Distant => 1e-4,
        }
    }

    /// Quarters of the logarithm of how much more frequent the class is where staff give their own numbers: 200, 30, 10 and 6
    /// times at dealers of less than 300 records.
    const fn weight(self) -> usize {
        match self {
            Self::Telling => 21,
            Self::Doubtful => 14,
            Self::Neighbours => 9,
            Self::Distant => 7,
        }
    }

    /// How many of the phones are of the class.
    pub(super) fn count(self, phones: &[(u64, Shape)]) -> u64 {
        let of = phones
            .iter()
            .filter(|(_, shape)| Self::of(shape) == Some(self));
        of.count() as u64
    }
}

/// What an honest unit shows.
pub(super) struct Expected {
    /// Phones of each class.
    pub(super) bonds: [f64; 4],
    /// Phones that other records of the customers contradict.
    pub(super) contradicted: f64,
}

/// What weak signs say together.
pub(super) struct Weak {
    /// The probability that an honest unit shows as much.
    pub(super) p: f64,
    /// Whether it weighs as much as one telling phone at least.
    pub(super) is_large: bool,
}

/// Some of a unit's phones by their classes, together with how often other records contradict any of its phones.
pub(super) fn weak_signs(
    phones: &[(u64, Shape)],
    measures: &Measures,
    expected: &Expected,
) -> Weak {
    let class = |bond: Bond| Class {
        seen: bond.count(phones),
        expected: expected.bonds[bond as usize],
        weight: bond.weight(),
    };
    let mut classes = Bond::ALL.map(class).to_vec();
    let weight: usize = classes.iter().map(|c| c.seen as usize * c.weight).sum();
    if weight > 0 && expected.contradicted < BLURRED {
        let (contradicted, _) = measures.disowned;
        // Phones of groups were counted with their class.
        let grouped = [Bond::Telling, Bond::Doubtful, Bond::Neighbours];
        let grouped = grouped.map(|bond| bond.count(&measures.phones));
        classes.push(Class {
            seen: contradicted.saturating_sub(grouped.iter().sum()),
            expected: expected.contradicted,
            weight: CONTRADICTION,
        });
    }
    Weak {
        p: if weight > 0 { together(&classes) } else { 1.0 },
        is_large: weight >= Bond::Telling.weight(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::phones::Heard, *};

    const fn shape(people: usize, scattered: bool, local: bool, heard: (usize, usize)) -> Shape {
        Shape {
            records: people as u32,
            people,
            is_scattered: scattered,
            is_local: local,
            is_sampled: false,
            heard: Heard {
                confirmed: heard.0,
                contradicted: heard.1,
            },
        }
    }

    #[test]
    fn phones_are_sorted_by_how_well_honest_people_explain_them() {
        for (shape, bond) in [
            (shape(2, true, false, (0, 1)), Some(Bond::Telling)),
            (shape(2, false, false, (0, 2)), Some(Bond::Telling)),
            (shape(3, false, true, (0, 1)), Some(Bond::Telling)),
            (shape(3, true, false, (0, 0)), Some(Bond::Telling)),
            (shape(2, false, false, (0, 1)), Some(Bond::Doubtful)),
            (shape(3, false, false, (0, 0)), Some(Bond::Doubtful)),
            (shape(2, false, true, (0, 2)), Some(Bond::Neighbours)),
            (shape(2, true, false, (0, 0)), Some(Bond::Distant)),
            (shape(2, false, false, (0, 0)), None),
            (shape(3, false, true, (0, 0)), None),
            (shape(2, true, false, (1, 1)), None),
            (shape(1, false, false, (0, 1)), None),
        ] {
            assert_eq!(Bond::of(&shape), bond, "{shape:?}");
        }
    }

    #[test]
    fn two_doubtful_phones_and_contradictions_are_more_than_either() {
        let expected = Expected {
            bonds: Bond::ALL.map(|bond| bond.least() * 150.0),
            contradicted: 4.0,
        };
        let doubtful = |count| vec![(1, shape(2, false, false, (0, 1))); count];
        let p = |phones: usize, contradicted: u64| {
            let measures = Measures {
                phones: doubtful(phones),
                disowned: (contradicted, 60),
                ..Measures::default()
            };
            weak_signs(&measures.phones, &measures, &expected)
        };
        assert!(p(0, 30).p >= 1.0 && !p(0, 30).is_large);
        assert!(p(1, 5).p > 0.01 && !p(1, 5).is_large);
        assert!(p(2, 6).p < p(1, 5).p / 4.0 && p(2, 6).is_large);
        assert!(p(2, 14).p < p(2, 6).p / 5.0);
    }
}
