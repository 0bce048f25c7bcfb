//! The back-test: how well the newest visit is predicted from the ones before, beside the rules people use today.

use chrono::{Days, Months, NaiveDate};

use super::history::History;
use super::model::MileageModel;

/// Errors of one way to predict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Median absolute error, in days.
    pub median_days: f64,
    /// Nine in ten visits are predicted closer than this, in days.
    pub p90_days: f64,
}

/// What a back-test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackTest {
    /// Visits predicted.
    pub visits: usize,
    /// Our forecast.
    pub model: Accuracy,
    /// Three months after the last visit, whoever it is.
    pub three_months: Accuracy,
    /// A straight line through the last two readings; with one reading, three months.
    pub last_two_points: Accuracy,
    /// Share of visits inside the 80 % band.
    pub coverage: f64,
}

/// Predicts, for each car, the date at which it reached the distance of its newest visit, from the visits before.
///
/// `model` must have been fitted on other cars. Cars with fewer than two points are left out.
pub fn back_test(model: &MileageModel, held_out: &[History]) -> BackTest {
    let (mut ours, mut rule, mut line, mut inside) = (Vec::new(), Vec::new(), Vec::new(), 0_usize);
    for history in held_out {
        let past = history.without_newest();
        let (Some(&(date, km)), Some(&last)) = (history.points.last(), past.points.last()) else {
            continue;
        };
        let Some(predicted) = model
            .forecast(&past)
            .and_then(|forecast| forecast.date_of(km))
        else {
            continue;
        };
        let error = |predicted: NaiveDate| (predicted - date).num_days().unsigned_abs() as f64;
        let in_three_months = last.0.checked_add_months(Months::new(3)).unwrap_or(last.0);
        ours.push(error(predicted.date));
        rule.push(error(in_three_months));
        line.push(error(last_two_points(&past, km).unwrap_or(in_three_months)));
        inside += usize::from((predicted.earliest..=predicted.latest).contains(&date));
    }
    BackTest {
        visits: ours.len(),
        coverage: inside as f64 / ours.len().max(1) as f64,
        model: accuracy(ours),
        three_months: accuracy(rule),
        last_two_points: accuracy(line),
    }
}

/// When a straight line through the last two readings reaches `km`; at most ten years ahead.
fn last_two_points(past: &History, km: f64) -> Option<NaiveDate> {
    let [.., before, last] = past.points[..] else {
        return None;
    };
    let rate = (last.1 - before.1) / (last.0 - before.0).num_days() as f64;
    let days = ((km - last.1) / rate).round();
    (rate > 0.0).then(|| last.0 + Days::new(days.clamp(0.0, 3_650.0) as u64))
}

fn accuracy(mut errors: Vec<f64>) -> Accuracy {
    errors.sort_by(f64::total_cmp);
    let at = |share: f64| {
        errors
            .get(((errors.len() as f64 - 1.0).max(0.0) * share) as usize)
            .copied()
            .unwrap_or(0.0)
    };
    Accuracy {
        median_days: at(0.5),
        p90_days: at(0.9),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;

    #[test]
    fn a_steady_car_of_the_usual_rate_is_predicted_to_the_day_and_not_by_a_rule() {
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let points = (0..4)
            .map(|index| (start + Days::new(200 * index), 6_600.0 * index as f64))
            .collect();
        let result = back_test(
            &MileageModel::uninformed(),
            &[History {
                profile: Profile::default(),
                points,
            }],
        );
        assert_eq!(result.visits, 1);
        assert_eq!(
            (result.model.median_days, result.last_two_points.median_days),
            (0.0, 0.0)
        );
        assert!(result.three_months.median_days > 105.0);
        assert_eq!(result.coverage, 1.0);
    }
}
