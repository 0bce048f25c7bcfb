//! What a person may ask for, on gRPC: his data, and to be forgotten.

use chrono::NaiveDate;
use marque_api::customer::v1::{self as pb, personal_data_service_server::PersonalDataService};
use marque_auth::CallContext;
use marque_core::{ErasureId, PageRequest, PageToken};
use marque_errors::Violation;
use tonic::Request;
use uuid::Uuid;

use super::{Answer, answer, convert};
use crate::{
    app::CustomerApp,
    domain::{CHECKED, Duty, Erasure, ErasureState, RETENTION, Ruling, Running},
    error::{Error, Result},
};

#[derive(Debug, Clone)]
pub(crate) struct PersonalDataGrpc {
    app: CustomerApp,
}

impl PersonalDataGrpc {
    pub(crate) fn new(app: CustomerApp) -> Self {
        Self { app }
    }

    async fn export(
        &self,
        request: Request<pb::ExportCustomerRequest>,
    ) -> Result<pb::ExportCustomerResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::ExportCustomerRequest {
            customer_id,
            reason,
        } = request.into_inner();
        let id = convert::customer_id(&customer_id)?;
        let file = self.app.export(ctx, id, reason).await?;
        let current = file.customer.id;
        let records: Vec<_> = file.known_records().cloned().collect();
        Ok(pb::ExportCustomerResponse {
            source_records: records
                .into_iter()
                .map(|record| convert::whole_record_to_pb(record, current))
                .collect(),
            customer: Some(convert::customer_to_pb(file, true)),
        })
    }

    async fn ask(
        &self,
        request: Request<pb::RequestErasureRequest>,
    ) -> Result<pb::RequestErasureResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::RequestErasureRequest {
            customer_id,
            ground,
        } = request.into_inner();
        let named = if customer_id.is_empty() {
            None
        } else {
            Some(convert::customer_id(&customer_id)?)
        };
        let erasure = self.app.request_erasure(ctx, named, ground).await?;
        Ok(pb::RequestErasureResponse {
            erasure: Some(to_pb(erasure)),
        })
    }

    async fn get(&self, request: Request<pb::GetErasureRequest>) -> Result<pb::GetErasureResponse> {
        let ctx = CallContext::of(&request)?;
        let id = request.into_inner().erasure_id;
        let erasure = self.app.erasure(ctx, id.parse().ok()).await?;
        Ok(pb::GetErasureResponse {
            erasure: Some(to_pb(erasure)),
        })
    }

    async fn list(
        &self,
        request: Request<pb::ListErasuresRequest>,
    ) -> Result<pb::ListErasuresResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let state = match request.state.as_str() {
            "" => ErasureState::Requested,
            text => ErasureState::parse(text).ok_or_else(|| {
                invalid(
                    "state",
                    "requested, restricted, erased or refused".to_owned(),
                )
            })?,
        };
        let list = format!("erasures?{}", state.as_str());
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let after = page.after.and_then(|token| token.key.parse().ok());
        let after = after.unwrap_or(Uuid::nil());
        let erasures = self.app.erasures(ctx, state, after, page.size).await?;
        let next = erasures
            .last()
            .filter(|_| erasures.len() == page.size as usize)
            .map(|last| PageToken::write(&last.id.uuid().to_string(), &list));
        Ok(pb::ListErasuresResponse {
            erasures: erasures.into_iter().map(to_pb).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn decide(
        &self,
        request: Request<pb::DecideErasureRequest>,
    ) -> Result<pb::DecideErasureResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::DecideErasureRequest {
            erasure_id,
            decision,
            reason,
            duties,
        } = request.into_inner();
        let id = parse_id(&erasure_id)?;
        let ruling = read_ruling(&decision, &duties)?;
        let erasure = self.app.decide_erasure(ctx, id, ruling, reason).await?;
        Ok(pb::DecideErasureResponse {
            erasure: Some(to_pb(erasure)),
        })
    }

    async fn open(
        &self,
        request: Request<pb::OpenRestrictedRequest>,
    ) -> Result<pb::OpenRestrictedResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::OpenRestrictedRequest { erasure_id, reason } = request.into_inner();
        let id = parse_id(&erasure_id)?;
        let (erasure, records) = self.app.open_restricted(ctx, id, reason).await?;
        let shown = records
            .into_iter()
            .map(|record| convert::whole_record_to_pb(record, erasure.customer));
        Ok(pb::OpenRestrictedResponse {
            source_records: shown.collect(),
        })
    }
}

/// An id that cannot be one is as unknown as one that is not.
fn parse_id(text: &str) -> Result<ErasureId> {
    text.parse().map_err(|_| Error::ErasureUnknown)
}

fn read_ruling(decision: &str, duties: &[pb::RunningDuty]) -> Result<Ruling> {
    match decision {
        "restrict" if duties.is_empty() => Err(invalid(
            "duties",
            "which duties still run, each with the day it runs from".to_owned(),
        )),
        "restrict" => {
            let read = duties.iter().enumerate().map(read_duty);
            Ok(Ruling::Restrict(read.collect::<Result<_>>()?))
        }
        "erase" | "refuse" if !duties.is_empty() => Err(invalid(
            "duties",
            "only for the decision restrict".to_owned(),
        )),
        "erase" => Ok(Ruling::Erase),
        "refuse" => Ok(Ruling::Refuse),
        _ => Err(invalid("decision", "erase, restrict or refuse".to_owned())),
    }
}

fn read_duty((at, asked): (usize, &pb::RunningDuty)) -> Result<Running> {
    let duty = Duty::find(&asked.code).ok_or_else(|| {
        let codes = RETENTION.map(|duty| duty.code).join(", ");
        invalid(&format!("duties[{at}].code"), format!("one of {codes}"))
    })?;
    let since: NaiveDate = asked.since.parse().map_err(|_| {
        let message = format!("{}, as YYYY-MM-DD", duty.since);
        invalid(&format!("duties[{at}].since"), message)
    })?;
    Ok(Running { duty, since })
}

fn invalid(field: &str, message: String) -> Error {
    Error::Invalid(vec![Violation::new(field, "FORMAT", message)])
}

fn to_pb(erasure: Erasure) -> pb::Erasure {
    let Erasure {
        id,
        customer,
        state,
        ground,
        requested_by,
        requested_at,
        due_at,
        decided_by,
        decided_at,
        reason,
        duties,
        kept_until,
    } = erasure;
    pb::Erasure {
        id: id.to_string(),
        customer_id: customer.to_string(),
        state: state.as_str().to_owned(),
        ground,
        requested_by,
        requested_at: convert::time(requested_at),
        due_at: convert::time(due_at),
        decided_by,
        decided_at: decided_at.and_then(convert::time),
        reason,
        duties: duties
            .into_iter()
            .map(|running| pb::RunningDuty {
                code: running.duty.code.to_owned(),
                since: running.since.to_string(),
            })
            .collect(),
        kept_until: kept_until.map_or_else(String::new, |day| day.to_string()),
    }
}

fn duty_to_pb(duty: &Duty) -> pb::Duty {
    pb::Duty {
        code: duty.code.to_owned(),
        records: duty.records.to_owned(),
        years: duty.years as i32,
        since: duty.since.to_owned(),
        source: duty.source.to_owned(),
        in_force_from: duty.in_force_from.to_string(),
    }
}

#[tonic::async_trait]
impl PersonalDataService for PersonalDataGrpc {
    async fn export_customer(
        &self,
        request: Request<pb::ExportCustomerRequest>,
    ) -> Answer<pb::ExportCustomerResponse> {
        answer(self.export(request).await)
    }

    async fn request_erasure(
        &self,
        request: Request<pb::RequestErasureRequest>,
    ) -> Answer<pb::RequestErasureResponse> {
        answer(self.ask(request).await)
    }

    async fn get_erasure(
        &self,
        request: Request<pb::GetErasureRequest>,
    ) -> Answer<pb::GetErasureResponse> {
        answer(self.get(request).await)
    }

    async fn list_erasures(
        &self,
        request: Request<pb::ListErasuresRequest>,
    ) -> Answer<pb::ListErasuresResponse> {
        answer(self.list(request).await)
    }

    async fn decide_erasure(
        &self,
        request: Request<pb::DecideErasureRequest>,
    ) -> Answer<pb::DecideErasureResponse> {
        answer(self.decide(request).await)
    }

    async fn open_restricted(
        &self,
        request: Request<pb::OpenRestrictedRequest>,
    ) -> Answer<pb::OpenRestrictedResponse> {
        answer(self.open(request).await)
    }

    async fn list_retention(
        &self,
        _: Request<pb::ListRetentionRequest>,
    ) -> Answer<pb::ListRetentionResponse> {
        answer(Ok(pb::ListRetentionResponse {
            duties: RETENTION.iter().map(duty_to_pb).collect(),
            checked_on: CHECKED.to_string(),
        }))
    }
}
