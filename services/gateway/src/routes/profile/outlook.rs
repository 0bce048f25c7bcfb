//! What the customer is worth, how loyal he is and what is due for his cars: one question to the role that knows all three.

use marque_api::{
    customer::v1::Customer,
    scoring::v1::{GetDueDatesResponse, GetOutlookRequest, GetOutlookResponse},
};

use super::part::Part;
use crate::{
    edge::Call,
    problem::Answer,
    routes::{
        loyalty::{DueDates, LoyaltyView},
        scores::ScoreView,
    },
    state::App,
};

/// Who finds out whether a customer agrees to be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Whoever asks, of the customer as he is asked for at the same time: it costs no question.
    LookedFor,
    /// The scoring role.
    Asked,
}

/// Whether a customer does not want to be scored.
pub(super) fn has_refused(customer: &Customer) -> bool {
    let mut consents = customer.consents.iter();
    consents.any(|consent| consent.purpose == "scoring" && !consent.given)
}

/// Three parts of a profile.
pub(super) type Outlook = (Part<ScoreView>, Part<LoyaltyView>, Part<DueDates>);

/// What the scoring role says of a customer. Whether he still agrees to be scored it asks itself, unless that is looked for here.
pub(super) async fn of(app: &App, call: &Call, customer: &str, consent: Consent) -> Outlook {
    let request = GetOutlookRequest {
        customer_id: customer.to_owned(),
        looks_for_consent: consent == Consent::LookedFor,
    };
    let answer = app
        .clients
        .scoring
        .read_once(call, request, |mut client, request| async move {
            client.get_outlook(request).await
        })
        .await;
    parts(answer)
}

fn parts(answer: Answer<GetOutlookResponse>) -> Outlook {
    match answer {
        Ok(GetOutlookResponse {
            score,
            loyalty,
            cars,
        }) => (
            Part::of_some(score),
            Part::of_some(loyalty),
            Part::Ok(DueDates::from(GetDueDatesResponse { cars })),
        ),
        Err(failure) => (
            Part::missing(&failure),
            Part::missing(&failure),
            Part::missing(&failure),
        ),
    }
}
