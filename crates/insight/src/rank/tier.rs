//! The pyramid: which tier a rank falls in.

use serde::{Deserialize, Serialize};

/// A tier of the customer pyramid (R-SCORE-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The top 1 %.
    Vip,
    /// The rest of the top 5 %.
    Major,
    /// The rest of the top 20 %.
    Ordinary,
    /// The other 80 %.
    Small,
}

impl Tier {
    /// All tiers, from the top.
    pub const ALL: [Self; 4] = [Self::Vip, Self::Major, Self::Ordinary, Self::Small];

    /// The tier of rank `rank` (from 1) in a group of `size`: vip when 100 · rank ≤ size, else major when 20 · rank ≤ size,
    /// else ordinary when 5 · rank ≤ size, else small.
    ///
    /// Cuts never round up, so a group of fewer than 100 has no VIP, of fewer than 20 nobody above ordinary, and of fewer
    /// than 5 only small customers: a percentage of a handful means nothing.
    pub fn of(rank: u64, size: u64) -> Self {
        Self::ALL
            .into_iter()
            .find(|tier| rank <= tier.last_rank(size))
            .unwrap_or(Self::Small)
    }

    /// The last rank that belongs to this tier or a higher one, in a group of `size`; 0 when there is none.
    pub fn last_rank(self, size: u64) -> u64 {
        match self {
            Self::Vip => size / 100,
            Self::Major => size / 20,
            Self::Ordinary => size / 5,
            Self::Small => size,
        }
    }

    /// The tier above; `None` for VIP.
    pub fn next_up(self) -> Option<Self> {
        let index = self as usize;
        (index > 0).then(|| Self::ALL[index - 1])
    }

    /// The name in files and on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Vip => "vip",
            Self::Major => "major",
            Self::Ordinary => "ordinary",
            Self::Small => "small",
        }
    }
}

/// Keeps customers from flapping at a border: promotion is at once, demotion only past a margin.
///
/// Off unless asked for. With it, tiers hold somewhat more than their share, by at most the margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hysteresis {
    /// How far behind the border's rank a customer may fall before he loses his tier, in per mille of that rank.
    pub margin_permille: u64,
}

impl Hysteresis {
    /// No hysteresis: the tier is that of the rank.
    pub const OFF: Self = Self { margin_permille: 0 };

    /// The tier to hold, from the tier held so far (if any) and the present rank in a group of `size`.
    pub fn hold(self, held: Option<Tier>, rank: u64, size: u64) -> Tier {
        let earned = Tier::of(rank, size);
        let kept = |held: &Tier| *held < earned && rank <= self.last_held_rank(*held, size);
        let from_held = held
            .into_iter()
            .flat_map(|held| Tier::ALL.into_iter().filter(move |&tier| tier >= held));
        from_held.filter(kept).min().unwrap_or(earned)
    }

    /// The last rank at which this tier can still be held, in a group of `size`.
    pub fn last_held_rank(self, tier: Tier, size: u64) -> u64 {
        let border = tier.last_rank(size);
        border + border * self.margin_permille / 1_000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_thousand_customers_make_10_40_150_800() {
        let mut counts = [0; 4];
        for rank in 1..=1_000 {
            counts[Tier::of(rank, 1_000) as usize] += 1;
        }
        assert_eq!(counts, [10, 40, 150, 800]);
    }

    #[test]
    fn small_groups_have_no_high_tiers() {
        for (rank, size, tier) in [
            (1, 1, Tier::Small),
            (1, 4, Tier::Small),
            (1, 5, Tier::Ordinary),
            (1, 19, Tier::Ordinary),
            (1, 20, Tier::Major),
            (2, 20, Tier::Ordinary),
            (1, 99, Tier::Major),
            (1, 100, Tier::Vip),
            (2, 100, Tier::Major),
            (2, 199, Tier::Major),
            (2, 200, Tier::Vip),
        ] {
            assert_eq!(Tier::of(rank, size), tier, "rank {rank} of {size}");
        }
    }

    #[test]
    fn with_a_margin_one_place_more_or_less_changes_nothing() {
        let lazy = Hysteresis {
            margin_permille: 100,
        };
        assert_eq!(lazy.hold(Some(Tier::Vip), 11, 1_000), Tier::Vip);
        assert_eq!(lazy.hold(Some(Tier::Vip), 12, 1_000), Tier::Major);
        assert_eq!(lazy.hold(Some(Tier::Major), 11, 1_000), Tier::Major);
        assert_eq!(lazy.hold(Some(Tier::Major), 10, 1_000), Tier::Vip);
        assert_eq!(lazy.hold(None, 11, 1_000), Tier::Major);
        assert_eq!(
            lazy.hold(Some(Tier::Vip), 54, 1_000),
            Tier::Major,
            "fell through VIP into the margin of major"
        );
        assert_eq!(
            Hysteresis::OFF.hold(Some(Tier::Vip), 11, 1_000),
            Tier::Major
        );
    }

    proptest! {
        #[test]
        fn the_tier_is_the_stated_inequality(size in 1_u64..100_000, seed in any::<u64>()) {
            let rank = seed % size + 1;
            let stated = if 100 * rank <= size { Tier::Vip }
                else if 20 * rank <= size { Tier::Major }
                else if 5 * rank <= size { Tier::Ordinary }
                else { Tier::Small };
            prop_assert_eq!(Tier::of(rank, size), stated);
            prop_assert_eq!(Hysteresis::OFF.hold(Some(Tier::Vip), rank, size), stated);
        }

        #[test]
        fn hysteresis_never_takes_and_gives_at_most_the_margin(
            size in 1_u64..100_000, seed in any::<u64>(), held in 0_usize..4, margin in 0_u64..500,
        ) {
            let rank = seed % size + 1;
            let hysteresis = Hysteresis { margin_permille: margin };
            let tier = hysteresis.hold(Some(Tier::ALL[held]), rank, size);
            prop_assert!(tier <= Tier::of(rank, size));
            prop_assert!(tier == Tier::of(rank, size) || rank <= hysteresis.last_held_rank(tier, size));
        }
    }
}
