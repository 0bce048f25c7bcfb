//! The pyramid of the whole population: a group for each kind of customer, and per brand if asked.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{LiveRanks, Standing};
use crate::value::WeightedSum;

/// What a customer is. The two are scored alike and ranked apart (R-SCORE-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A natural person.
    Person,
    /// A company, authority or other organisation.
    Organization,
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Person, Self::Organization];

    /// The name in files and on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
        }
    }

    /// Reads a kind as people and dealers' systems write it, in English, Chinese or one letter, any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        match text.strip_suffix("客户").unwrap_or(&text) {
            "person" | "individual" | "personal" | "p" | "1" | "个人" | "私人" | "自然人" => {
                Some(Self::Person)
            }
            "organization" | "organisation" | "org" | "company" | "corporate" | "enterprise"
            | "business" | "o" | "c" | "2" | "单位" | "企业" | "公司" | "组织" | "机构"
            | "法人" | "对公" => Some(Self::Organization),
            _ => None,
        }
    }
}

/// Live ranks by group. `Group` is [`Kind`], or a tuple of it with a brand.
#[derive(Clone, Debug)]
pub struct Pyramid<Group, Id> {
    groups: FxHashMap<Group, LiveRanks<Id>>,
}

impl<Group: Copy + Eq + Hash, Id: Copy + Ord + Hash> Pyramid<Group, Id> {
    /// A pyramid of nobody.
    pub fn new() -> Self {
        Self {
            groups: FxHashMap::default(),
        }
    }

    /// Sets a customer's sum in his group and says where he stands there.
    pub fn place(&mut self, group: Group, id: Id, sum: WeightedSum) -> Standing {
        self.groups
            .entry(group)
            .or_insert_with(LiveRanks::new)
            .place(id, sum)
    }

    /// Takes a customer out of a group and says whether he was there.
    pub fn remove(&mut self, group: Group, id: Id) -> bool {
        self.groups
            .get_mut(&group)
            .is_some_and(|ranks| ranks.remove(id))
    }

    /// Replaces a whole group, after a change of model or at start.
    pub fn load(&mut self, group: Group, ranks: LiveRanks<Id>) {
        self.groups.insert(group, ranks);
    }

    /// The ranks of one group.
    pub fn group(&self, group: Group) -> Option<&LiveRanks<Id>> {
        self.groups.get(&group)
    }

    /// Where a customer stands in a group.
    pub fn standing(&self, group: Group, id: Id) -> Option<Standing> {
        self.groups.get(&group)?.standing(id)
    }
}

impl<Group: Copy + Eq + Hash, Id: Copy + Ord + Hash> Default for Pyramid<Group, Id> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tier;
    use super::*;

    #[test]
    fn persons_and_organizations_are_ranked_apart() {
        let mut pyramid = Pyramid::new();
        for id in 1..=100_u64 {
            pyramid.place(Kind::Person, id, WeightedSum(id as i64));
        }
        let company = pyramid.place(Kind::Organization, 7, WeightedSum(3));
        assert_eq!(
            (company.rank, company.size, company.tier),
            (1, 1, Tier::Small)
        );
        let best = pyramid.standing(Kind::Person, 100).unwrap();
        assert_eq!((best.rank, best.size, best.tier), (1, 100, Tier::Vip));
        assert!(pyramid.remove(Kind::Organization, 7) && !pyramid.remove(Kind::Organization, 7));
    }

    #[test]
    fn brands_make_their_own_groups_if_asked() {
        let mut pyramid = Pyramid::new();
        pyramid.place((Kind::Person, "north"), 1_u64, WeightedSum(10));
        let other = pyramid.place((Kind::Person, "south"), 2, WeightedSum(1));
        assert_eq!(other.rank, 1);
    }

    #[test]
    fn kinds_are_read_in_both_languages() {
        for (text, kind) in [
            ("person", Some(Kind::Person)),
            (" Individual ", Some(Kind::Person)),
            ("个人", Some(Kind::Person)),
            ("Organisation", Some(Kind::Organization)),
            ("企业", Some(Kind::Organization)),
            ("个人客户", Some(Kind::Person)),
            ("单位客户", Some(Kind::Organization)),
            ("P", Some(Kind::Person)),
            ("O", Some(Kind::Organization)),
            ("客户", None),
            ("robot", None),
            ("", None),
        ] {
            assert_eq!(Kind::parse(text), kind, "{text}");
        }
    }
}
