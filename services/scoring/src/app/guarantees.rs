//! The three-guarantees counters of a car, from its repair orders as the service-history service has them.

use chrono::NaiveDate;
use marque_auth::CallContext;
use marque_core::{VehicleId, business_date};
use marque_insight::law::{
    WorkCalendar,
    guarantees::{
        AnswerDeadlines, Counter, Terms, Windows, answer_deadlines, counters, usage_fee_fen,
        windows,
    },
};
use marque_rpc::CallMeta;

use super::ScoreApp;
use crate::{
    domain::Granted,
    error::{Error, Result},
    history::local,
    storage,
};

/// A demand for another car or the money.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    pub(crate) on: NaiveDate,
    /// What was paid for the car; 0 if the fee is not asked for.
    pub(crate) price_fen: u64,
    pub(crate) driven_km: u32,
}

/// What a demand asks of the seller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demanded {
    pub(crate) deadlines: AnswerDeadlines,
    /// Owed in the cases of Art. 24 alone; `None` without a price.
    pub(crate) usage_fee_fen: Option<u64>,
}

impl Demanded {
    /// By the terms of a car sold on a day, if that is known.
    fn of(
        demand: Demand,
        terms: &Terms,
        (sold, today): (Option<NaiveDate>, NaiveDate),
    ) -> Result<Self> {
        let first = sold.unwrap_or(NaiveDate::MIN);
        if !(first..=today).contains(&demand.on) {
            let message = "a day from the sale up to today";
            return Err(Error::field("demanded_on", "INVALID", message));
        }
        let fee = usage_fee_fen(terms, demand.price_fen, demand.driven_km);
        Ok(Self {
            deadlines: answer_deadlines(&WorkCalendar::shipped(), demand.on),
            usage_fee_fen: (demand.price_fen > 0).then_some(fee),
        })
    }
}

/// The counters of a car.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) vehicle: VehicleId,
    /// By its licence: the rules cover household cars, and whether it is one is for people to say.
    pub(crate) vehicle_use: String,
    /// Delivery, from which the terms run; `None` if it is not known, and then nothing is counted.
    pub(crate) start: Option<(NaiveDate, Windows)>,
    /// By what terms.
    pub(crate) granted: Granted,
    pub(crate) counters: Vec<Counter>,
    /// `None` if no demand was told of.
    pub(crate) demanded: Option<Demanded>,
}

impl ScoreApp {
    /// Counts how near a car is to each threshold, by the repairs at all dealers: whoever may see a car may see what was done to it.
    pub(crate) async fn guarantees(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        vehicle: VehicleId,
        demand: Option<Demand>,
    ) -> Result<Counted> {
        let asked_at = self.clock.now();
        let car = self.visible_car(ctx, meta, vehicle).await?;
        let vin = car.vin.clone();
        let promises = self
            .db
            .read(move |conn| storage::promises_to(conn, &[vin.as_str()]))
            .await?;
        let granted = Granted::to(&car, &promises);
        let days = (car.sale_date, business_date(asked_at));
        let demanded = demand
            .map(|demand| Demanded::of(demand, &granted.terms, days))
            .transpose()?;
        let Some(start) = car.sale_date else {
            return Ok(Counted {
                vehicle,
                vehicle_use: car.licensed_use,
                start: None,
                granted,
                counters: Vec::new(),
                demanded,
            });
        };
        let meta = self.cars.as_itself(meta, asked_at);
        let repairs = self.history.repairs(&meta, &car.vin).await?;
        let (terms, calendar) = (granted.terms, WorkCalendar::shipped());
        let now = local(asked_at);
        Ok(Counted {
            vehicle,
            vehicle_use: car.licensed_use,
            start: Some((start, windows(&terms, start, &calendar))),
            granted,
            counters: counters(&terms, start, &calendar, &repairs, now),
            demanded,
        })
    }
}
