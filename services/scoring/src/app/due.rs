//! What callers ask of due dates, and the maintenance plans.

use std::collections::HashMap;

use chrono::NaiveDate;
use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, VehicleId, business_date};
use marque_db::Conn;
use marque_insight::mileage::MaintenancePlan;
use marque_ledger::{Entry, record};
use marque_rpc::CallMeta;

use super::{
    ScoreApp,
    assess::Learnt,
    read::{is_for_the_person, visible},
};
use crate::{
    domain::{CarDue, Granted, Happening, USUAL_PLAN, Vehicle},
    error::{Error, Result},
    storage,
};

/// Longest interval of a plan: ten years, or the life of a car.
const MOST_MONTHS: u32 = 120;
const MOST_KM: u32 = 300_000;

impl ScoreApp {
    /// The business day it is.
    pub(crate) fn today(&self) -> NaiveDate {
        business_date(self.clock.now())
    }

    /// What is due for the current cars of a customer; nothing of who has just said that he does not want to be reminded, unless it is
    /// `for_the_person`.
    pub(crate) async fn due_of_customer(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        (customer, for_the_person): (CustomerId, bool),
    ) -> Result<Vec<CarDue>> {
        let is_for_him = is_for_the_person(&ctx, for_the_person);
        let (app, now) = (self.clone(), self.clock.now());
        let read = self.db.read(move |conn| {
            let customer = visible(conn, ctx.scope(), customer, now)?;
            let learnt = app.assessor.learnt(conn)?;
            let (known, cars) = app.loyalty_of(conn, ctx.scope(), customer, &learnt)?;
            if known.is_none() {
                return Err(Error::CustomerUnknown);
            }
            app.dues_of(conn, &cars, &learnt)
        });
        let has_refused = self.has_refused_care(meta, (customer, is_for_him));
        let (cars, has_refused) = tokio::try_join!(read, has_refused)?;
        Ok(if has_refused { Vec::new() } else { cars })
    }

    /// What is due for one car.
    pub(crate) async fn due_of_vehicle(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        vehicle: VehicleId,
    ) -> Result<Vec<CarDue>> {
        let vehicle = self.visible_car(ctx, meta, vehicle).await?;
        let app = self.clone();
        self.db
            .read(move |conn| {
                // What falls due follows from what all dealers did to the car.
                conn.see_all_dealers()?;
                app.due(conn, vec![vehicle])
            })
            .await
    }

    /// A car that the caller may see. Whom it concerns is known here; of others the vehicle service is asked, and of cars that
    /// nobody has as well: while it cannot be asked, its silence would tell which of them are there.
    pub(super) async fn visible_car(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        vehicle: VehicleId,
    ) -> Result<Vehicle> {
        let (scope, now) = (ctx.scope().clone(), self.clock.now());
        let read = self.db.read(move |conn| {
            let found = storage::find_vehicle(conn, vehicle)?;
            let is_known = match &found {
                Some(found) => storage::knows_car(conn, &scope, &found.vin, now)?,
                // Headquarters sees whatever there is.
                None => scope == Scope::Headquarters,
            };
            Ok::<_, Error>((found, is_known))
        });
        let (found, is_known) = read.await?;
        let is_seen = is_known || self.cars.may_see(meta, vehicle).await?;
        found.filter(|_| is_seen).ok_or(Error::VehicleUnknown)
    }

    /// What is due for cars; what was found today is shown as it was.
    pub(super) fn dues_of(
        &self,
        conn: &mut Conn<'_>,
        vins: &[String],
        (fitted_at, _): &Learnt,
    ) -> Result<Vec<CarDue>> {
        let as_of = self.assessor.by(*fitted_at);
        let (mut known, mut unknown) = (Vec::with_capacity(vins.len()), Vec::new());
        for (vehicle, due) in storage::cars_with_dues(conn, vins, as_of)? {
            match due {
                Some(due) => known.push(CarDue { vehicle, due }),
                None => unknown.push(vehicle),
            }
        }
        if !unknown.is_empty() {
            known.extend(self.due(conn, unknown)?);
        }
        known.sort_unstable_by(|a, b| a.vehicle.vin.cmp(&b.vehicle.vin));
        Ok(known)
    }

    pub(super) fn due(&self, conn: &mut Conn<'_>, cars: Vec<Vehicle>) -> Result<Vec<CarDue>> {
        let fitted = self.assessor.fitted(conn)?;
        let plans: HashMap<String, MaintenancePlan> =
            storage::list_plans(conn)?.into_iter().collect();
        let vins: Vec<&str> = cars.iter().map(|car| car.vin.as_str()).collect();
        let visits = storage::visits_of_cars(conn, &vins)?;
        let promises = storage::promises_to(conn, &vins)?;
        // Of several who drive a car, the newest record's word counts.
        let occupations: HashMap<String, String> = storage::occupations_of_cars(conn, &vins)?
            .into_iter()
            .collect();
        let mut by_vin: HashMap<String, Vec<Happening>> = HashMap::new();
        for visit in visits {
            by_vin.entry(visit.vin.clone()).or_default().push(visit);
        }
        let today = business_date(self.clock.now());
        let due = cars.into_iter().map(|car| {
            let own = by_vin.get(&car.vin).map(Vec::as_slice).unwrap_or_default();
            let plan = plans.get(car.model_name()).or_else(|| plans.get(""));
            let plan = plan.copied().unwrap_or(USUAL_PLAN);
            let occupation = occupations.get(&car.vin).map_or("", String::as_str);
            let granted = Granted::to(&car, &promises);
            CarDue::of(
                car,
                own,
                (plan, occupation, granted),
                &fitted.mileage,
                today,
            )
        });
        Ok(due.collect())
    }

    /// Maintenance plans by model, the one for all others first.
    pub(crate) async fn list_plans(&self) -> Result<Vec<(String, MaintenancePlan)>> {
        let mut plans = self.db.read(storage::list_plans).await?;
        if plans.first().is_none_or(|(model, _)| !model.is_empty()) {
            plans.insert(0, (String::new(), USUAL_PLAN));
        }
        Ok(plans)
    }

    /// Keeps the plan of a model. On the record.
    pub(crate) async fn put_plan(
        &self,
        ctx: CallContext,
        model: String,
        plan: MaintenancePlan,
        only_new: bool,
    ) -> Result<()> {
        for (field, step) in [("first", plan.first), ("every", plan.every)] {
            if !(1..=MOST_KM).contains(&step.km) || !(1..=MOST_MONTHS).contains(&step.months) {
                let message = format!("1 to {MOST_KM} km and 1 to {MOST_MONTHS} months");
                return Err(Error::field(field, "INVALID", message));
            }
        }
        if model.chars().count() > 100 {
            return Err(Error::field("model", "TOO_LONG", "at most 100 characters"));
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                // Whoever finds dues by the plan before is done, or begins after it.
                storage::lock(conn)?;
                if only_new
                    && storage::list_plans(conn)?
                        .iter()
                        .any(|(of, _)| *of == model)
                {
                    return Err(Error::Exists);
                }
                storage::put_plan(conn, &model, &plan)?;
                storage::mark_model(conn, &model)?;
                let entry = Entry {
                    act: "maintenance_plan_put",
                    subject: &model,
                    dealer: "",
                    detail: "",
                };
                record(conn, &ctx, now, &entry)?;
                Ok(())
            })
            .await
    }
}
