//! The terms of the three guarantees on the wire.

use marque_api::scoring::v1 as pb;
use marque_auth::CallContext;
use marque_insight::law::guarantees::Terms;
use tonic::Request;

use super::{ScoreGrpc, vehicle};
use crate::{
    app::{NewPromise, PromisedTo},
    domain::{Particulars, Promise, WearPart},
    error::{Error, Result},
};

impl ScoreGrpc {
    pub(super) async fn promises(&self) -> Result<pb::ListGuaranteeTermsResponse> {
        let promises = self.app.list_promises().await?;
        let terms = promises.into_iter().map(|each| to_pb(each, String::new()));
        Ok(pb::ListGuaranteeTermsResponse {
            terms: terms.collect(),
        })
    }

    pub(super) async fn promise(
        &self,
        request: Request<pb::PutGuaranteeTermsRequest>,
    ) -> Result<pb::PutGuaranteeTermsResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::PutGuaranteeTermsRequest { terms, only_new } = request.into_inner();
        let told = terms.unwrap_or_default();
        let (vehicle_id, withdrawn) = (told.vehicle_id.clone(), told.withdrawn);
        let (to, new) = from_pb(told)?;
        let new = (!withdrawn).then_some(new);
        let promise = self.app.put_promise(ctx, (to, only_new), new).await?;
        Ok(pb::PutGuaranteeTermsResponse {
            terms: Some(pb::GuaranteeTerms {
                withdrawn,
                ..to_pb(promise, vehicle_id)
            }),
        })
    }
}

fn from_pb(told: pb::GuaranteeTerms) -> Result<(PromisedTo, NewPromise)> {
    let pb::GuaranteeTerms {
        vehicle_id,
        model,
        sold_from,
        period_months,
        period_km,
        repair_months,
        repair_km,
        withdrawn: _,
        usage_fee_basis_points,
        battery_fade_percent,
        wear_parts,
    } = told;
    let is_said = |text: &&str| !text.is_empty();
    let car = Some(vehicle_id.as_str()).filter(is_said);
    let from = Some(sold_from.trim()).filter(is_said);
    let from = from.map(|day| {
        day.parse()
            .map_err(|_| Error::field("sold_from", "INVALID", "a day as YYYY-MM-DD"))
    });
    let to = PromisedTo {
        vehicle: car.map(vehicle).transpose()?,
        model: model.trim().to_owned(),
        sold_from: from.transpose()?,
    };
    let new = NewPromise {
        terms: Terms {
            period_months,
            period_km,
            repair_months,
            repair_km,
            fee_per_1000_km: usage_fee_basis_points.unwrap_or(Terms::STATUTORY.fee_per_1000_km),
            ..Terms::STATUTORY
        },
        particulars: Particulars {
            battery_fade_percent,
            wear_parts: wear_parts.into_iter().map(wear_part_from_pb).collect(),
        },
    };
    Ok((to, new))
}

fn wear_part_from_pb(part: pb::WearPart) -> WearPart {
    let pb::WearPart { name, months, km } = part;
    WearPart {
        name: name.trim().to_owned(),
        months,
        km,
    }
}

/// The terms as they are; of what cars they are is the caller's to add.
pub(super) fn terms_to_pb(terms: &Terms, particulars: Particulars) -> pb::GuaranteeTerms {
    let wear_part = |WearPart { name, months, km }| pb::WearPart { name, months, km };
    pb::GuaranteeTerms {
        period_months: terms.period_months,
        period_km: terms.period_km,
        repair_months: terms.repair_months,
        repair_km: terms.repair_km,
        usage_fee_basis_points: Some(terms.fee_per_1000_km),
        battery_fade_percent: particulars.battery_fade_percent,
        wear_parts: particulars.wear_parts.into_iter().map(wear_part).collect(),
        ..pb::GuaranteeTerms::default()
    }
}

fn to_pb(promise: Promise, vehicle_id: String) -> pb::GuaranteeTerms {
    pb::GuaranteeTerms {
        vehicle_id,
        sold_from: promise.sold_from.to_string(),
        model: promise.model,
        ..terms_to_pb(&promise.terms, promise.particulars)
    }
}
