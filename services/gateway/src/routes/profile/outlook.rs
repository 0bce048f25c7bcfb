//! What the customer is worth, how loyal he is and what is due for his cars: one question to the role that knows all three.

use marque_api::scoring::v1::{GetDueDatesResponse, GetOutlookRequest, GetOutlookResponse};

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

/// Three parts of a profile.
pub(super) type Outlook = (Part<ScoreView>, Part<LoyaltyView>, Part<DueDates>);

/// What the scoring role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Outlook {
    let request = GetOutlookRequest {
        customer_id: customer.to_owned(),
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
