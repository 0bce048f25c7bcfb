//! The customer's loyalty, and how likely he stays away.

use marque_api::scoring::v1::GetLoyaltyRequest;

use super::part::Part;
use crate::{edge::Call, routes::loyalty::LoyaltyView, state::App};

/// What the scoring role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<LoyaltyView> {
    let request = GetLoyaltyRequest {
        customer_id: customer.to_owned(),
    };
    let answer = app
        .clients
        .scoring
        .read_once(call, request, |mut client, request| async move {
            client.get_loyalty(request).await
        })
        .await;
    Part::of(answer, |answer| answer.loyalty.unwrap_or_default().into())
}
