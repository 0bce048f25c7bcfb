//! Who had which part in a car, and until when.

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
    /// When the row that said so began to name somebody else.
    pub(crate) ended_at: Option<Timestamp>,
    /// When the record itself, having named this car, began to name another.
    pub(crate) left_at: Option<Timestamp>,
}

/// A part with the time it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) fact: PartyFact,
    /// `None` while current.
    pub(crate) valid_to: Option<Timestamp>,
}

/// Gives each part of one vehicle its end, current ones first, then the newest.
///
/// A part ends when its row names somebody else, when its record names another car, or when another customer becomes
/// owner (for a driver or payer also when another takes the same part) after it was last said. Two dealers' records of
/// one customer do not end each other, whichever way identity changes later: the end is derived, never stored. A record
/// whose customer is not known yet ends nobody and is ended by nobody.
pub(crate) fn with_validity(facts: Vec<PartyFact>) -> Vec<Party> {
    let ends: Vec<Option<Timestamp>> = facts.iter().map(|fact| end_of(fact, &facts)).collect();
    let mut parties: Vec<Party> = facts
        .into_iter()
        .zip(ends)
        .map(|(fact, valid_to)| Party { fact, valid_to })
        .collect();
    parties.sort_by(|a, b| {
        let key = |party: &Party| {
            (
                party.valid_to.is_some(),
                std::cmp::Reverse(party.fact.last_at),
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
    current.sort_by_key(|party| (party.fact.role, std::cmp::Reverse(party.fact.last_at)));
    current
}

fn end_of(fact: &PartyFact, all: &[PartyFact]) -> Option<Timestamp> {
    let taken_back = [fact.ended_at, fact.left_at].into_iter().flatten();
    let taken_back = taken_back.filter(|ended| *ended >= fact.last_at);
    let by_successor = all
        .iter()
        .filter(|other| succeeds(other, fact))
        .map(|other| other.first_at)
        .min();
    taken_back.chain(by_successor).min()
}

fn succeeds(other: &PartyFact, fact: &PartyFact) -> bool {
    let takes_over =
        other.role == Role::Owner || other.role == fact.role && other.role != Role::Sender;
    let is_another =
        matches!((other.customer, fact.customer), (Some(new), Some(old)) if new != old);
    takes_over && is_another && other.first_at > fact.last_at
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
            left_at: None,
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
}
