//! A car's distances over time, and what is known of who drives it.

use chrono::NaiveDate;

use super::reading::{Reading, distances, judge};

/// What a car that has no readings of its own borrows from: others of the same occupation, model, fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Occupation of the driver.
    pub occupation: Option<String>,
    /// Vehicle model.
    pub model: Option<String>,
    /// Fleet or kind of use.
    pub fleet: Option<String>,
}

impl Profile {
    /// The groups a car belongs to, in the order in which effects are fitted.
    pub(crate) fn groups(&self) -> [Option<&str>; 3] {
        [
            self.occupation.as_deref(),
            self.model.as_deref(),
            self.fleet.as_deref(),
        ]
    }
}

/// The believed distances of one car.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Who drives it.
    pub profile: Profile,
    /// (date, km driven up to it), at most one a day, by date.
    pub points: Vec<(NaiveDate, f64)>,
}

impl History {
    /// Judges the readings and keeps the believed ones. A sale date stands for a reading of zero, if none is older.
    pub fn new(profile: Profile, sale_date: Option<NaiveDate>, readings: &[Reading]) -> Self {
        let mut readings = readings.to_vec();
        let oldest = readings.iter().map(|reading| reading.date).min();
        if let Some(date) = sale_date.filter(|&sale| oldest.is_none_or(|oldest| sale < oldest)) {
            readings.push(Reading {
                date,
                km: 0,
                meter_replaced: false,
            });
        }
        Self {
            profile,
            points: distances(&judge(&readings)),
        }
    }

    /// (from, to, km) between neighbouring points.
    pub(crate) fn intervals(
        &self,
    ) -> impl DoubleEndedIterator<Item = (NaiveDate, NaiveDate, f64)> + Clone {
        self.points
            .windows(2)
            .map(|pair| (pair[0].0, pair[1].0, pair[1].1 - pair[0].1))
    }

    /// The history without its newest point.
    pub(crate) fn without_newest(&self) -> Self {
        let points = self.points[..self.points.len().saturating_sub(1)].to_vec();
        Self {
            profile: self.profile.clone(),
            points,
        }
    }
}
