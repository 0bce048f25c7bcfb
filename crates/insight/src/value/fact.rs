//! The raw facts from which indicators are computed, each with its unit and range.

/// One thing known about a customer, as a number.
///
/// Counts and amounts run from the first contact to now unless their line says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Paid for vehicles, in yuan.
    PurchaseAmount,
    /// Paid for service, parts and insurance, in yuan.
    ServiceAmount,
    /// Vehicles bought.
    PurchaseCount,
    /// Visits to a workshop.
    VisitCount,
    /// Months since the first purchase or visit: the exposure of every rate.
    MonthsSinceFirst,
    /// Repairs, suggestions, calls, web and mail contacts of the last twelve months.
    InteractionCount,
    /// Complaints of the last twelve months. A customer who complains still speaks with us.
    ComplaintCount,
    /// Assessed social standing, 1 to 5.
    StandingLevel,
    /// Persons he referred who then bought.
    ReferralCount,
    /// Estimated probability, 0 to 1, that he buys within two years.
    PurchaseProbability,
    /// Stated intention to buy, 1 to 5.
    IntentionLevel,
    /// Age of his youngest vehicle, in years.
    VehicleAgeYears,
    /// Payments that fell due.
    PaymentCount,
    /// Payments made in time.
    OnTimeCount,
    /// Days the oldest open receivable is overdue.
    OverdueDays,
}

/// What a fact is called and what values it can have.
struct Entry {
    key: &'static str,
    chinese: &'static str,
    range: (f64, f64),
}

const fn entry(key: &'static str, chinese: &'static str, low: f64, high: f64) -> Entry {
    Entry {
        key,
        chinese,
        range: (low, high),
    }
}

/// In the order of [`Fact::ALL`]. Upper ends are far above anything real: they catch a shifted column, not a rich man.
const ENTRIES: [Entry; Fact::COUNT] = [
    entry("purchase_amount", "购车金额", 0.0, 1e12),
    entry("service_amount", "售后消费金额", 0.0, 1e12),
    entry("purchase_count", "购车次数", 0.0, 1e6),
    entry("visit_count", "进厂次数", 0.0, 1e6),
    entry("months_since_first", "首次交易距今月数", 0.0, 1_200.0),
    entry("interaction_count", "互动次数", 0.0, 1e6),
    entry("complaint_count", "投诉次数", 0.0, 1e6),
    entry("standing_level", "社会地位等级", 1.0, 5.0),
    entry("referral_count", "推荐成交数", 0.0, 1e6),
    entry("purchase_probability", "再购概率", 0.0, 1.0),
    entry("intention_level", "购买意向等级", 1.0, 5.0),
    entry("vehicle_age_years", "车龄", 0.0, 100.0),
    entry("payment_count", "应付款次数", 0.0, 1e6),
    entry("on_time_count", "按时付款次数", 0.0, 1e6),
    entry("overdue_days", "逾期天数", 0.0, 40_000.0),
];

impl Fact {
    /// How many facts there are.
    pub const COUNT: usize = 15;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::PurchaseAmount,
        Self::ServiceAmount,
        Self::PurchaseCount,
        Self::VisitCount,
        Self::MonthsSinceFirst,
        Self::InteractionCount,
        Self::ComplaintCount,
        Self::StandingLevel,
        Self::ReferralCount,
        Self::PurchaseProbability,
        Self::IntentionLevel,
        Self::VehicleAgeYears,
        Self::PaymentCount,
        Self::OnTimeCount,
        Self::OverdueDays,
    ];

    /// The name in files and on the wire.
    pub fn key(self) -> &'static str {
        ENTRIES[self as usize].key
    }

    /// The usual Chinese column header.
    pub fn chinese(self) -> &'static str {
        ENTRIES[self as usize].chinese
    }

    /// The lowest and the highest value that can be true.
    pub fn range(self) -> (f64, f64) {
        ENTRIES[self as usize].range
    }
}

/// The facts of one customer. What is not known is missing, which is not the same as zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// NaN where missing: 120 bytes a customer instead of 240, and no branch in the columns.
    values: [f64; Fact::COUNT],
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            values: [f64::NAN; Fact::COUNT],
        }
    }
}

impl Facts {
    /// The value, if known.
    pub fn get(&self, fact: Fact) -> Option<f64> {
        let value = self.values[fact as usize];
        (!value.is_nan()).then_some(value)
    }

    /// Sets a fact. A value outside the fact's range is no fact and stays missing.
    pub fn set(&mut self, fact: Fact, value: f64) {
        let (low, high) = fact.range();
        self.values[fact as usize] = if (low..=high).contains(&value) {
            value
        } else {
            f64::NAN
        };
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|value| value.is_nan())
    }

    /// [`Facts::set`] for writing facts in a row.
    pub fn with(mut self, fact: Fact, value: f64) -> Self {
        self.set(fact, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, fact) in Fact::ALL.into_iter().enumerate() {
            assert_eq!(fact as usize, index);
        }
        assert_eq!(Fact::OverdueDays.key(), "overdue_days");
        assert_eq!(Fact::PurchaseCount.chinese(), "购车次数");
    }

    #[test]
    fn missing_is_not_zero_and_nonsense_is_missing() {
        let facts = Facts::default()
            .with(Fact::VisitCount, 0.0)
            .with(Fact::PurchaseProbability, 1.5);
        assert_eq!(facts.get(Fact::VisitCount), Some(0.0));
        assert_eq!(facts.get(Fact::PurchaseCount), None);
        assert_eq!(facts.get(Fact::PurchaseProbability), None);
    }
}
