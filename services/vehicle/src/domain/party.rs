//! Who had which part in a car, and until when.

use std::cmp::Reverse;

use marque_core::{CustomerId, SourceRecordId, Timestamp, VehicleId};

/// A part in a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Owner,
    Driver,
    Payer,
    /// Who brought it to a workshop.
    Sender,
}

impl Role {
    const ALL: [Self; 4] = [Self::Owner, Self::Driver, Self::Payer, Self::Sender];

    /// Stable code for storage and the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Driver => "driver",
            Self::Payer => "payer",
            Self::Sender => "sender",
        }
    }

    /// Whether others are told of it: who owns and who drives a car decides what it is worth to whom.
    pub(crate) const fn is_told(self) -> bool {
        matches!(self, Self::Owner | Self::Driver)
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// What source records say of one record's part, over all the times they said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartyFact {
    pub(crate) vehicle: VehicleId,
    pub(crate) role: Role,
    pub(crate) record: SourceRecordId,
    pub(crate) dealer: String,
    /// The customer the record now belongs to; `None` until he arrives.
    pub(crate) customer: Option<CustomerId>,
    /// First said.
    pub(crate) first_at: Timestamp,
    /// Last said.
    pub(crate) last_at: Timestamp,
    /// When the row that said so last began to name somebody else.
    pub(crate) ended_at: Option<Timestamp>,
    /// Whether a row says so now, be it again.
    pub(crate) by_row: bool,
    /// When the record itself, having named this car, began to name another.
    pub(crate) left_at: Option<Timestamp>,
    /// When it first did so before it came to name this car again, where none of `absences` tells of that.
    pub(crate) away_at: Option<Timestamp>,
    /// The times over which it was not said, each after the other.
    pub(crate) absences: Vec<Absence>,
}

/// A time over which a part was not said, between two over which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Absence {
    pub(crate) left_at: Timestamp,
    /// When it came to be said again; what is said once more after that says nothing new.
    pub(crate) again_at: Timestamp,
}

impl Absence {
    /// Whoever is said again at a moment before he was last taken back, as clocks have it, was never away.
    pub(crate) fn new(left_at: Timestamp, again_at: Timestamp) -> Self {
        let again_at = again_at.max(left_at);
        Self { left_at, again_at }
    }
}

impl PartyFact {
    /// When whoever said so took it back, and did not say it again.
    fn taken_back_at(&self) -> Option<Timestamp> {
        let by_row = self.ended_at.filter(|_| !self.by_row);
        let ends = [by_row, self.left_at].into_iter().flatten();
        ends.filter(|end| *end >= self.last_at).min()
    }

    /// An absence of which nobody took a note: a binary of the release before wrote the return. He is back since he was last said.
    fn unnoted(&self) -> Option<Absence> {
        let is_noted =
            |end: &Timestamp| self.absences.iter().any(|absence| absence.left_at >= *end);
        let by_row = self.ended_at.filter(|end| self.by_row && !is_noted(end));
        let left_at = [by_row, self.away_at].into_iter().flatten().min()?;
        Some(Absence::new(left_at, self.last_at))
    }

    /// The times over which it was said, as far as those who said it go.
    fn said(&self) -> Vec<Span> {
        let (mut spans, mut from) = (Vec::new(), self.first_at);
        for absence in self.absences.iter().copied().chain(self.unnoted()) {
            if absence.left_at >= from {
                let to = Some(absence.left_at);
                spans.push(Span { from, to });
            }
            from = from.max(absence.again_at);
        }
        let to = self.taken_back_at();
        spans.push(Span { from, to });
        spans
    }
}

/// A time without an end while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: Timestamp,
    to: Option<Timestamp>,
}

impl Span {
    /// What others leave of it, who come in the order in which they began. Of one who was named for no time at all the moment is kept.
    fn without(self, others: &[Self]) -> Vec<Self> {
        let (mut left, mut from) = (Vec::new(), self.from);
        let is_within = |at: Timestamp| self.to.is_none_or(|to| at < to);
        for other in others.iter().filter(|other| is_within(other.from)) {
            if other.from > from {
                let to = Some(other.from);
                left.push(Self { from, to });
            }
            let Some(end) = other.to else {
                return left;
            };
            from = from.max(end);
        }
        if is_within(from) || left.is_empty() {
            left.push(Self { from, to: self.to });
        }
        left
    }
}

/// A part with the time it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) fact: PartyFact,
    pub(crate) valid_from: Timestamp,
    /// `None` while current.
    pub(crate) valid_to: Option<Timestamp>,
}

/// Gives each part of one vehicle its time, current ones first, then the newest. Who had a part, lost it and has it again comes once for each time.
///
/// A part ends when its row names somebody else, or when its record names another car. One customer owns a car at a time: of those who
/// are named the one of whom it began to be said last, however often rows and records that name the others are sent again. Any other part
/// ends when another customer becomes owner, or takes the same part, after it was last said. Two dealers' records of one customer do not
/// end each other, whichever way identity changes later: the end is derived, never stored. A record whose customer is not known yet ends
/// nobody and is ended by nobody; of those who are named at the same moment neither ends the other.
pub(crate) fn with_validity(facts: Vec<PartyFact>) -> Vec<Party> {
    let mut parties: Vec<Party> = Vec::with_capacity(facts.len());
    for fact in &facts {
        let spans = match fact.role {
            Role::Owner => owned(fact, &facts),
            Role::Driver | Role::Payer | Role::Sender => held(fact, &facts),
        };
        parties.extend(spans.into_iter().map(|Span { from, to }| Party {
            fact: fact.clone(),
            valid_from: from,
            valid_to: to,
        }));
    }
    parties.sort_by(|a, b| {
        let key = |party: &Party| {
            let last_at = party.fact.last_at;
            (
                party.valid_to.is_some(),
                Reverse(party.valid_to.map_or(last_at, |to| to.min(last_at))),
                party.fact.role,
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.fact.record.cmp(&b.fact.record))
    });
    parties
}

/// Those of a car's parties who have a part in it now, the likeliest to be meant first: its owner, who drives it, who pays for it,
/// who brought it; of equals who was last said to.
pub(crate) fn likeliest_now(parties: Vec<Party>) -> Vec<Party> {
    let mut current: Vec<Party> = parties
        .into_iter()
        .filter(|party| party.valid_to.is_none())
        .collect();
    current.sort_by_key(|party| (party.fact.role, Reverse(party.fact.last_at)));
    current
}

/// When he owned the car: while it was said of him, but for the time over which it was said of another who came after him.
fn owned(fact: &PartyFact, all: &[PartyFact]) -> Vec<Span> {
    let rivals = all
        .iter()
        .filter(|other| other.role == Role::Owner && is_another(other, fact));
    let mut rivals: Vec<Span> = rivals
        .flat_map(PartyFact::said)
        .filter(|span| span.to != Some(span.from))
        .collect();
    rivals.sort_unstable();
    fact.said()
        .into_iter()
        .flat_map(|span| {
            let later = rivals.partition_point(|rival| rival.from <= span.from);
            span.without(&rivals[later..])
        })
        .collect()
}

/// When he drove, paid for or brought the car: until others took over after it was last said.
fn held(fact: &PartyFact, all: &[PartyFact]) -> Vec<Span> {
    let takes_over = |other: &&PartyFact| {
        other.role == Role::Owner || other.role == fact.role && fact.role != Role::Sender
    };
    let successors = all
        .iter()
        .filter(takes_over)
        .filter(|other| is_another(other, fact));
    let followed_at = successors
        .flat_map(PartyFact::said)
        .map(|span| span.from)
        .filter(|from| *from > fact.last_at)
        .min();
    let until = |span: Span| Span {
        to: span.to.into_iter().chain(followed_at).min(),
        ..span
    };
    fact.said().into_iter().map(until).collect()
}

/// Whether two records are of different customers, as far as is known.
fn is_another(one: &PartyFact, other: &PartyFact) -> bool {
    matches!((one.customer, other.customer), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn fact(role: Role, record: u128, customer: Option<u128>, first: i64, last: i64) -> PartyFact {
        PartyFact {
            vehicle: Uuid::from_u128(1).into(),
            role,
            record: Uuid::from_u128(record).into(),
            dealer: "D1".into(),
            customer: customer.map(|id| Uuid::from_u128(id).into()),
            first_at: Timestamp::from_micros(first),
            last_at: Timestamp::from_micros(last),
            ended_at: None,
            by_row: false,
            left_at: None,
            away_at: None,
            absences: Vec::new(),
        }
    }

    fn ends(facts: Vec<PartyFact>) -> Vec<(Uuid, Option<i64>)> {
        let parties = with_validity(facts);
        parties
            .into_iter()
            .map(|party| {
                (
                    party.fact.record.uuid(),
                    party.valid_to.map(Timestamp::as_micros),
                )
            })
            .collect()
    }

    #[test]
    fn a_new_owner_ends_the_old_ones_parts_and_not_his_own() {
        let facts = vec![
            fact(Role::Owner, 1, Some(10), 1, 5),
            fact(Role::Sender, 2, Some(10), 3, 6),
            fact(Role::Owner, 3, Some(20), 9, 9),
            fact(Role::Sender, 4, Some(20), 7, 8),
        ];
        let expected = [(3, None), (4, None), (2, Some(9)), (1, Some(9))];
        assert_eq!(
            ends(facts),
            expected.map(|(record, end)| (Uuid::from_u128(record), end))
        );
    }

    #[test]
    fn who_owns_a_car_is_likelier_than_who_drives_or_brought_it() {
        let facts = vec![
            fact(Role::Sender, 1, Some(10), 1, 9),
            fact(Role::Driver, 2, Some(20), 3, 4),
            fact(Role::Owner, 3, Some(30), 1, 2),
            fact(Role::Driver, 4, Some(20), 3, 6),
            fact(Role::Owner, 5, Some(40), 0, 0),
        ];
        let likeliest = likeliest_now(with_validity(facts)).into_iter();
        let records: Vec<u128> = likeliest
            .map(|party| party.fact.record.uuid().as_u128())
            .collect();
        assert_eq!(
            records,
            [3, 4, 2, 1],
            "the owner before has no part any more"
        );
    }

    #[test]
    fn records_of_one_customer_or_of_nobody_yet_end_nothing() {
        let facts = vec![
            fact(Role::Owner, 1, Some(10), 1, 1),
            fact(Role::Owner, 2, Some(10), 5, 5),
            fact(Role::Owner, 3, None, 9, 9),
        ];
        assert!(
            with_validity(facts)
                .iter()
                .all(|party| party.valid_to.is_none())
        );
    }

    #[test]
    fn a_part_that_the_row_took_back_has_ended_unless_it_is_said_again() {
        let mut gone = fact(Role::Owner, 1, None, 1, 2);
        gone.ended_at = Some(Timestamp::from_micros(4));
        assert_eq!(ends(vec![gone.clone()])[0].1, Some(4));
        gone.last_at = Timestamp::from_micros(6);
        assert_eq!(ends(vec![gone.clone()])[0].1, None);
        gone.left_at = Some(Timestamp::from_micros(6));
        assert_eq!(
            ends(vec![gone])[0].1,
            Some(6),
            "its record names another car"
        );
    }

    /// What is stored of dealers' rows that name owners one after the other: `(dealer, owner)` at the hours 1, 2, 3 and on.
    fn named_in_turn(namings: &[(u128, u128)]) -> Vec<PartyFact> {
        let mut facts: Vec<PartyFact> = Vec::new();
        for (at, (dealer, owner)) in (1..).zip(namings) {
            let record = dealer * 100 + owner;
            let now = Timestamp::from_micros(at);
            let names_now = |fact: &&mut PartyFact| {
                fact.by_row && fact.record.uuid().as_u128() / 100 == *dealer
            };
            if let Some(named) = facts.iter_mut().find(names_now) {
                if named.record.uuid().as_u128() == record {
                    continue;
                }
                (named.by_row, named.ended_at) = (false, Some(now));
            }
            let is_same = |fact: &&mut PartyFact| fact.record.uuid().as_u128() == record;
            match facts.iter_mut().find(is_same) {
                Some(again) => {
                    let away = again.ended_at.map(|left_at| Absence::new(left_at, now));
                    again.absences.extend(away);
                    (again.by_row, again.last_at) = (true, now);
                }
                None => facts.push(PartyFact {
                    by_row: true,
                    ..fact(Role::Owner, record, Some(*owner), at, at)
                }),
            }
        }
        facts
    }

    /// Who owned the car and when, the current one first.
    fn owners(facts: Vec<PartyFact>) -> Vec<(u128, i64, Option<i64>)> {
        let parties = with_validity(facts).into_iter();
        let span = |party: Party| {
            let owner = party
                .fact
                .customer
                .map_or(0, |owner| owner.uuid().as_u128());
            let to = party.valid_to.map(Timestamp::as_micros);
            (owner, party.valid_from.as_micros(), to)
        };
        parties.map(span).collect()
    }

    #[test]
    fn a_car_that_is_bought_back_has_one_owner_at_a_time() {
        let (a, b) = (1, 2);
        for (namings, expected) in [
            // Dealer B sold it to 3 in between, and knows nothing of its coming back.
            (
                vec![(a, 1), (a, 2), (b, 3), (a, 1)],
                vec![
                    (1, 4, None),
                    (3, 3, Some(4)),
                    (1, 1, Some(2)),
                    (2, 2, Some(3)),
                ],
            ),
            (
                vec![(a, 1), (a, 2), (a, 1)],
                vec![(1, 3, None), (1, 1, Some(2)), (2, 2, Some(3))],
            ),
            // Both dealers have a record of who has it now.
            (
                vec![(a, 1), (b, 2), (b, 1)],
                vec![(1, 3, None), (1, 3, None), (2, 2, Some(3)), (1, 1, Some(2))],
            ),
            // The same said once more changes nothing.
            (
                vec![(a, 1), (b, 2), (a, 1)],
                vec![(2, 2, None), (1, 1, Some(2))],
            ),
        ] {
            assert_eq!(owners(named_in_turn(&namings)), expected, "{namings:?}");
        }
    }

    #[test]
    fn whoever_was_named_last_owns_the_car_and_nobody_with_him() {
        let mut state: u64 = 7;
        let mut below = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u128::from((state >> 33) % limit)
        };
        for _ in 0..2_000 {
            let length = 1 + below(9);
            let namings: Vec<(u128, u128)> =
                (0..length).map(|_| (1 + below(3), 1 + below(4))).collect();
            let spans = owners(named_in_turn(&namings));
            let holds = |at: i64| {
                let held = spans
                    .iter()
                    .filter(|(_, from, to)| *from <= at && to.is_none_or(|to| to > at));
                let mut owners: Vec<u128> = held.map(|(owner, ..)| *owner).collect();
                owners.sort_unstable();
                owners.dedup();
                owners
            };
            let (mut rows, mut last) = ([0; 4], 0);
            for (at, (dealer, owner)) in (1..).zip(&namings) {
                assert!(holds(at).len() <= 1, "{namings:?} at {at}: {spans:?}");
                if rows[*dealer as usize] != *owner {
                    (rows[*dealer as usize], last) = (*owner, *owner);
                }
            }
            assert_eq!(holds(i64::MAX), [last], "{namings:?}: {spans:?}");
        }
    }

    #[test]
    fn whose_record_named_the_car_by_mistake_leaves_it_to_the_owner_before() {
        let owner = fact(Role::Owner, 1, Some(10), 1, 1);
        let mut mistaken = fact(Role::Owner, 2, Some(20), 3, 3);
        mistaken.left_at = Some(Timestamp::from_micros(5));
        let expected = [(10, 5, None), (20, 3, Some(5)), (10, 1, Some(3))];
        assert_eq!(owners(vec![owner, mistaken]), expected);
    }

    #[test]
    fn a_row_outlasts_a_record_that_was_typed_between_his_own_words() {
        // His record named the car at 1 and a row of it at 9; another's record did at 4, until that row took it back.
        let mut between = fact(Role::Owner, 2, Some(20), 4, 4);
        between.ended_at = Some(Timestamp::from_micros(9));
        let by_row = PartyFact {
            by_row: true,
            ..fact(Role::Owner, 1, Some(10), 1, 9)
        };
        let expected = [(10, 9, None), (10, 1, Some(4)), (20, 4, Some(9))];
        assert_eq!(owners(vec![by_row, between]), expected);
    }

    #[test]
    fn a_record_that_came_back_to_a_car_was_away_from_it() {
        let mut back = fact(Role::Owner, 1, Some(10), 1, 8);
        back.away_at = Some(Timestamp::from_micros(3));
        let between = fact(Role::Owner, 2, Some(20), 4, 9);
        let expected = [(10, 8, None), (20, 4, Some(8)), (10, 1, Some(3))];
        assert_eq!(owners(vec![back, between]), expected);
    }

    #[test]
    fn each_time_over_which_somebody_had_a_car_stays_in_its_history() {
        let namings = [(1, 1), (1, 2), (1, 1), (1, 2), (1, 1)];
        let mut owners = owners(named_in_turn(&namings));
        owners.sort_by_key(|(_, from, _)| *from);
        let expected = [
            (1, 1, Some(2)),
            (2, 2, Some(3)),
            (1, 3, Some(4)),
            (2, 4, Some(5)),
            (1, 5, None),
        ];
        assert_eq!(owners, expected);
    }

    #[test]
    fn who_came_back_and_sold_it_again_owns_it_no_more_however_often_his_record_is_sent() {
        let bought = fact(Role::Owner, 2, Some(20), 10, 10);
        for sent_at in [8, 9, 11, 40] {
            let mut back = fact(Role::Owner, 1, Some(10), 1, sent_at);
            back.absences = vec![Absence::new(
                Timestamp::from_micros(3),
                Timestamp::from_micros(8),
            )];
            let mut owners = owners(vec![back, bought.clone()]);
            owners.sort_by_key(|(_, from, _)| *from);
            let expected = [(10, 1, Some(3)), (10, 8, Some(10)), (20, 10, None)];
            assert_eq!(owners, expected, "sent at {sent_at}");
        }
    }

    #[test]
    fn a_record_that_is_sent_again_after_the_sale_takes_nothing_back() {
        let mut sold = fact(Role::Owner, 1, Some(10), 1, 8);
        sold.ended_at = Some(Timestamp::from_micros(5));
        let bought = PartyFact {
            by_row: true,
            ..fact(Role::Owner, 2, Some(20), 5, 5)
        };
        let expected = [(20, 5, None), (10, 1, Some(5))];
        assert_eq!(owners(vec![sold, bought]), expected);
    }
}
