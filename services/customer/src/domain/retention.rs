//! Duties to keep records although a person asks to be forgotten (PIPL Art. 47): then his records are locked away until the
//! last of them ends.
//!
//! The table is the maker's reading of the law as of [`CHECKED`]; it is changed here, with a release, after a lawyer looked.

use chrono::{Datelike as _, Months, NaiveDate};

/// The day on which the table was last compared with the law.
pub(crate) const CHECKED: NaiveDate = day(2026, 11, 22);

/// A duty to keep records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duty {
    pub(crate) code: &'static str,
    /// What is to be kept.
    pub(crate) records: &'static str,
    pub(crate) years: u32,
    /// The day from which the years run.
    pub(crate) since: &'static str,
    /// Whether that is the last day of a year, which may be yet to come.
    pub(crate) from_end_of_year: bool,
    /// Law or contract.
    pub(crate) source: &'static str,
    pub(crate) in_force_from: NaiveDate,
}

/// All duties.
pub(crate) const RETENTION: [Duty; 4] = [
    Duty {
        code: "first_owner",
        records: "name, contact and car of the first owner, so that a recall reaches him",
        years: 10,
        since: "the day the car was sold to him",
        from_end_of_year: false,
        source: "Regulations on recalls of defective automotive products (State Council Order 626), Art. 9",
        in_force_from: day(2013, 1, 1),
    },
    Duty {
        code: "repair_record",
        records: "who had a car repaired under guarantee, what he said, and the repair",
        years: 6,
        since: "the day the car was handed back",
        from_end_of_year: false,
        source: "Three guarantees for household cars (SAMR Order 43), Art. 17",
        in_force_from: day(2022, 1, 1),
    },
    Duty {
        code: "invoice",
        records: "to whom an invoice was made out",
        years: 10,
        since: "the last day of the year of the invoice",
        from_end_of_year: true,
        source: "Implementation rules of the law on tax collection (State Council Order 362), Art. 29",
        in_force_from: day(2002, 10, 15),
    },
    Duty {
        code: "contract_claim",
        records: "the party to a contract from which claims may still be made",
        years: 3,
        since: "the day the contract was fulfilled or the claim was known",
        from_end_of_year: false,
        source: "Civil Code, Art. 188",
        in_force_from: day(2021, 1, 1),
    },
];

/// A duty as it runs for one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) duty: &'static Duty,
    pub(crate) since: NaiveDate,
}

impl Duty {
    /// The duty of a code.
    pub(crate) fn find(code: &str) -> Option<&'static Self> {
        RETENTION.iter().find(|duty| duty.code == code)
    }
}

impl Running {
    /// Whether its term may have begun by a day: what begins later is a slip.
    pub(crate) fn may_run(&self, today: NaiveDate) -> bool {
        let is_of_this_year = self.duty.from_end_of_year && self.since.year() == today.year();
        self.since <= today || is_of_this_year
    }

    /// The first day on which nothing has to be kept any more.
    pub(crate) fn ends(&self) -> NaiveDate {
        self.since
            .checked_add_months(Months::new(self.duty.years * 12))
            .unwrap_or(NaiveDate::MAX)
    }
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duty_has_a_code_of_its_own_a_term_and_a_law_in_force() {
        for (at, duty) in RETENTION.iter().enumerate() {
            assert!(duty.years > 0 && !duty.source.is_empty() && !duty.records.is_empty());
            assert!(duty.in_force_from <= CHECKED, "{}", duty.code);
            assert_eq!(
                RETENTION.iter().position(|one| one.code == duty.code),
                Some(at)
            );
        }
    }

    #[test]
    fn a_term_has_begun_but_for_that_of_an_invoice_of_this_year() {
        let may_run = |code, since| {
            let duty = Duty::find(code).unwrap();
            Running { duty, since }.may_run(day(2026, 11, 23))
        };
        assert!(may_run("repair_record", day(2026, 11, 23)));
        assert!(!may_run("repair_record", day(2026, 11, 24)));
        assert!(may_run("invoice", day(2026, 12, 31)));
        assert!(!may_run("invoice", day(2027, 12, 31)));
    }

    #[test]
    fn a_term_ends_on_the_same_day_years_later_and_a_leap_day_a_day_earlier() {
        let running = |code, since| Running {
            duty: Duty::find(code).unwrap(),
            since,
        };
        let repair = running("repair_record", day(2024, 2, 29));
        assert_eq!(repair.ends(), day(2030, 2, 28));
        let owner = running("first_owner", day(2020, 5, 18));
        assert_eq!(owner.ends(), day(2030, 5, 18));
        assert_eq!(Duty::find("for_ever"), None);
    }
}
