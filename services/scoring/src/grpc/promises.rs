//! The terms of the three guarantees on the wire.

use marque_api::scoring::v1 as pb;
use marque_auth::CallContext;
use marque_insight::law::guarantees::Terms;
use tonic::Request;

use super::{ScoreGrpc, vehicle};
use crate::{
    app::NewPromise,
    domain::Promise,
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
        let told = request.into_inner().terms.unwrap_or_default();
        let vehicle_id = told.vehicle_id.clone();
        let promise = self.app.put_promise(ctx, from_pb(told)?).await?;
        Ok(pb::PutGuaranteeTermsResponse {
            terms: Some(to_pb(promise, vehicle_id)),
        })
    }
}

fn from_pb(told: pb::GuaranteeTerms) -> Result<NewPromise> {
    let pb::GuaranteeTerms {
        vehicle_id,
        model,
        sold_from,
        period_months,
        period_km,
        repair_months,
        repair_km,
    } = told;
    let is_said = |text: &&str| !text.is_empty();
    let car = Some(vehicle_id.as_str()).filter(is_said);
    let from = Some(sold_from.trim()).filter(is_said);
    let from = from.map(|day| {
        day.parse()
            .map_err(|_| Error::field("sold_from", "INVALID", "a day as YYYY-MM-DD"))
    });
    Ok(NewPromise {
        vehicle: car.map(vehicle).transpose()?,
        model: model.trim().to_owned(),
        sold_from: from.transpose()?,
        terms: Terms {
            period_months,
            period_km,
            repair_months,
            repair_km,
            ..Terms::STATUTORY
        },
    })
}

/// The terms as they are; of what cars they are is the caller's to add.
pub(super) fn terms_to_pb(terms: &Terms) -> pb::GuaranteeTerms {
    pb::GuaranteeTerms {
        period_months: terms.period_months,
        period_km: terms.period_km,
        repair_months: terms.repair_months,
        repair_km: terms.repair_km,
        ..pb::GuaranteeTerms::default()
    }
}

fn to_pb(promise: Promise, vehicle_id: String) -> pb::GuaranteeTerms {
    pb::GuaranteeTerms {
        vehicle_id,
        sold_from: promise.sold_from.to_string(),
        model: promise.model,
        ..terms_to_pb(&promise.terms)
    }
}
