//! Dealers and staff as the service thinks of them: pure data and rules.

use marque_core::{DealerCode, Timestamp};
use marque_errors::Violation;

/// A dealer: one 4S store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dealer {
    pub(crate) code: DealerCode,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) group: String,
    pub(crate) departments: Vec<String>,
    /// Its own numbers, which must not turn up as a customer's.
    pub(crate) phones: Vec<String>,
    pub(crate) updated_at: Timestamp,
    /// Grows by one with each change; 0 before the first.
    pub(crate) version: i64,
}

/// A member of a dealer's staff.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Staff {
    pub(crate) dealer: DealerCode,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) department: String,
    pub(crate) phone: String,
    pub(crate) active: bool,
}

/// Whom a write of staff may put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Anybody,
    /// Nobody who is there already.
    New,
}

const NAME_MAX: usize = 200;
const CODE_MAX: usize = 64;
const PHONE_MAX: usize = 32;

impl Dealer {
    /// What is wrong with the dealer, field by field; `path` stands before each field.
    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        check(
            &mut found,
            format!("{path}name"),
            &self.name,
            NAME_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}region"),
            &self.region,
            CODE_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}group"),
            &self.group,
            CODE_MAX,
            false,
        );
        for (at, department) in self.departments.iter().enumerate() {
            check(
                &mut found,
                format!("{path}departments[{at}]"),
                department,
                CODE_MAX,
                true,
            );
        }
        for (at, phone) in self.phones.iter().enumerate() {
            let field = format!("{path}phones[{at}]");
            check(&mut found, field, phone, PHONE_MAX, true);
        }
        found
    }

    /// Whether it says the same as `other`, versions and times apart.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let facts = |dealer: &Self| {
            (
                dealer.name.clone(),
                dealer.region.clone(),
                dealer.group.clone(),
                dealer.departments.clone(),
                dealer.phones.clone(),
            )
        };
        facts(self) == facts(other)
    }
}

impl Staff {
    /// What is wrong with the entry, field by field; `path` stands before each field.
    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        check(
            &mut found,
            format!("{path}code"),
            &self.code,
            CODE_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}name"),
            &self.name,
            NAME_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}department"),
            &self.department,
            CODE_MAX,
            false,
        );
        let field = format!("{path}phone");
        check(&mut found, field, &self.phone, PHONE_MAX, false);
        found
    }
}

fn check(found: &mut Vec<Violation>, field: String, value: &str, max: usize, required: bool) {
    if required && value.trim().is_empty() {
        found.push(Violation::new(field, "MISSING", "must be filled"));
    } else if value.chars().count() > max {
        found.push(Violation::new(
            field,
            "TOO_LONG",
            format!("at most {max} characters"),
        ));
    } else if value.chars().any(char::is_control) {
        found.push(Violation::new(
            field,
            "CONTROL_CHARACTER",
            "no line breaks or control characters",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dealer_needs_a_name_and_a_region() {
        let dealer = Dealer {
            code: "D1".parse().unwrap(),
            name: " ".into(),
            region: "x".repeat(65),
            group: String::new(),
            departments: vec!["sales".into(), "a\nb".into()],
            phones: vec!["021-5000 1234".into(), "1".repeat(33)],
            updated_at: Timestamp::default(),
            version: 0,
        };
        let found: Vec<_> = dealer
            .violations("")
            .into_iter()
            .map(|v| (v.field, v.reason))
            .collect();
        let expected = [
            ("name", "MISSING"),
            ("region", "TOO_LONG"),
            ("departments[1]", "CONTROL_CHARACTER"),
            ("phones[1]", "TOO_LONG"),
        ];
        assert_eq!(
            found,
            expected.map(|(field, reason)| (field.to_owned(), reason.to_owned()))
        );
    }
}
