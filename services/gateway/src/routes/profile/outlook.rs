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

/// Who finds out whether a customer agrees to be scored and reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Whoever asks, of the customer as he is asked for at the same time: it costs no question.
    LookedFor,
    /// The scoring role.
    Asked,
}

/// What the scoring role tells of a customer only if he agrees.
const PURPOSES: [&str; 2] = ["scoring", "care"];

/// Whether a customer does not want to be scored, or not to be reminded.
pub(super) fn has_refused(customer: &Customer) -> bool {
    let mut refused = customer.consents.iter().filter(|consent| !consent.given);
    refused.any(|consent| PURPOSES.contains(&consent.purpose.as_str()))
}

/// Three parts of a profile.
pub(super) type Outlook = (Part<ScoreView>, Part<LoyaltyView>, Part<DueDates>);

/// What the scoring role says of a customer. Whether he still agrees to be scored and reminded it asks itself, unless that is looked for
/// here.
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
            cars_left_out,
        }) => (
            Part::of_some(score),
            Part::of_some(loyalty),
            if cars_left_out {
                Part::Unavailable
            } else {
                Part::Ok(DueDates::from(GetDueDatesResponse { cars }))
            },
        ),
        Err(failure) => (
            Part::missing(&failure),
            Part::missing(&failure),
            Part::missing(&failure),
        ),
    }
}

#[cfg(test)]
mod tests {
    use marque_api::customer::v1 as customer;

    use super::*;

    #[test]
    fn who_does_not_want_to_be_scored_or_reminded_is_asked_about_anew() {
        let says = |purpose: &str, given| Customer {
            consents: vec![customer::Consent {
                purpose: purpose.to_owned(),
                given,
                ..customer::Consent::default()
            }],
            ..Customer::default()
        };
        assert!(has_refused(&says("scoring", false)));
        assert!(has_refused(&says("care", false)));
        assert!(!has_refused(&says("care", true)));
        assert!(!has_refused(&says("marketing", false)));
    }

    #[test]
    fn what_is_due_is_not_said_to_be_nothing_while_nobody_knows_whether_it_may_be_told() {
        let (_, _, due_dates) = parts(Ok(GetOutlookResponse {
            cars_left_out: true,
            ..GetOutlookResponse::default()
        }));
        assert!(matches!(due_dates, Part::Unavailable));
    }
}
