//! What is promised and until when: the law's minimum, or more where the certificate of the car says so.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::law::{Deadline, WorkCalendar};

/// The terms of a vehicle's three-guarantees certificate (Art. 9). A maker may grant more than the law asks (Art. 4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Three-guarantees period, in months: at least 24.
    pub period_months: u32,
    /// Or this distance in km, whichever comes first: at least 50,000.
    pub period_km: u32,
    /// Repair period, in months: at least 36.
    pub repair_months: u32,
    /// Or this distance in km: at least 60,000.
    pub repair_km: u32,
    /// Usage fee per 1,000 km as a share of the price, in hundredths of a per cent: at most 50, that is 0.5 % (Art. 27).
    pub fee_per_1000_km: u32,
    /// Whether a window that ends on a day off ends on the next working day (Civil Code 203, applied by analogy).
    pub moves_off_days: bool,
}

impl Terms {
    /// The least the law asks of a seller.
    pub const STATUTORY: Self = Self {
        period_months: 24,
        period_km: 50_000,
        repair_months: 36,
        repair_km: 60_000,
        fee_per_1000_km: 50,
        moves_off_days: true,
    };

    /// These terms, each period raised to the law's least and the fee cut to its most where they are beyond it.
    #[must_use]
    pub fn at_least_by_law(self) -> Self {
        let law = Self::STATUTORY;
        Self {
            period_months: self.period_months.max(law.period_months),
            period_km: self.period_km.max(law.period_km),
            repair_months: self.repair_months.max(law.repair_months),
            repair_km: self.repair_km.max(law.repair_km),
            fee_per_1000_km: self.fee_per_1000_km.min(law.fee_per_1000_km),
            moves_off_days: self.moves_off_days,
        }
    }
}

/// The windows of a vehicle, each with its last day. All start on the day of delivery, or of the invoice when the car was
/// delivered the same day (Art. 18); after an exchange they start anew (Art. 29); they go with the car when it is resold
/// (Art. 30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Seven days: a unit or main part that must be replaced entitles to another car or the money (Art. 22).
    pub seven_days: Deadline,
    /// Sixty days, or 3,000 km if earlier (Art. 20 and 23).
    pub sixty_days: Deadline,
    /// The three-guarantees period (Art. 24).
    pub period: NaiveDate,
    /// The repair period.
    pub repair_period: NaiveDate,
}

/// The distance that ends the sixty days early, in km.
pub(super) const EARLY_KM: f64 = 3_000.0;

/// The windows of a vehicle that was handed over on `start`.
pub fn windows(terms: &Terms, start: NaiveDate, calendar: &WorkCalendar) -> Windows {
    let months = |months: u32| {
        start
            .checked_add_months(Months::new(months))
            .unwrap_or(NaiveDate::MAX)
    };
    Windows {
        seven_days: calendar.days_after(start, 7, terms.moves_off_days),
        sixty_days: calendar.days_after(start, 60, terms.moves_off_days),
        period: months(terms.period_months),
        repair_period: months(terms.repair_months),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_promise_is_below_the_law() {
        let promised = Terms {
            period_months: 12,
            period_km: 100_000,
            repair_months: 96,
            repair_km: 1,
            fee_per_1000_km: 80,
            ..Terms::STATUTORY
        };
        let expected = Terms {
            period_km: 100_000,
            repair_months: 96,
            ..Terms::STATUTORY
        };
        assert_eq!(promised.at_least_by_law(), expected);
    }

    #[test]
    fn the_windows_of_the_standards_vector() {
        let start = NaiveDate::from_ymd_opt(2024, 3, 5).unwrap();
        let calendar = WorkCalendar::shipped();
        let found = windows(&Terms::STATUTORY, start, &calendar);
        assert_eq!(found.seven_days.date.to_string(), "2024-03-12");
        assert_eq!(found.sixty_days.date.to_string(), "2024-05-06");
        assert_eq!(
            (found.period.to_string(), found.repair_period.to_string()),
            ("2026-03-05".into(), "2027-03-05".into())
        );
        let strict = Terms {
            moves_off_days: false,
            ..Terms::STATUTORY
        };
        assert_eq!(
            windows(&strict, start, &calendar)
                .sixty_days
                .date
                .to_string(),
            "2024-05-04"
        );
    }
}
