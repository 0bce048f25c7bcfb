//! How a customer behaves: his comings, what speaks for and against his coming again, and what the degrees ask.
//!
//! Everything is as of a day, and nothing later counts, so that the past can be asked the same questions.

use chrono::{Days, Months, NaiveDate};
use marque_core::business_date;
use marque_insight::{
    churn::{Circumstances, Comings},
    loyalty::{Conduct, LoyaltyClass, Relationship, Rhythm, Rung, UsualInterval},
};

use super::{Dossier, Happening, basis::NOT_PAID_BY_HIM, due::USUAL_PLAN, happening::Kind};

/// Surveys and complaints count for so long in the degrees.
const REMEMBERED: Months = Months::new(24);
/// From this answer of 1 to 5 on, a complaint ended to the satisfaction of who made it.
const CONTENT: f64 = 3.0;
/// Visits closer than this belong together.
const SAME_VISIT_DAYS: i64 = 7;

impl Dossier {
    /// Days of his visits up to a day, by time; with a model's name only those of its cars.
    pub(crate) fn visit_days(&self, on: NaiveDate, model: Option<&str>) -> Vec<NaiveDate> {
        let is_of_model = |visit: &&Happening| {
            model.is_none_or(|model| self.model_of(&visit.vin).is_some_and(|own| own == model))
        };
        self.of(Kind::Visit)
            .filter(is_of_model)
            .map(|visit| business_date(visit.happened_at))
            .filter(|day| *day <= on)
            .collect()
    }

    /// The model of a car of his.
    pub(crate) fn model_of(&self, vin: &str) -> Option<&str> {
        let car = self.cars.iter().find(|car| car.vehicle.vin == vin)?;
        Some(car.vehicle.model_name()).filter(|model| !model.is_empty())
    }

    /// Models of all cars he has or had, each once.
    pub(crate) fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self
            .cars
            .iter()
            .map(|car| car.vehicle.model_name())
            .filter(|model| !model.is_empty())
            .collect();
        models.sort_unstable();
        models.dedup();
        models
    }

    /// His comings up to a day: the first purchase or visit, and every one after it that lies a week apart; `None` for
    /// who never came.
    pub(crate) fn comings(&self, on: NaiveDate) -> Option<Comings> {
        let purchases = self.purchases();
        let bought = purchases.iter().map(|purchase| purchase.date);
        let mut days: Vec<NaiveDate> = bought
            .filter(|day| *day <= on)
            .chain(self.visit_days(on, None))
            .collect();
        days.sort_unstable();
        days.dedup_by(|later, earlier| (*later - *earlier).num_days() <= SAME_VISIT_DAYS);
        let (&first, &last) = (days.first()?, days.last()?);
        Some(Comings {
            frequency: (days.len() - 1) as f64,
            recency: (last - first).num_days() as f64,
            age: (on - first).num_days() as f64,
        })
    }

    /// Whether he came after one day and up to another.
    pub(crate) fn came_between(&self, after: NaiveDate, to: NaiveDate) -> bool {
        self.visit_days(to, None).iter().any(|day| *day > after)
    }

    /// How things stand with him on a day.
    pub(crate) fn circumstances(&self, rhythm: Option<&Rhythm>, on: NaiveDate) -> Circumstances {
        let complaints = self.up_to(Kind::Complaint, on);
        let is_open = |complaint: &&Happening| {
            complaint
                .ended_at
                .is_none_or(|ended| business_date(ended) > on)
        };
        Circumstances {
            lateness: rhythm.map_or(0.0, |rhythm| rhythm.lateness(on)),
            has_come: rhythm.is_some() || self.purchases_up_to(on) > 0,
            visits: rhythm.map_or(0, |rhythm| rhythm.visits),
            open_complaints: complaints.iter().copied().filter(is_open).count() as u32,
            repeated_complaints: repeated(&complaints),
            last_survey: self.surveys(on).last().copied(),
            has_moved_away: self.has_moved_away(),
            has_sold_car: !self.cars.is_empty() && !self.cars.iter().any(|car| car.is_current),
        }
    }

    /// His rung on the ladder.
    pub(crate) fn rung(&self, rhythm: Option<&Rhythm>, on: NaiveDate) -> Rung {
        let now = self.circumstances(rhythm, on);
        Rung::of(&Relationship {
            purchases: self.purchases_up_to(on),
            last_survey: now.last_survey,
            open_complaints: now.open_complaints,
            referrals: self.buyers_up_to(on),
            class: self.class(rhythm, None, on),
            visits: now.visits,
        })
    }

    /// His loyalty class, overall or with one model.
    pub(crate) fn class(
        &self,
        rhythm: Option<&Rhythm>,
        model: Option<&str>,
        on: NaiveDate,
    ) -> Option<LoyaltyClass> {
        let mut cars = self
            .cars
            .iter()
            .filter(|car| model.is_none_or(|model| car.vehicle.model_name() == model))
            .peekable();
        // Of who is known by visits alone, no car is known to be sold.
        let has_vehicle = cars.peek().is_none() || cars.any(|car| car.is_current);
        LoyaltyClass::of(rhythm, has_vehicle, on)
    }

    /// His rhythm up to a day, overall or with one model.
    pub(crate) fn rhythm(
        &self,
        usual: UsualInterval,
        model: Option<&str>,
        on: NaiveDate,
    ) -> Option<Rhythm> {
        Rhythm::of(&self.visit_days(on, model), usual)
    }

    /// What the four degrees ask, overall or at one dealer. `spend_rank` is his among his kind.
    pub(crate) fn conduct(
        &self,
        dealer: Option<&str>,
        spend_rank: Option<f64>,
        on: NaiveDate,
    ) -> Conduct {
        let since = on.checked_sub_months(REMEMBERED).unwrap_or(NaiveDate::MIN);
        let is_here =
            |happening: &&Happening| dealer.is_none_or(|dealer| happening.dealer == dealer);
        let is_recent = |happening: &&Happening| business_date(happening.happened_at) > since;
        let assessments = self.up_to(Kind::Assessment, on);
        let complaints = self.up_to(Kind::Complaint, on);
        let complaints: Vec<&Happening> = complaints
            .into_iter()
            .filter(is_here)
            .filter(is_recent)
            .collect();
        let has_ended = |complaint: &&&Happening| {
            complaint
                .ended_at
                .is_some_and(|ended| business_date(ended) <= on)
        };
        // What he said of the handling of a complaint is an answer to a survey too.
        let answers = complaints.iter().filter(has_ended).copied();
        let surveys: Vec<f64> = assessments
            .into_iter()
            .filter(|each| each.code == "survey" && each.holds_on(on))
            .filter(is_here)
            .filter(is_recent)
            .chain(answers)
            .filter_map(|survey| survey.level)
            .collect();
        let is_settled = |complaint: &&&Happening| {
            has_ended(complaint) && complaint.level.is_none_or(|level| level >= CONTENT)
        };
        let visits = self.up_to(Kind::Visit, on);
        Conduct {
            mean_survey: mean(&surveys),
            complaints: complaints.len() as u32,
            settled_complaints: complaints.iter().filter(is_settled).count() as u32,
            spend_rank,
            purchases: self.purchases_up_to(on),
            referrals: self.buyers_up_to(on),
            visits_here: visits.iter().copied().filter(is_here).count() as u32,
            visits_known: visits.len() as u32,
            interval_over_plan: over_plan(visits.iter().copied().filter(is_here)),
        }
    }

    /// Yuan a year that he has spent on service since he first came, over at least a year, everywhere or at one dealer. What the
    /// maker pays is not his.
    pub(crate) fn spend_a_year(&self, dealer: Option<&str>, on: NaiveDate) -> Option<f64> {
        let mut visits = self.up_to(Kind::Visit, on);
        visits.retain(|visit| dealer.is_none_or(|dealer| visit.dealer == dealer));
        let first = business_date(visits.first()?.happened_at);
        let is_his = |visit: &&&Happening| !NOT_PAID_BY_HIM.contains(&visit.code.as_str());
        let paid = visits.iter().filter(is_his);
        let fen: i64 = paid.filter_map(|visit| visit.amount_minor).sum();
        let years = ((on - first).num_days() as f64 / 365.25).max(1.0);
        Some(fen.max(0) as f64 / 100.0 / years)
    }

    /// Facts of a kind that had happened on a day, by time.
    pub(crate) fn up_to(&self, kind: Kind, on: NaiveDate) -> Vec<&Happening> {
        self.of(kind)
            .filter(|happening| business_date(happening.happened_at) <= on)
            .collect()
    }

    fn surveys(&self, on: NaiveDate) -> Vec<f64> {
        self.up_to(Kind::Assessment, on)
            .into_iter()
            .filter(|each| each.code == "survey" && each.holds_on(on))
            .filter_map(|survey| survey.level)
            .collect()
    }

    fn purchases_up_to(&self, on: NaiveDate) -> u32 {
        let purchases = self.purchases();
        purchases.iter().filter(|each| each.date <= on).count() as u32
    }

    fn buyers_up_to(&self, on: NaiveDate) -> u32 {
        self.buyers
            .iter()
            .filter(|each| each.bought_on <= on)
            .count() as u32
    }

    /// Whether his newest address lies in another prefecture than the one by which his last dealer knows him.
    fn has_moved_away(&self) -> bool {
        const COUNTIES_OF_A_PREFECTURE: i64 = 100;
        let Some(visit) = self.of(Kind::Visit).next_back() else {
            return false;
        };
        let known = |record: &&super::Record| record.region_code > 0;
        let there = self
            .records
            .iter()
            .filter(known)
            .find(|record| record.dealer == visit.dealer);
        let newest = self
            .records
            .iter()
            .filter(known)
            .max_by_key(|record| record.recorded_at);
        match (there, newest) {
            (Some(there), Some(newest)) => {
                let prefecture =
                    |record: &super::Record| record.region_code / COUNTIES_OF_A_PREFECTURE;
                newest.recorded_at > visit.happened_at && prefecture(there) != prefecture(newest)
            }
            _ => false,
        }
    }
}

/// Complaints of the same category within thirty days of the one before.
fn repeated(complaints: &[&Happening]) -> u32 {
    let is_repeat = |(place, later): (usize, &&Happening)| {
        let same = |earlier: &&Happening| {
            let gap = business_date(later.happened_at) - business_date(earlier.happened_at);
            earlier.code == later.code && earlier.vin == later.vin && gap.num_days() <= 30
        };
        complaints[..place].iter().any(same)
    };
    complaints
        .iter()
        .enumerate()
        .filter(|each| is_repeat(*each))
        .count() as u32
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The day so many days before another.
pub(crate) fn days_before(on: NaiveDate, days: u64) -> NaiveDate {
    on.checked_sub_days(Days::new(days))
        .unwrap_or(NaiveDate::MIN)
}

/// What the plan allows between two maintenances, whichever comes first: the usual plan's, since what he is compared with must
/// not change with a model's plan.
const ALLOWED_KM: f64 = USUAL_PLAN.every.km as f64;
const ALLOWED_DAYS: f64 = USUAL_PLAN.every.months as f64 * 365.25 / 12.0;

/// How far he goes from one maintenance to the next over what the plan allows, on average; `None` before a second one.
fn over_plan<'a>(visits: impl Iterator<Item = &'a Happening>) -> Option<f64> {
    let mut maintenances: Vec<&Happening> = visits
        .filter(|visit| visit.code == "maintenance" && !visit.vin.is_empty())
        .collect();
    maintenances.sort_by(|a, b| (&a.vin, a.happened_at).cmp(&(&b.vin, b.happened_at)));
    let gone: Vec<f64> = maintenances
        .windows(2)
        .filter(|pair| pair[0].vin == pair[1].vin)
        .map(|pair| {
            let [before, after] = [pair[0], pair[1]];
            let days = business_date(after.happened_at) - business_date(before.happened_at);
            let km = if before.odometer_km > 0 {
                (after.odometer_km - before.odometer_km).max(0)
            } else {
                0
            };
            (km as f64 / ALLOWED_KM).max(days.num_days() as f64 / ALLOWED_DAYS)
        })
        .collect();
    mean(&gone)
}
