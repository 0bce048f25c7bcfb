//! What speaks for a customer not coming back, and the probability with all of it.

use serde::{Deserialize, Serialize};

use super::bgnbd::{BgNbd, Comings};
use super::calibration::{Calibration, calibration};
use super::logistic::Logistic;
use crate::value::Language;

/// Something that makes it likelier that a customer does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// He is late against his own rhythm.
    Late,
    /// He has come twice at most and may not be won yet.
    FirstVisits,
    /// A complaint of his is open.
    OpenComplaint,
    /// He complained of the same again.
    RepeatedComplaint,
    /// His last survey was lukewarm or worse.
    Lukewarm,
    /// He has moved out of the region.
    MovedAway,
    /// His car is sold or scrapped.
    CarSold,
}

/// The circumstances of one customer, as the services know them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// Time since his last visit over his own usual interval; 1 is on time.
    pub lateness: f64,
    /// Whether he ever bought or came.
    pub has_come: bool,
    /// Visits so far.
    pub visits: u32,
    /// Complaints not closed.
    pub open_complaints: u32,
    /// Complaints repeated on the same vehicle and fault.
    pub repeated_complaints: u32,
    /// His last survey, 1 to 5, if he answered one.
    pub last_survey: Option<f64>,
    /// Whether his address left the dealer's region.
    pub has_moved_away: bool,
    /// Whether the car is sold or scrapped.
    pub has_sold_car: bool,
}

/// From here on a customer counts as late: half an interval beyond his usual.
pub const LATE: f64 = 1.5;
/// A survey up to this is lukewarm.
pub const LUKEWARM: f64 = 3.0;

impl Reason {
    /// All reasons, in the order of the fitted weights.
    pub const ALL: [Self; 7] = [
        Self::Late,
        Self::FirstVisits,
        Self::OpenComplaint,
        Self::RepeatedComplaint,
        Self::Lukewarm,
        Self::MovedAway,
        Self::CarSold,
    ];

    /// Whether it holds.
    pub fn holds(self, circumstances: &Circumstances) -> bool {
        match self {
            Self::Late => circumstances.lateness >= LATE,
            Self::FirstVisits => circumstances.visits <= 2,
            Self::OpenComplaint => circumstances.open_complaints > 0,
            Self::RepeatedComplaint => circumstances.repeated_complaints > 0,
            Self::Lukewarm => circumstances
                .last_survey
                .is_some_and(|survey| survey <= LUKEWARM),
            Self::MovedAway => circumstances.has_moved_away,
            Self::CarSold => circumstances.has_sold_car,
        }
    }

    /// For people.
    pub fn in_words(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::Late => ("late against his own rhythm", "超过其自身到店周期"),
            Self::FirstVisits => ("first visits, not yet won", "首次到店阶段，关系尚未稳固"),
            Self::OpenComplaint => ("open complaint", "投诉未结"),
            Self::RepeatedComplaint => ("repeated complaint", "重复投诉"),
            Self::Lukewarm => ("lukewarm in the last survey", "最近回访评价一般"),
            Self::MovedAway => ("moved away", "已迁离本地"),
            Self::CarSold => ("car sold or scrapped", "车辆已出售或报废"),
        };
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

/// A customer's risk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Probability that he does not come back within the window.
    pub probability: f64,
    /// What speaks for it, the heaviest first.
    pub reasons: Vec<Reason>,
}

/// BG/NBD for the rhythm, and a logistic correction for what it cannot see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChurnModel {
    rhythm: BgNbd,
    window: f64,
    /// Of the logistic correction.
    weights: [f64; FEATURES],
}

/// Fewest customers of whom a calibration curve is made: ten a bin.
pub const FEWEST_CALIBRATED: usize = 100;
/// Bins of the curve, and parts of which each is held out in turn.
const BINS: usize = 10;
const FOLDS: usize = 5;

/// Intercept, slope of the rhythm's log odds, and the reasons.
const FEATURES: usize = 2 + Reason::ALL.len();

/// A customer of whom it is known how it went.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// What was counted before the window.
    pub comings: Comings,
    /// How things stood at its start.
    pub circumstances: Circumstances,
    /// Whether he stayed away in it.
    pub stayed_away: bool,
}

impl ChurnModel {
    /// Fits the correction to past windows; the rhythm must come from data before them.
    pub fn fit(rhythm: BgNbd, window: f64, outcomes: &[Outcome]) -> Self {
        let rows: Vec<([f64; FEATURES], bool)> = outcomes
            .iter()
            .map(|each| {
                (
                    features(&rhythm, window, &each.comings, &each.circumstances),
                    each.stayed_away,
                )
            })
            .collect();
        // Without a single outcome the rhythm stands as it is: slope 1, nothing else.
        let mut start = [0.0; FEATURES];
        start[1] = 1.0;
        Self {
            rhythm,
            window,
            weights: Logistic::fit(&rows, start).weights,
        }
    }

    /// Fits as [`Self::fit`] does, and tells how true its probabilities are of customers it has not seen: each fifth of them is
    /// judged by a model that was fitted to the others. `None` of fewer than [`FEWEST_CALIBRATED`], of whom a curve would say nothing.
    pub fn fit_calibrated(
        rhythm: BgNbd,
        window: f64,
        outcomes: &[Outcome],
    ) -> (Self, Option<Calibration>) {
        let model = Self::fit(rhythm, window, outcomes);
        if outcomes.len() < FEWEST_CALIBRATED {
            return (model, None);
        }
        let held_out = (0..FOLDS).flat_map(|fold| {
            let is_held = |place: usize| place % FOLDS == fold;
            let others = outcomes.iter().enumerate();
            let others: Vec<Outcome> = others
                .filter(|(place, _)| !is_held(*place))
                .map(|(_, outcome)| *outcome)
                .collect();
            let model = Self::fit(rhythm, window, &others);
            outcomes.iter().skip(fold).step_by(FOLDS).map(move |each| {
                let risk = model.risk(&each.comings, &each.circumstances);
                (risk.probability, each.stayed_away)
            })
        });
        let held_out: Vec<(f64, bool)> = held_out.collect();
        (model, Some(calibration(&held_out, BINS)))
    }

    /// A customer's risk, with reasons.
    pub fn risk(&self, comings: &Comings, circumstances: &Circumstances) -> Risk {
        let features = features(&self.rhythm, self.window, comings, circumstances);
        let weight = |reason: Reason| self.weights[2 + reason as usize];
        let mut reasons: Vec<Reason> = Reason::ALL
            .into_iter()
            .filter(|reason| reason.holds(circumstances))
            .collect();
        reasons.sort_by(|&left, &right| weight(right).total_cmp(&weight(left)));
        Risk {
            probability: Logistic {
                weights: self.weights,
            }
            .probability(&features),
            reasons,
        }
    }

    /// The model of the rhythm.
    pub fn rhythm(&self) -> BgNbd {
        self.rhythm
    }

    /// What the correction adds to the log odds of staying away: at all, for each of the rhythm's own, and by reason.
    pub fn correction(&self) -> (f64, f64, [(Reason, f64); Reason::ALL.len()]) {
        let weight = |reason: Reason| (reason, self.weights[2 + reason as usize]);
        (self.weights[0], self.weights[1], Reason::ALL.map(weight))
    }

    /// The window over which the probability is stated, in the unit of time of the comings.
    pub fn window(&self) -> f64 {
        self.window
    }
}

fn features(
    rhythm: &BgNbd,
    window: f64,
    comings: &Comings,
    circumstances: &Circumstances,
) -> [f64; FEATURES] {
    let away = rhythm.stays_away(comings, window).clamp(1e-6, 1.0 - 1e-6);
    let mut features = [0.0; FEATURES];
    (features[0], features[1]) = (1.0, (away / (1.0 - away)).ln());
    for reason in Reason::ALL {
        features[2 + reason as usize] = f64::from(u8::from(reason.holds(circumstances)));
    }
    features
}
