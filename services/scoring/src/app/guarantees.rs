//! The three-guarantees counters of a car, from its repair orders as the service-history service has them.

use chrono::NaiveDate;
use marque_auth::CallContext;
use marque_core::{VehicleId, business_date};
use marque_insight::law::{
    WorkCalendar,
    guarantees::{
        AnswerDeadlines, Counter, Terms, Windows, answer_deadlines, counters, owes_usage_fee,
        usage_fee_fen, windows,
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
    /// 0 if nobody said.
    pub(crate) driven_km: u32,
}

impl Demand {
    /// Refuses one of a day before the sale, if that is known, or after today.
    fn check(self, sold: Option<NaiveDate>, today: NaiveDate) -> Result<()> {
        let first = sold.unwrap_or(NaiveDate::MIN);
        if (first..=today).contains(&self.on) {
            return Ok(());
        }
        let message = "a day from the sale up to today";
        Err(Error::field("demanded_on", "INVALID", message))
    }
}

/// What a demand asks of the seller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demanded {
    pub(crate) deadlines: AnswerDeadlines,
    /// Owed in the cases of Art. 24 alone; `None` where none is reached, and without price or km.
    pub(crate) usage_fee_fen: Option<u64>,
}

impl Demanded {
    fn of(demand: Demand, terms: &Terms, counters: &[Counter]) -> Self {
        let is_asked = demand.price_fen > 0 && demand.driven_km > 0;
        let fee = || usage_fee_fen(terms, demand.price_fen, demand.driven_km);
        Self {
            deadlines: answer_deadlines(&WorkCalendar::shipped(), demand.on),
            usage_fee_fen: (is_asked && owes_usage_fee(counters)).then(fee),
        }
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
        if let Some(demand) = demand {
            demand.check(car.sale_date, business_date(asked_at))?;
        }
        let repairs = match car.sale_date {
            Some(_) => self.history.repairs(meta, &car.vin, asked_at).await?,
            None => Vec::new(),
        };
        let (terms, calendar) = (granted.terms, WorkCalendar::shipped());
        let count = |start| counters(&terms, start, &calendar, &repairs, local(asked_at));
        let counters = car.sale_date.map(count).unwrap_or_default();
        let demanded = demand.map(|demand| Demanded::of(demand, &terms, &counters));
        let start = car.sale_date;
        Ok(Counted {
            vehicle,
            vehicle_use: car.licensed_use,
            start: start.map(|start| (start, windows(&terms, start, &calendar))),
            granted,
            counters,
            demanded,
        })
    }
}
