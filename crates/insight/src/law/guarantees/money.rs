//! The usage fee and the seller's time to answer.

use chrono::NaiveDate;

use super::Terms;
use crate::law::{Deadline, WorkCalendar};

/// The fee for having used the car, in fen: price × km / 1,000 × rate (Art. 27), rounded to the fen.
///
/// Owed only in the cases of Art. 24, never in those of Art. 22 and 23. A rate above the law's 0.5 % is cut to it.
pub fn usage_fee_fen(terms: &Terms, price_fen: u64, driven_km: u32) -> u64 {
    let rate = u128::from(terms.fee_per_1000_km.min(Terms::STATUTORY.fee_per_1000_km));
    let product = u128::from(price_fen) * u128::from(driven_km) * rate;
    let divisor = 1_000 * 10_000;
    u64::try_from((product + divisor / 2) / divisor).unwrap_or(u64::MAX)
}

/// Until when the seller must have acted on a demand for another car or the money (Art. 28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerDeadlines {
    /// Answer, with reasons if refused: 10 working days.
    pub answer: Deadline,
    /// Completion: 20 working days; after it the buyer may choose the money.
    pub completion: Deadline,
}

/// The deadlines of a demand made on a day.
pub fn answer_deadlines(calendar: &WorkCalendar, demanded: NaiveDate) -> AnswerDeadlines {
    AnswerDeadlines {
        answer: calendar.working_days_after(demanded, 10),
        completion: calendar.working_days_after(demanded, 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_of_the_standards_vector_is_9_000_yuan() {
        assert_eq!(
            usage_fee_fen(&Terms::STATUTORY, 15_000_000, 12_000),
            900_000
        );
        let generous = Terms {
            fee_per_1000_km: 30,
            ..Terms::STATUTORY
        };
        assert_eq!(usage_fee_fen(&generous, 15_000_000, 12_000), 540_000);
        let greedy = Terms {
            fee_per_1000_km: 500,
            ..Terms::STATUTORY
        };
        assert_eq!(usage_fee_fen(&greedy, 15_000_000, 12_000), 900_000);
        assert_eq!(usage_fee_fen(&Terms::STATUTORY, 0, u32::MAX), 0);
    }

    #[test]
    fn a_demand_before_the_may_holiday_is_answered_after_it() {
        let deadlines = answer_deadlines(
            &WorkCalendar::shipped(),
            NaiveDate::from_ymd_opt(2024, 4, 22).unwrap(),
        );
        assert_eq!(deadlines.answer.date.to_string(), "2024-05-08");
        assert_eq!(deadlines.completion.date.to_string(), "2024-05-21");
    }
}
