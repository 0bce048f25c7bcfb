//! The prediction of one car: today's odometer, its daily rate, and when it reaches a distance, each with a band.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::history::History;
use super::model::MileageModel;
use super::season::Season;

/// What is predicted of one car.
#[derive(Clone, Copy, Debug)]
pub struct Forecast<'a> {
    model: &'a MileageModel,
    points: &'a [(NaiveDate, f64)],
    last: (NaiveDate, f64),
    intervals: usize,
    daily_km: f64,
    own_share: f64,
}

/// A number with the band in which it lies four times out of five.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Banded {
    /// The best guess.
    pub value: f64,
    /// Below it one time in ten.
    pub low: f64,
    /// Above it one time in ten.
    pub high: f64,
}

/// A date with the band in which it lies four times out of five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandedDate {
    /// The best guess.
    pub date: NaiveDate,
    /// Before it one time in ten.
    pub earliest: NaiveDate,
    /// After it one time in ten.
    pub latest: NaiveDate,
}

/// One stretch of a car's driving, between two of its points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    to: NaiveDate,
    km: f64,
    /// Driving days: the calendar weighted by the season.
    days: f64,
}

/// With this many stretches or more, one that is out of all proportion is held to [`MOST_UNUSUAL`] times the usual.
const ENOUGH_TO_KNOW_USUAL: usize = 4;
const MOST_UNUSUAL: f64 = 4.0;

/// A car's stretches; a summer across the continent and a year abroad are held to four times and a quarter of its usual rate.
pub(super) fn drives(history: &History, season: &Season) -> Vec<Drive> {
    let stretch = |(from, to, km)| Drive {
        to,
        km,
        days: season.driving_days(from, to),
    };
    let mut drives: Vec<Drive> = history.intervals().map(stretch).collect();
    if drives.len() >= ENOUGH_TO_KNOW_USUAL {
        let mut rates: Vec<f64> = drives
            .iter()
            .map(|drive| drive.km / drive.days.max(1.0))
            .collect();
        rates.sort_by(f64::total_cmp);
        let usual = rates[rates.len() / 2];
        for drive in &mut drives {
            let expected = usual * drive.days;
            drive.km = drive
                .km
                .clamp(expected / MOST_UNUSUAL, expected * MOST_UNUSUAL);
        }
    }
    drives
}

/// Km and driving days of a car, a stretch counting half for every `half_life_days` it is older than the newest.
pub(super) fn faded_sum(drives: &[Drive], half_life_days: f64) -> (f64, f64) {
    let Some(newest) = drives.last().map(|drive| drive.to) else {
        return (0.0, 0.0);
    };
    drives.iter().fold((0.0, 0.0), |(km, days), drive| {
        let age = (newest - drive.to).num_days() as f64;
        let weight = (-age / half_life_days).exp2();
        (km + weight * drive.km, days + weight * drive.days)
    })
}

/// (rate, share of the own record): the borrowed rate counts as `prior_days` of driving.
pub(super) fn pooled_rate(
    drives: &[Drive],
    borrowed: f64,
    prior_days: f64,
    half_life_days: f64,
) -> (f64, f64) {
    let (km, own_days) = faded_sum(drives, half_life_days);
    let days = prior_days + own_days;
    if days > 0.0 {
        ((borrowed * prior_days + km) / days, own_days / days)
    } else {
        (borrowed, 0.0)
    }
}

impl<'a> Forecast<'a> {
    /// `None` when the car has not one believed reading: then nothing says where its odometer stands.
    ///
    /// The rate is (borrowed rate · prior days + own km) / (prior days + own days): one reading borrows all, ten readings
    /// over two years stand alone. It is the posterior mean when distance accumulates as a Gamma process under a conjugate
    /// prior.
    pub(super) fn new(model: &'a MileageModel, history: &'a History) -> Option<Self> {
        let &last = history.points.last()?;
        let drives = drives(history, &model.season);
        let borrowed = model.borrowed_rate(&history.profile);
        let (rate, own_share) =
            pooled_rate(&drives, borrowed, model.prior_days, model.half_life_days);
        let (intervals, daily_km) = (drives.len(), rate);
        Some(Self {
            model,
            points: &history.points,
            last,
            intervals,
            daily_km,
            own_share,
        })
    }

    /// Km a day in the mean of the year.
    pub fn daily_km(&self) -> f64 {
        self.daily_km
    }

    /// How much of the rate is the car's own record, 0 to 1; the rest is borrowed from its groups.
    pub fn own_share(&self) -> f64 {
        self.own_share
    }

    /// Distance driven up to `today`, over all meters, in km. At the newest reading or before it, that reading.
    pub fn driven_km(&self, today: NaiveDate) -> Banded {
        let days = self.model.season.driving_days(self.last.0, today);
        let driven = self.daily_km * days;
        let error = self.model.errors.band(self.intervals, days);
        // A car that takes 1.3 times the predicted time has done 1 / 1.3 of the predicted distance.
        let at = |error: f64| self.last.1 + driven * (-error).exp();
        Banded {
            value: at(error.usual),
            low: at(error.high),
            high: at(error.low),
        }
    }

    /// Distance driven up to any day, over all meters, in km: between two readings by their driving days, before the oldest
    /// back from it at the car's rate and never below zero, after the newest as [`Self::driven_km`].
    pub fn estimate(&self, day: NaiveDate) -> f64 {
        let season = &self.model.season;
        let next = self.points.partition_point(|(date, _)| *date < day);
        let (earlier, later) = self.points.split_at(next);
        match (earlier.last(), later.first()) {
            (_, Some(&(date, km))) if date == day => km,
            (Some(&(from, before)), Some(&(to, after))) => {
                let share = season.driving_days(from, day) / season.driving_days(from, to);
                before + share * (after - before)
            }
            (None, Some(&(date, km))) => {
                let driven_since = self.daily_km * season.driving_days(day, date);
                (km - driven_since).max(0.0)
            }
            (_, None) => self.driven_km(day).value,
        }
    }

    /// The same forecast, reckoned on from the estimate of a day; from the newest reading, if that is later.
    pub(super) fn reckoned_from(mut self, day: NaiveDate) -> Self {
        if day > self.last.0 {
            self.last = (day, self.driven_km(day).value);
        }
        self
    }

    /// When the car reaches a distance; `None` when it stands still. A distance already reached gives the newest reading's
    /// date.
    pub fn date_of(&self, km: f64) -> Option<BandedDate> {
        let days = self.driving_days_to(km)?;
        let error = self.model.errors.band(self.intervals, days);
        let date = |error: f64| {
            self.model
                .season
                .date_after(self.last.0, days * error.exp())
        };
        Some(BandedDate {
            date: date(error.usual),
            earliest: date(error.low),
            latest: date(error.high),
        })
    }

    /// Driving days from the newest reading until `km` are reached.
    pub(super) fn driving_days_to(&self, km: f64) -> Option<f64> {
        let rest = (km - self.last.1).max(0.0);
        (self.daily_km > 0.0).then(|| rest / self.daily_km)
    }
}
