//! The counters of the three guarantees of one car.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use marque_core::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::WearPart;
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::{Answer, Failure},
    state::App,
    values::{MoneyView, views},
};

/// A demand for another car or the money, if there is one.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DemandQuery {
    /// The day on which it was made: the answer says by when the seller must act.
    #[param(required = false, example = "2026-03-02")]
    demanded_on: String,
    /// What was paid for the car, in yuan: with `km` the answer says the fee for its use, where one is owed.
    #[param(required = false, example = "150000")]
    price: String,
    /// Km driven until then.
    #[param(required = false)]
    km: u32,
}

impl DemandQuery {
    fn told(self) -> Answer<Option<pb::GuaranteeDemand>> {
        let Self {
            demanded_on,
            price,
            km,
        } = self;
        if demanded_on.is_empty() && price.is_empty() && km == 0 {
            return Ok(None);
        }
        let price_minor = if price.is_empty() {
            0
        } else {
            Money::parse_minor(price.trim())
                .map_err(|error| Failure::field("price", "FORMAT", error.to_string()))?
        };
        Ok(Some(pb::GuaranteeDemand {
            demanded_on,
            price_minor,
            driven_km: km,
        }))
    }
}

/// The counters of a car.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Guarantees {
    /// The car.
    vehicle_id: String,
    /// By the vehicle licence: private or operating. The rules cover cars bought for household use alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    vehicle_use: String,
    /// Delivery from which the terms run; absent if it is not known, and then nothing is counted.
    #[serde(skip_serializing_if = "String::is_empty")]
    start: String,
    /// End of the three-guarantees period.
    #[serde(skip_serializing_if = "String::is_empty")]
    period_end: String,
    /// End of the repair period.
    #[serde(skip_serializing_if = "String::is_empty")]
    repair_period_end: String,
    /// The terms by which is counted.
    terms: TermsView,
    /// The nearest to its threshold first.
    counters: Vec<CounterView>,
    /// What the demand that was told of asks of the seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    demand: Option<DemandView>,
}

/// What a demand for another car or the money asks of the seller (SAMR Order 43, Art. 27 and 28).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuaranteeDemand)]
pub(crate) struct DemandView {
    /// Last day for the answer, with reasons if it is a refusal: ten working days.
    #[schema(example = "2026-03-16")]
    answer_by: String,
    /// Last day for carrying it out, twenty working days; after it the buyer may choose the money.
    #[schema(example = "2026-03-30")]
    complete_by: String,
    /// One of them lies in a year whose days off are not announced, and may move.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    provisional: bool,
    /// Fee for the use of the car until then, owed in the cases of Art. 24 alone: absent where the counters reach none of them, or one
    /// of Art. 22 or 23 too, and without price or km.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_fee: Option<MoneyView>,
}

impl From<pb::GuaranteeDemanded> for DemandView {
    fn from(demanded: pb::GuaranteeDemanded) -> Self {
        let fee = demanded.usage_fee_minor;
        Self {
            answer_by: demanded.answer_by,
            complete_by: demanded.complete_by,
            provisional: demanded.provisional,
            usage_fee: fee.map(MoneyView::cny),
        }
    }
}

/// The terms of a car: months or km from its sale, whichever is first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CarGuaranteeTerms)]
pub(crate) struct TermsView {
    /// The promise is to cars sold on this day or later; absent where it is the law's least.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "2026-01-01")]
    sold_from: String,
    /// Three-guarantees period in months.
    period_months: u32,
    /// Three-guarantees period in km.
    period_km: u32,
    /// Repair period in months.
    repair_months: u32,
    /// Repair period in km.
    repair_km: u32,
    /// Usage fee per 1,000 km as a share of the price, in hundredths of a per cent, owed where a car is given back for what comes of use
    /// and repair (Art. 24), and never for what shows in the first days (Art. 22 and 23).
    usage_fee_basis_points: u32,
    /// Capacity that the traction battery may lose, in per cent of what it had; absent if the certificate does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    battery_fade_percent: Option<u32>,
    /// Parts that wear, each with a term of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wear_parts: Vec<WearPart>,
    /// Whose word they are: law (the law's least), model (the maker's for the model) or car (its own certificate).
    #[schema(example = "law")]
    granted_by: String,
}

impl TermsView {
    fn new(terms: pb::GuaranteeTerms, granted_by: String) -> Self {
        Self {
            sold_from: terms.sold_from,
            period_months: terms.period_months,
            period_km: terms.period_km,
            repair_months: terms.repair_months,
            repair_km: terms.repair_km,
            usage_fee_basis_points: terms.usage_fee_basis_points.unwrap_or_default(),
            battery_fade_percent: terms.battery_fade_percent,
            wear_parts: views(terms.wear_parts),
            granted_by,
        }
    }
}

/// A counter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuaranteeCounter)]
pub(crate) struct CounterView {
    /// first_seven_days, early_fault, early_unit_defect, serious_safety_fault, unit_replaced, main_part_replaced,
    /// repair_days, same_defect or spare_car.
    #[schema(example = "repair_days")]
    rule: String,
    /// Assembly, part or defect it counts.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    /// Days, repairs or replacements so far.
    count: i32,
    /// The count at which the threshold is reached.
    reached_at: i32,
    /// counted, warning or reached.
    #[schema(example = "warning")]
    level: String,
    /// For what must be "still unfit": whether a later repair shows it; for a fault of article 23, whether the workshop found it;
    /// for a spare car, whether none is on record; for the same defect, whether it has a fault code: without one the words of the
    /// diagnosis warn, and the subject is the assembly.
    confirmed: bool,
    /// Repair orders that count, oldest first, as dealer/number; of a warning before anything is counted, those that warn.
    evidence: Vec<String>,
}

impl From<pb::GuaranteeCounter> for CounterView {
    fn from(counter: pb::GuaranteeCounter) -> Self {
        Self {
            rule: counter.rule,
            subject: counter.subject,
            count: counter.count,
            reached_at: counter.reached_at,
            level: counter.level,
            confirmed: counter.confirmed,
            evidence: counter.evidence,
        }
    }
}

/// How near a car is to each threshold of the three-guarantees rules (SAMR Order 43), with the repair orders that count.
///
/// Evidence, not a verdict: whether a part is still unfit, or a fault a serious one, is for people to say.
#[utoipa::path(get, path = "/v1/vehicles/{id}/guarantees", tag = "scores",
    params(("id" = String, Path, description = "Vehicle id"), DemandQuery),
    responses((status = 200, description = "The counters", body = Guarantees)))]
pub(crate) async fn get_guarantees(
    State(app): State<App>,
    call: Call,
    Path(vehicle_id): Path<String>,
    Query(query): Query<DemandQuery>,
) -> Answer {
    let demand = query.told()?;
    let request = pb::GetGuaranteesRequest { vehicle_id, demand };
    let get = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.get_guarantees(request).await
        });
    let counted = get.await?;
    ok(&Guarantees {
        vehicle_id: counted.vehicle_id,
        vehicle_use: counted.vehicle_use,
        start: counted.start,
        period_end: counted.period_end,
        repair_period_end: counted.repair_period_end,
        terms: TermsView::new(counted.terms.unwrap_or_default(), counted.terms_by),
        counters: views(counted.counters),
        demand: counted.demanded.map(DemandView::from),
    })
}
