//! Pairs that the weights would join and only a person should: relatives with much of a name in common, a foreign name
//! turned round or shortened, two branches of one firm.
//!
//! Relatives share phone, car and home, so that these say nothing of which of them is meant. The batch engine, which has
//! nobody to ask, goes by the weights alone.

use super::compare::{Weighed, field};
use super::names::{self, NameLevel};
use super::prepared::Prepared;
use crate::score::{Outcome, Reason, Veto};

/// So many bits are counted at most for what is in doubt: likely (0.89), never sure.
pub(super) const MOST_IN_DOUBT: f32 = 3.0;

/// Why two records are not joined unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The names might be those of two relatives, or of two foreigners.
    Name,
    /// Two branches of one firm.
    Branch,
}

impl Doubt {
    /// What makes a person look at two records. A number, birthday or e-mail address that they share leaves no doubt.
    pub(super) fn of(left: &Prepared, right: &Prepared, outcome: &Outcome) -> Option<Self> {
        let levels = &outcome.levels;
        let is_personal = matches!(levels[field::IDENTITY], 1..=3)
            || matches!(levels[field::BIRTH], 1 | 2)
            || levels[field::EMAIL] == 1;
        if is_personal {
            None
        } else if left.branch != 0 && right.branch != 0 && left.branch != right.branch {
            Some(Self::Branch)
        } else {
            names::may_be_two(left, right, levels[field::NAME]).then_some(Self::Name)
        }
    }

    /// The line of an explanation that takes away what is above the most.
    pub(super) fn reason(self, bits: f32) -> Reason {
        let finding = match self {
            Self::Name => "the names may be two people's, and nothing of their own agrees",
            Self::Branch => "two branches of one firm",
        };
        Reason {
            field: "doubt".to_owned(),
            finding: finding.to_owned(),
            bits: MOST_IN_DOUBT - bits,
        }
    }
}

/// The evidence of many pairs between two customers.
#[derive(Default)]
pub(super) struct Tally {
    sum: f32,
    pairs: u16,
    /// The first contradiction between any two records.
    pub(super) veto: Option<Veto>,
    name: Question,
    branch: Question,
}

/// Whether two customers are one in something that some of their records put in doubt.
#[derive(Default)]
struct Question {
    is_raised: bool,
    /// Others leave no doubt of it.
    is_settled: bool,
}

impl Question {
    fn is_open(&self) -> bool {
        self.is_raised && !self.is_settled
    }
}

impl Tally {
    /// Adds a pair that counts for so many bits.
    pub(super) fn add(&mut self, weighed: &Weighed, bits: f32) {
        self.sum += bits;
        self.pairs = self.pairs.saturating_add(1);
        self.veto = self.veto.or(weighed.outcome.veto);
        match weighed.doubt {
            Some(Doubt::Name) => self.name.is_raised = true,
            Some(Doubt::Branch) => self.branch.is_raised = true,
            None => {
                self.name.is_settled |= has_agreeing_names(&weighed.outcome);
                self.branch.is_settled |= weighed.has_branches;
            }
        }
    }

    /// The average; 0 without pairs.
    pub(super) fn average(&self) -> f32 {
        self.sum / f32::from(self.pairs.max(1))
    }

    /// Bits for the whole: records that bear a title or no name do not take away the doubt of those that are named, nor those of
    /// a firm that say no branch the doubt of those that do.
    pub(super) fn bounded(&self, bits: f32) -> f32 {
        if self.name.is_open() || self.branch.is_open() {
            bits.min(MOST_IN_DOUBT)
        } else {
            bits
        }
    }
}

/// The whole names of both are the same but for slips.
fn has_agreeing_names(outcome: &Outcome) -> bool {
    [
        NameLevel::Same,
        NameLevel::SameSound,
        NameLevel::OneChanged,
        NameLevel::SameCore,
    ]
    .iter()
    .any(|name| name.level() == outcome.levels[field::NAME])
}

#[cfg(test)]
mod tests {
    use super::super::{
        Candidate, DealerRecord, Decider, Frequencies, Kind, Resolution, Verdict, default_model,
        prepare,
    };
    use super::*;

    const PHONE: &str = "13912345678";

    fn named(name: &str) -> DealerRecord<'_> {
        DealerRecord {
            name,
            phones: &[PHONE],
            ..DealerRecord::default()
        }
    }

    fn decide(new: &DealerRecord<'_>, known: &[DealerRecord<'_>]) -> Resolution<u32> {
        let members: Vec<Prepared> = known.iter().map(prepare).collect();
        let candidate = Candidate {
            customer: 7,
            members: &members,
        };
        Decider::new(default_model()).decide(&prepare(new), &Frequencies::default(), &[candidate])
    }

    fn is_asked(found: &Resolution<u32>) -> bool {
        matches!(found.verdict, Verdict::Likely { .. })
    }

    #[test]
    fn siblings_with_one_phone_and_home_are_for_the_steward() {
        for (one, other) in [
            ("刘晓丽", "刘晓红"),
            ("孙国强", "孙国平"),
            ("何晓梅", "何晓强"),
        ] {
            let at_home = |name| DealerRecord {
                address: "上海市长宁区仙霞路55弄3号101室",
                plate: "沪AD1234",
                ..named(name)
            };
            for found in [
                decide(&named(one), &[named(other)]),
                decide(&at_home(one), &[at_home(other)]),
            ] {
                assert!(is_asked(&found), "{one} {other} {found:?}");
                assert!(
                    found.ranked[0]
                        .reasons
                        .iter()
                        .any(|reason| reason.field == "doubt")
                );
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_no_sibling_and_a_birthday_leaves_no_doubt() {
        for (one, other) in [("刘晓丽", "刘晓莉"), ("刘晓丽", "刘小丽")] {
            let found = decide(&named(one), &[named(other)]);
            assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
        }
        let born = |name| DealerRecord {
            birthday: "1981-03-14",
            ..named(name)
        };
        let found = decide(&born("刘晓丽"), &[born("刘晓红")]);
        assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
    }

    #[test]
    fn a_title_beside_the_sibling_takes_no_doubt_away_but_her_own_name_does() {
        let sister = [named("刘晓红"), named("刘女士")];
        assert!(is_asked(&decide(&named("刘晓丽"), &sister)));
        let herself = [named("刘晓红"), named("刘晓丽"), named("刘晓丽")];
        let found = decide(&named("刘晓丽"), &herself);
        assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
    }

    #[test]
    fn foreign_names_turned_round_or_shortened_are_for_the_steward() {
        for (one, other) in [
            ("John Smithson", "Smithson, John"),
            ("John Smithson", "J. Smithson"),
            ("Bob Smithson", "Robert Smithson"),
            ("ZHANG/WEI", "Wei Zhang"),
            ("Wei Zhang", "张伟"),
            ("迪丽热巴·迪力木拉提", "迪丽热巴"),
        ] {
            let found = decide(&named(one), &[named(other)]);
            assert!(is_asked(&found), "{one} {other} {found:?}");
        }
        for (one, other) in [("Mr John Smithson", "JOHN SMITHSON"), ("Zhang Wei", "张伟")] {
            let found = decide(&named(one), &[named(other)]);
            assert!(
                matches!(found.verdict, Verdict::Linked { .. }),
                "{one} {found:?}"
            );
        }
    }

    #[test]
    fn two_branches_of_a_firm_are_for_the_steward() {
        let firm = |name| DealerRecord {
            kind: Some(Kind::Organisation),
            ..named(name)
        };
        let (shanghai, beijing) = (
            firm("鼎泰贸易有限公司上海分公司"),
            firm("鼎泰贸易有限公司北京分公司"),
        );
        assert!(is_asked(&decide(&shanghai, std::slice::from_ref(&beijing))));
        for same in [&shanghai, &firm("鼎泰贸易有限公司")] {
            let found = decide(&shanghai, std::slice::from_ref(same));
            assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
        }
    }

    #[test]
    fn the_firm_beside_a_branch_takes_no_doubt_away_but_the_same_branch_does() {
        let firm = |name| DealerRecord {
            kind: Some(Kind::Organisation),
            address: "上海市长宁区仙霞路55弄3号101室",
            plate: "沪AD1234",
            ..named(name)
        };
        let whole = || firm("鼎泰贸易有限公司");
        let shanghai = || firm("鼎泰贸易有限公司上海分公司");
        let beijing = firm("鼎泰贸易有限公司北京分公司");
        assert!(is_asked(&decide(&beijing, &[whole(), whole(), shanghai()])));
        for known in [
            [whole(), shanghai(), shanghai()],
            [shanghai(), beijing.clone(), beijing.clone()],
        ] {
            let found = decide(&known[2], &known);
            assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
        }
    }
}
