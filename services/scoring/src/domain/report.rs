//! Reports: what is asked, and tables as answers.

use marque_core::CustomerId;
use rustc_hash::FxHashMap;

/// By what customers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    All,
    Dealer,
    Region,
    Model,
    Occupation,
    /// In bands of ten years.
    Age,
    /// By quarter of the first visit; for retention alone.
    Cohort,
}

impl By {
    const ALL: [(Self, &'static str); 7] = [
        (Self::All, ""),
        (Self::Dealer, "dealer"),
        (Self::Region, "region"),
        (Self::Model, "model"),
        (Self::Occupation, "occupation"),
        (Self::Age, "age"),
        (Self::Cohort, "cohort"),
    ];

    /// The group of a word; the empty one is everybody.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(by, _)| *by)
    }
}

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// How scores are spread, in bands of ten points by group, as of an instant.
    Scores,
    /// Tiers and scores by group, as of an instant.
    Tiers,
    /// Who went from which tier to which between two instants.
    TierMigrations,
    /// Loyalty classes by group, as of an instant; by model, with that model.
    Loyalty,
    /// Rungs of the ladder by group, as of an instant.
    Ladder,
    /// The trusting, the half-trusting, the lost and the won back by group, as of an instant.
    Trust,
    /// Who went from which class to which between two instants.
    LoyaltyMigrations,
    /// The mean of the four degrees by group, as they now are.
    Degrees,
    /// Of those who came in the year before a period, who came in it.
    Retention,
    /// By quarter of the first visit, how many came in each quarter after it.
    Cohorts,
}

impl Report {
    /// All reports with their names.
    pub(crate) const ALL: [(Self, &'static str); 10] = [
        (Self::Scores, "scores"),
        (Self::Tiers, "tiers"),
        (Self::TierMigrations, "tier-migrations"),
        (Self::Loyalty, "loyalty"),
        (Self::Ladder, "ladder"),
        (Self::Trust, "trust"),
        (Self::LoyaltyMigrations, "loyalty-migrations"),
        (Self::Degrees, "degrees"),
        (Self::Retention, "retention"),
        (Self::Cohorts, "cohorts"),
    ];

    /// The report of a name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(report, _)| *report)
    }
}

/// A word that is kept of a customer's loyalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Class,
    Rung,
    Trust,
}

impl Word {
    /// Its name in tables, kept and shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Rung => "rung",
            Self::Trust => "trust",
        }
    }
}

/// A word that is said of each of many customers. The same few are said of all of them: each is kept once, and of a customer its number.
#[derive(Debug, Default)]
pub(crate) struct Words {
    known: Vec<String>,
    said: FxHashMap<CustomerId, u8>,
}

impl Words {
    /// Says a word of a customer, in place of the one said before.
    pub(crate) fn say(&mut self, customer: CustomerId, word: &str) {
        let place = self.known.iter().position(|known| known == word);
        let place = place.unwrap_or_else(|| {
            self.known.push(word.to_owned());
            self.known.len() - 1
        });
        let number = u8::try_from(place).expect("a report has few words");
        self.said.insert(customer, number);
    }

    /// The word said of a customer.
    pub(crate) fn of(&self, customer: CustomerId) -> Option<&str> {
        let number = self.said.get(&customer)?;
        Some(&self.known[usize::from(*number)])
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Words.
    Text,
    /// Counts.
    Integer,
    /// Means and rates.
    Number,
}

impl Holds {
    /// The word on the wire.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(f64),
    /// Not known.
    Unknown,
}

/// A table: all rows have a cell for each column, and cells of a column are of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<(&'static str, Holds)>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_a_customer_the_last_word_said_counts() {
        let [one, other, unknown] = [1, 2, 3].map(|n| CustomerId::from(Uuid::from_u128(n)));
        let mut words = Words::default();
        for (customer, word) in [(one, "loyal"), (other, "lost"), (one, "lost")] {
            words.say(customer, word);
        }
        let said = [one, other, unknown].map(|customer| words.of(customer));
        assert_eq!(said, [Some("lost"), Some("lost"), None]);
        assert_eq!(words.known.len(), 2, "each word is kept once");
    }
}
