//! Numbers that are no customer's: a dealer's own and those of his staff.

use marque_quality::{Rule, falsification::Entry};

/// The numbers of one dealer, keyed as the phones of records are.
#[derive(Clone, Default)]
pub(crate) struct BusinessPhones {
    /// The switchboard's, the showroom's.
    pub(crate) own: Vec<Entry>,
    /// Of those who work there now.
    pub(crate) of_staff: Vec<Entry>,
}

impl BusinessPhones {
    /// The rules that a customer may break who has one of them.
    pub(crate) const RULES: [Rule; 2] = [Rule::PhoneOfDealer, Rule::PhoneOfStaff];

    /// The rule that a customer breaks, by his entry.
    pub(crate) fn broken_by(&self, entry: &[u8]) -> Option<Rule> {
        if self.own.is_empty() && self.of_staff.is_empty() {
            return None;
        }
        let entry = Entry::from_bytes(entry).ok()?;
        let has_one_of = |phones: &[Entry]| phones.iter().any(|phone| entry.has_phone_of(phone));
        let mut numbers = Self::RULES.into_iter().zip([&self.own, &self.of_staff]);
        let (rule, _) = numbers.find(|(_, phones)| has_one_of(phones))?;
        Some(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_dealers_his_staffs_or_a_customers() {
        let keyed = |typed: &str| {
            let entry = Entry::of_phone(typed).unwrap();
            entry.keyed(|bytes| {
                bytes
                    .iter()
                    .fold(7, |sum, byte| sum * 31 + u64::from(*byte))
            })
        };
        let phones = BusinessPhones {
            own: vec![keyed("13912340001")],
            of_staff: vec![keyed("13912340001"), keyed("13912340002")],
        };
        for (typed, rule) in [
            ("139 1234 0001", Some(Rule::PhoneOfDealer)),
            ("13912340002", Some(Rule::PhoneOfStaff)),
            ("13912340003", None),
        ] {
            assert_eq!(phones.broken_by(&keyed(typed).to_bytes()), rule, "{typed}");
        }
        let none = BusinessPhones::default();
        assert_eq!(none.broken_by(&keyed("13912340001").to_bytes()), None);
        assert_eq!(phones.broken_by(b"no entry"), None);
    }
}
