//! A customer's loyalty as it is assessed on a day.

use chrono::NaiveDate;
use marque_core::{CustomerId, business_date};
use marque_insight::{
    churn::{LOST, Risk, Trust, WonBack, trust},
    loyalty::{Degrees, LoyaltyClass, Return, Rhythm, Rung},
    rank::Kind,
};

use serde::{Deserialize, Serialize};

use super::{Dossier, Fitted, happening};

/// Everything that is said of one customer's loyalty.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loyalty {
    pub(crate) kind: Kind,
    /// `None` for who never came.
    pub(crate) class: Option<LoyaltyClass>,
    pub(crate) rung: Rung,
    /// `None` of whom nothing happened.
    pub(crate) trust: Option<Trust>,
    /// Of who was won back: how he came, and how sure it is.
    pub(crate) won_back: Option<(Return, WonBack)>,
    pub(crate) rhythm: Option<Rhythm>,
    pub(crate) risk: Option<Risk>,
    pub(crate) degrees: Degrees,
    pub(crate) models: Vec<OfModel>,
    pub(crate) dealers: Vec<OfDealer>,
    /// Model of the car he last came with and dealer he last came to; empty if not known.
    pub(crate) last_model: String,
    pub(crate) last_dealer: String,
    /// VINs of the cars that are his now.
    pub(crate) cars: Vec<String>,
    pub(crate) on: NaiveDate,
}

/// His loyalty to one model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OfModel {
    pub(crate) model: String,
    pub(crate) class: Option<LoyaltyClass>,
    pub(crate) rhythm: Option<Rhythm>,
}

/// His degrees at one dealer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OfDealer {
    pub(crate) dealer: String,
    pub(crate) degrees: Degrees,
}

impl Loyalty {
    /// Assesses a customer on a day.
    pub(crate) fn assess(dossier: &Dossier, fitted: &Fitted, on: NaiveDate) -> Self {
        let last = dossier.up_to(happening::Kind::Visit, on).pop();
        let last_model = last
            .and_then(|visit| dossier.model_of(&visit.vin))
            .unwrap_or_default();
        let usual = fitted.usual(Some(last_model).filter(|model| !model.is_empty()));
        let rhythm = dossier.rhythm(usual, None, on);
        let circumstances = dossier.circumstances(rhythm.as_ref(), on);
        let was_lost = rhythm.is_some_and(|rhythm| rhythm.longest_gap >= LOST);
        let spend = fitted.spend_rank(dossier.kind(), dossier.spend_a_year(None, on));
        let conduct = dossier.conduct(None, spend, on);
        let comings = dossier.comings(on);
        let trust = trust(&circumstances, was_lost);
        let returned = rhythm.and_then(|rhythm| rhythm.returned);
        let won_back = returned.filter(|_| trust == Some(Trust::WonBack));
        Self {
            won_back: won_back.map(|returned| {
                let certainty = WonBack::of(&circumstances, returned.visits_since);
                (returned, certainty)
            }),
            kind: dossier.kind(),
            class: dossier.class(rhythm.as_ref(), None, on),
            rung: dossier.rung(rhythm.as_ref(), on),
            trust,
            risk: comings.map(|comings| fitted.churn.risk(&comings, &circumstances)),
            degrees: Degrees::of(&conduct, rhythm.as_ref(), on),
            models: models(dossier, fitted, on),
            dealers: dealers(dossier, fitted, on),
            last_model: last_model.to_owned(),
            last_dealer: last.map_or_else(String::new, |visit| visit.dealer.clone()),
            cars: dossier.current_cars(),
            rhythm,
            on,
        }
    }

    /// The probability that he stays away, in thousandths; -1 for who never came.
    pub(crate) fn churn_permille(&self) -> i64 {
        self.risk
            .as_ref()
            .map_or(-1, |risk| (risk.probability * 1_000.0).round() as i64)
    }
}

fn models(dossier: &Dossier, fitted: &Fitted, on: NaiveDate) -> Vec<OfModel> {
    let of = |model: &str| {
        let rhythm = dossier.rhythm(fitted.usual(Some(model)), Some(model), on);
        OfModel {
            class: dossier.class(rhythm.as_ref(), Some(model), on),
            model: model.to_owned(),
            rhythm,
        }
    };
    dossier.models().into_iter().map(of).collect()
}

fn dealers(dossier: &Dossier, fitted: &Fitted, on: NaiveDate) -> Vec<OfDealer> {
    let visits = dossier.up_to(happening::Kind::Visit, on);
    let mut dealers: Vec<&str> = visits.iter().map(|visit| visit.dealer.as_str()).collect();
    dealers.sort_unstable();
    dealers.dedup();
    let of = |dealer: &str| {
        let spend = dossier.spend_a_year(Some(dealer), on);
        let spend = fitted.spend_rank(dossier.kind(), spend);
        let own = visits.iter().filter(|visit| visit.dealer == dealer);
        let days: Vec<NaiveDate> = own.map(|visit| business_date(visit.happened_at)).collect();
        let rhythm = Rhythm::of(&days, fitted.usual(None));
        let conduct = dossier.conduct(Some(dealer), spend, on);
        OfDealer {
            dealer: dealer.to_owned(),
            degrees: Degrees::of(&conduct, rhythm.as_ref(), on),
        }
    };
    dealers.into_iter().map(of).collect()
}

/// A line of a list of customers by loyalty, in the words of storage.
#[derive(Debug, Clone)]
pub(crate) struct LoyaltyLine {
    pub(crate) customer: CustomerId,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) rung: String,
    pub(crate) trust: String,
    pub(crate) churn_permille: i64,
    pub(crate) visits: i64,
    pub(crate) last_visit: Option<NaiveDate>,
    pub(crate) dealer: String,
    pub(crate) model: String,
    pub(crate) won_back: Option<WonBackLine>,
}

/// How somebody was won back, in the words of storage.
#[derive(Debug, Clone)]
pub(crate) struct WonBackLine {
    pub(crate) on: NaiveDate,
    pub(crate) away_days: i64,
    pub(crate) visits_since: i64,
    pub(crate) certainty: String,
}

/// The name of how sure it is that somebody is won back.
pub(crate) const fn certainty_code(certainty: WonBack) -> &'static str {
    match certainty {
        WonBack::Tentative => "tentative",
        WonBack::Likely => "likely",
        WonBack::Settled => "settled",
    }
}

/// The name of a trust on the wire and in storage; empty of whom nothing happened.
pub(crate) const fn trust_code(trust: Option<Trust>) -> &'static str {
    match trust {
        None => "",
        Some(Trust::Trusting) => "trusting",
        Some(Trust::HalfTrusting) => "half_trusting",
        Some(Trust::Lost) => "lost",
        Some(Trust::WonBack) => "won_back",
    }
}

/// All of them.
pub(crate) const TRUSTS: [&str; 4] = ["trusting", "half_trusting", "lost", "won_back"];
