//! Everything about one customer at once. A file a part: roles are asked side by side, and one that is down or late
//! leaves its own part out.
//!
//! To add a part: a file with its view and `of(app, call, customer) -> Part<View>`, its field in [`Facts`] and its line
//! in [`Facts::of`]. Parts that one role knows come by one call.

mod car;
mod customer;
mod open_complaints;
mod outlook;
mod part;
mod vehicles;
mod visits;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::{car::CarFacts, part::is_outage};
use self::{outlook::Consent, part::Part};
use crate::{
    answer::ok,
    edge::Call,
    extract::Path,
    problem::Answer,
    routes::{
        customers::CustomerView,
        loyalty::{DueDates, LoyaltyView},
        scores::ScoreView,
    },
    state::App,
};

/// Everything about one customer, part by part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    /// The golden customer.
    customer: Part<CustomerView>,
    /// What other roles know of him.
    #[serde(flatten)]
    facts: Facts,
}

/// What roles know of a customer by his id alone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facts {
    /// His vehicles.
    vehicles: Part<vehicles::Vehicles>,
    /// His last ten visits.
    visits: Part<visits::LastVisits>,
    /// Complaints that are not closed.
    open_complaints: Part<open_complaints::OpenComplaints>,
    /// Value score.
    score: Part<ScoreView>,
    /// Loyalty.
    loyalty: Part<LoyaltyView>,
    /// What is due next.
    due_dates: Part<DueDates>,
}

impl Facts {
    /// Asks all roles at once.
    async fn of(app: &App, call: &Call, customer: &str, consent: Consent) -> Self {
        let (vehicles, visits, open_complaints, (score, loyalty, due_dates)) = tokio::join!(
            vehicles::of(app, call, customer),
            visits::of(app, call, customer),
            open_complaints::of(app, call, customer),
            outlook::of(app, call, customer, consent),
        );
        Self {
            vehicles,
            visits,
            open_complaints,
            score,
            loyalty,
            due_dates,
        }
    }

    /// Asks anew what is told of him only if he agrees: what came may be of a moment ago, when he did.
    async fn ask_whether_he_agrees(&mut self, app: &App, call: &Call, customer: &str) {
        let outlook = outlook::of(app, call, customer, Consent::Asked).await;
        (self.score, self.loyalty, self.due_dates) = outlook;
    }

    /// Leaves out what is told of him only if he agrees, since nobody knows whether he still does.
    fn leave_out_what_he_may_refuse(&mut self) {
        if self.score.is_here() {
            self.score = Part::Unavailable;
        }
        if self.loyalty.is_here() {
            self.loyalty = Part::Unavailable;
        }
        if self.due_dates.is_here() {
            self.due_dates = Part::Unavailable;
        }
    }

    /// Whether one of the roles that know every customer answered: with none of them there is no profile to show.
    fn are_here(&self) -> bool {
        self.vehicles.is_here() || self.visits.is_here()
    }
}

/// A customer at once: himself, vehicles, last visits, and what further roles know.
///
/// A part whose role is down or late says `unavailable`, and the answer is still 200.
#[utoipa::path(get, path = "/v1/customers/{id}/profile", tag = "customers",
    params(("id" = String, Path, description = "Customer id", example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")),
    responses((status = 200, description = "The profile", body = Profile)))]
pub(crate) async fn get_profile(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    assemble(&app, call, &id).await
}

/// What roles know of a customer and of a car, for views beside his profile; nothing of who or what is not named.
pub(crate) async fn beside(
    app: &App,
    mut call: Call,
    (customer, vin): (&str, &str),
) -> (Option<Facts>, Option<CarFacts>) {
    call.meta = call.meta.within(app.settings.part_deadline);
    let facts = async {
        match customer {
            "" => None,
            customer => Some(Facts::of(app, &call, customer, Consent::Asked).await),
        }
    };
    // On the heap: both together are too large a future for the stack.
    let car = Box::pin(async {
        match vin {
            "" => None,
            vin => Some(CarFacts::of(app, &call, vin).await),
        }
    });
    tokio::join!(facts, car)
}

/// The profile of an id; the facts of one that was merged away are asked again of the customer it now is, and those of who does not agree
/// to be scored or reminded as far as they rest on that. Of whom that cannot be known they are left out.
pub(crate) async fn assemble(app: &App, mut call: Call, id: &str) -> Answer {
    call.meta = call.meta.within(app.settings.part_deadline);
    let (customer, mut facts) = tokio::join!(
        customer::get(app, &call, id),
        Facts::of(app, &call, id, Consent::LookedFor)
    );
    match &customer {
        Ok(current) if current.id != id => {
            facts = Facts::of(app, &call, &current.id, Consent::Asked).await;
        }
        Ok(current) if outlook::has_refused(current) => {
            facts.ask_whether_he_agrees(app, &call, id).await;
        }
        Err(failure) if !is_outage(failure) || !facts.are_here() => return Err(failure.clone()),
        Err(_) => facts.leave_out_what_he_may_refuse(),
        Ok(_) => {}
    }
    ok(&Profile {
        customer: Part::of(customer, CustomerView::from),
        facts,
    })
}
