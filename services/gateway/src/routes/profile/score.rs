//! The customer's value score.

use marque_api::scoring::v1::GetScoreRequest;

use super::part::Part;
use crate::{edge::Call, routes::scores::ScoreView, state::App};

/// What the scoring role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<ScoreView> {
    let request = GetScoreRequest {
        customer_id: customer.to_owned(),
        explain: false,
        at: None,
    };
    let answer = app
        .clients
        .scoring
        .read_once(call, request, |mut client, request| async move {
            client.get_score(request).await
        })
        .await;
    Part::of(answer, |answer| answer.score.unwrap_or_default().into())
}
