//! The three-guarantees counters of a car, from its repair orders as the service-history service has them.

use chrono::NaiveDate;
use marque_auth::CallContext;
use marque_core::VehicleId;
use marque_insight::law::{
    WorkCalendar,
    guarantees::{Counter, Windows, counters, windows},
};
use marque_rpc::CallMeta;

use super::{ScoreApp, due::visible_car};
use crate::{
    domain::Granted,
    error::{Error, Result},
    history::local,
    storage,
};

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
}

impl ScoreApp {
    /// Counts how near a car is to each threshold. The caller asks for the repair orders with his own token, so nothing
    /// is counted that he may not see.
    pub(crate) async fn guarantees(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        vehicle: VehicleId,
    ) -> Result<Counted> {
        let asked_at = self.clock.now();
        let (car, granted) = self
            .db
            .read(move |conn| {
                let car = visible_car(conn, &ctx, vehicle, asked_at)?;
                let promises = storage::promises_to(conn, &[car.vin.as_str()])?;
                let granted = Granted::to(&car, &promises);
                Ok::<_, Error>((car, granted))
            })
            .await?;
        let Some(start) = car.sale_date else {
            return Ok(Counted {
                vehicle,
                vehicle_use: car.licensed_use,
                start: None,
                granted,
                counters: Vec::new(),
            });
        };
        let repairs = self.history.repairs(meta, &car.vin).await?;
        let (terms, calendar) = (granted.terms, WorkCalendar::shipped());
        let now = local(asked_at);
        Ok(Counted {
            vehicle,
            vehicle_use: car.licensed_use,
            start: Some((start, windows(&terms, start, &calendar))),
            granted,
            counters: counters(&terms, start, &calendar, &repairs, now),
        })
    }
}
