//! How far a dealer's records of customers are trusted, for those who choose between the values of several dealers.
//!
//! It is the dealer's score, drawn to the middle where he has few records; and it is told in whole steps, anew only when it is
//! a step away from what was told, so that a score that wavers about a border is told once.

use super::Counter;

/// So many records of middling points are counted along: few records prove little.
const ADDED_RECORDS: i64 = 30;
/// The points of each of these, in hundredths.
const MIDDLING: i64 = 5_000;
/// What is told, in hundredths of percent.
const STEP: i64 = 500;

/// The trust in whoever has these sums, in hundredths of percent.
pub(crate) fn trust(sums: &Counter) -> i64 {
    let records = sums.records + ADDED_RECORDS;
    let points = sums.total + ADDED_RECORDS * MIDDLING;
    (points + records / 2) / records
}

/// What is to be told of a trust, in percent; nothing while it is less than a step away from what was told.
pub(crate) fn to_tell(trust: i64, told_percent: Option<i64>) -> Option<i64> {
    let is_near = |told: i64| (trust - told * 100).abs() < STEP;
    if told_percent.is_some_and(is_near) {
        return None;
    }
    Some((trust + STEP / 2) / STEP * STEP / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_records_prove_little_and_many_their_score() {
        for (records, mean, expected) in [
            (0, 0, 5_000),
            (1, 10_000, 5_161),
            (30, 9_000, 7_000),
            (30, 1_000, 3_000),
            (1_000, 9_000, 8_883),
            (1_000_000, 9_000, 9_000),
            (1_000_000, 10_000, 10_000),
            (1_000_000, 0, 0),
        ] {
            let sums = Counter {
                records,
                total: records * mean,
                ..Counter::default()
            };
            assert_eq!(trust(&sums), expected, "{records} of {mean}");
        }
    }

    #[test]
    fn a_trust_is_told_when_it_is_a_step_away() {
        for (trust, told, tell) in [
            (5_000, None, Some(50)),
            (8_724, None, Some(85)),
            (8_725, None, Some(85)),
            (8_750, None, Some(90)),
            (10_000, None, Some(100)),
            (0, None, Some(0)),
            (8_999, Some(85), None),
            (9_000, Some(85), Some(90)),
            (8_001, Some(85), None),
            (8_000, Some(85), Some(80)),
            (0, Some(100), Some(0)),
        ] {
            assert_eq!(to_tell(trust, told), tell, "{trust} after {told:?}");
        }
    }

    #[test]
    fn a_score_that_wavers_about_a_border_is_told_once() {
        let mut told = None;
        let mut words = 0;
        for trust in [8_740, 8_760, 8_700, 8_900, 8_620, 8_999, 8_740] {
            if let Some(tell) = to_tell(trust, told) {
                told = Some(tell);
                words += 1;
            }
        }
        assert_eq!((told, words), (Some(85), 1));
    }
}
