//! The service on gRPC: converts, calls the app, converts back.

mod cohesion;
mod consents;
mod convert;
mod personal_data;
mod reconciliation;
mod terms;

pub(crate) use consents::ConsentGrpc;
pub(crate) use personal_data::PersonalDataGrpc;

use marque_api::customer::v1::{
    self as pb, customer_service_server::CustomerService, lookup_request,
};
use marque_auth::CallContext;
use marque_core::{CustomerNumber, PageRequest, PageToken};
use marque_errors::{Violation, status};
use marque_ledger::{IdempotencyKey, Keyed};
use marque_quality::text::tidy;
use marque_rpc::CallMeta;
use tonic::{Request, Response, Status};

use self::terms::{mode, read_pair_key, terms, told};
use crate::{
    app::{CustomerApp, Key},
    domain::Consent,
    error::{Error, Result},
    storage::{Decision, DuplicateState},
};

#[derive(Debug, Clone)]
pub(crate) struct CustomerGrpc {
    app: CustomerApp,
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

impl CustomerGrpc {
    pub(crate) fn new(app: CustomerApp) -> Self {
        Self { app }
    }

    async fn put(
        &self,
        request: Request<pb::PutSourceRecordRequest>,
    ) -> Result<pb::PutSourceRecordResponse> {
        let ctx = CallContext::of(&request)?;
        let meta = CallMeta::of(&request);
        let key = IdempotencyKey::of(request.metadata())?;
        let request = request.into_inner();
        let columns = convert::columns_from_pb(&request.key, request.columns.as_ref());
        self.app
            .put_source_record(ctx, meta, key, request, columns, convert::put_to_pb)
            .await
    }

    async fn get(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Result<pb::GetCustomerResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let file = match tidy(&request.id).parse::<CustomerNumber>() {
            Ok(number) => self.app.get_by_number(ctx.clone(), number).await?,
            Err(_) => {
                self.app
                    .get(ctx.clone(), convert::customer_id(&request.id)?)
                    .await?
            }
        };
        let customer = convert::customer_to_pb(file, request.with_lineage);
        Ok(pb::GetCustomerResponse {
            customer: Some(customer),
        })
    }

    async fn find(&self, request: Request<pb::LookupRequest>) -> Result<pb::LookupResponse> {
        let ctx = CallContext::of(&request)?;
        let key = match request.into_inner().key {
            Some(lookup_request::Key::Phone(text)) => Key::Phone(text),
            Some(lookup_request::Key::Plate(text)) => Key::Plate(text),
            Some(lookup_request::Key::Vin(text)) => Key::Vin(text),
            Some(lookup_request::Key::IdNumber(text)) => Key::IdNumber(text),
            Some(lookup_request::Key::CreditCode(text)) => Key::CreditCode(text),
            Some(lookup_request::Key::Number(text)) => Key::Number(text),
            Some(lookup_request::Key::Car(parties)) => {
                Key::Car(convert::record_ids(&parties.source_record_ids)?)
            }
            None => {
                let message = "give one of phone, plate, vin, id_number, credit_code, number";
                return Err(Error::Invalid(vec![Violation::new(
                    "key", "MISSING", message,
                )]));
            }
        };
        let found = self.app.lookup(ctx.clone(), key).await?;
        Ok(pb::LookupResponse {
            customers: found
                .files
                .into_iter()
                .map(|file| convert::customer_to_pb(file, false))
                .collect(),
            reception: found.is_reception,
        })
    }

    async fn records(
        &self,
        request: Request<pb::ListSourceRecordsRequest>,
    ) -> Result<pb::ListSourceRecordsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("source_records?{}", request.customer_id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let id = convert::customer_id(&request.customer_id)?;
        let after = page
            .after
            .as_ref()
            .and_then(|token| token.key.parse::<i64>().ok())
            .unwrap_or(0);
        let (current, shown) = self
            .app
            .source_records(ctx.clone(), id, after, page.size)
            .await?;
        let next = shown
            .last()
            .filter(|_| shown.len() == page.size as usize)
            .map(|last| last.seq.to_string());
        Ok(pb::ListSourceRecordsResponse {
            source_records: shown
                .into_iter()
                .map(|record| convert::record_to_pb(&ctx, record, current))
                .collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn record(
        &self,
        request: Request<pb::GetSourceRecordRequest>,
    ) -> Result<pb::GetSourceRecordResponse> {
        let ctx = CallContext::of(&request)?;
        let id = request.into_inner().id;
        let id = id.parse().map_err(|_| Error::RecordUnknown)?;
        let (customer, record) = self.app.source_record(ctx.clone(), id).await?;
        Ok(pb::GetSourceRecordResponse {
            source_record: Some(convert::record_to_pb(&ctx, record, customer)),
        })
    }

    async fn history(
        &self,
        request: Request<pb::ListHistoryRequest>,
    ) -> Result<pb::ListHistoryResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("history?{}", request.customer_id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let entries = self
            .app
            .history(ctx, convert::customer_id(&request.customer_id)?)
            .await?;
        // New entries come at the front: the position is counted from the oldest, which stays where it is.
        let left = page
            .after
            .as_ref()
            .and_then(|token| token.key.parse::<usize>().ok())
            .unwrap_or(entries.len());
        let begin = entries.len().saturating_sub(left);
        let shown: Vec<_> = entries[begin..]
            .iter()
            .take(page.size as usize)
            .cloned()
            .collect();
        let rest = entries.len() - begin - shown.len();
        Ok(pb::ListHistoryResponse {
            entries: shown.into_iter().map(convert::history_to_pb).collect(),
            next_page_token: if rest > 0 {
                PageToken::write(&rest.to_string(), &list)
            } else {
                String::new()
            },
        })
    }

    async fn open(&self, request: Request<pb::UnmaskRequest>) -> Result<pb::UnmaskResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::UnmaskRequest {
            customer_id,
            reason,
        } = keyed.request().clone();
        let unmasked = self
            .app
            .unmask(ctx, keyed, convert::customer_id(&customer_id)?, reason)
            .await?;
        Ok(pb::UnmaskResponse {
            id_number: unmasked.id_number,
            phones: unmasked.phones,
            address: unmasked.address,
        })
    }

    async fn join(&self, request: Request<pb::MergeRequest>) -> Result<pb::MergeResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::MergeRequest {
            customer_id,
            into,
            reason,
            preview,
            expected_version,
        } = keyed.request().clone();
        let both = (
            convert::customer_id(&customer_id)?,
            convert::customer_id(&into)?,
        );
        let (merge, file) = self
            .app
            .merge(ctx, keyed, both, terms(reason, preview, expected_version))
            .await?;
        Ok(pb::MergeResponse {
            merge_id: told(merge, preview),
            customer: Some(convert::customer_to_pb(file, false)),
        })
    }

    async fn part(&self, request: Request<pb::SplitRequest>) -> Result<pb::SplitResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::SplitRequest {
            customer_id,
            source_record_ids,
            reason,
            preview,
            expected_version,
        } = keyed.request().clone();
        let records = (
            convert::customer_id(&customer_id)?,
            convert::record_ids(&source_record_ids)?,
        );
        let (merge, new, remaining) = self
            .app
            .split(
                ctx,
                keyed,
                records,
                terms(reason, preview, expected_version),
            )
            .await?;
        Ok(pb::SplitResponse {
            merge_id: told(merge, preview),
            customer: Some(convert::customer_to_pb(new, false)),
            remaining: remaining.map(|file| convert::customer_to_pb(file, false)),
        })
    }

    async fn take_back(&self, request: Request<pb::UndoRequest>) -> Result<pb::UndoResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::UndoRequest { merge_id, preview } = keyed.request().clone();
        let id = merge_id.parse().map_err(|_| Error::MoveUnknown)?;
        let files = self.app.undo(ctx, keyed, id, mode(preview)).await?;
        let customers = files
            .into_iter()
            .map(|file| convert::customer_to_pb(file, false))
            .collect();
        Ok(pb::UndoResponse { customers })
    }

    async fn check(
        &self,
        request: Request<pb::CheckDuplicateRequest>,
    ) -> Result<pb::CheckDuplicateResponse> {
        let ctx = CallContext::of(&request)?;
        let meta = CallMeta::of(&request);
        let pb::CheckDuplicateRequest { dealer, columns } = request.into_inner();
        let columns = convert::columns_from_pb("", columns.as_ref());
        let (recognition, customer) = self.app.recognise(ctx, meta, dealer, columns).await?;
        Ok(pb::CheckDuplicateResponse {
            verdict: recognition.as_str().to_owned(),
            customer_id: customer.map_or_else(String::new, |id| id.to_string()),
        })
    }

    async fn pairs(
        &self,
        request: Request<pb::ListDuplicatesRequest>,
    ) -> Result<pb::ListDuplicatesResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let text = if request.state.is_empty() {
            "open"
        } else {
            &request.state
        };
        let state = DuplicateState::parse(text).ok_or_else(|| {
            Error::Invalid(vec![Violation::new(
                "state",
                "UNKNOWN",
                "open, later, same, different, disputed or closed",
            )])
        })?;
        let list = format!("duplicates?{}", state.as_str());
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let after = page
            .after
            .as_ref()
            .and_then(|token| read_pair_key(&token.key));
        let (pairs, next) = self
            .app
            .duplicates(ctx.clone(), state, after, page.size)
            .await?;
        let next = next.map(|(gain, id)| PageToken::write(&format!("{gain} {id}"), &list));
        Ok(pb::ListDuplicatesResponse {
            duplicates: pairs.into_iter().map(convert::pair_to_pb).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    async fn decide(
        &self,
        request: Request<pb::DecideDuplicateRequest>,
    ) -> Result<pb::DecideDuplicateResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::DecideDuplicateRequest {
            id,
            decision,
            reason,
        } = keyed.request().clone();
        let id = id.parse().map_err(|_| Error::DuplicateUnknown)?;
        let decision = Decision::parse(&decision).ok_or_else(|| {
            Error::Invalid(vec![Violation::new(
                "decision",
                "UNKNOWN",
                "same, different or later",
            )])
        })?;
        let (pair, merge) = self.app.decide(ctx, keyed, id, decision, reason).await?;
        Ok(pb::DecideDuplicateResponse {
            duplicate: Some(convert::pair_to_pb(pair)),
            merge_id: merge.map_or_else(String::new, |merge| merge.to_string()),
        })
    }

    async fn count(
        &self,
        request: Request<pb::CountCustomersRequest>,
    ) -> Result<pb::CountCustomersResponse> {
        let counts = self.app.count(CallContext::of(&request)?).await?;
        Ok(pb::CountCustomersResponse {
            persons: counts.persons,
            organizations: counts.organizations,
            source_records: counts.source_records,
            open_duplicates: counts.open_duplicates,
        })
    }

    async fn consent(
        &self,
        request: Request<pb::PutConsentRequest>,
    ) -> Result<pb::PutConsentResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::PutConsentRequest {
            customer_id,
            purpose,
            given,
            notice_version,
            channel,
            expected_version,
        } = keyed.request().clone();
        let consent = Consent {
            purpose,
            given,
            notice_version,
            channel,
            changed_at: marque_core::Timestamp::default(),
        };
        let id = convert::customer_id(&customer_id)?;
        self.app
            .put_consent(
                ctx,
                keyed,
                (id, expected_version),
                consent,
                convert::consent_put_to_pb,
            )
            .await
    }
}

#[tonic::async_trait]
impl CustomerService for CustomerGrpc {
    async fn put_source_record(
        &self,
        request: Request<pb::PutSourceRecordRequest>,
    ) -> Answer<pb::PutSourceRecordResponse> {
        answer(self.put(request).await)
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Answer<pb::GetCustomerResponse> {
        answer(self.get(request).await)
    }

    async fn lookup(&self, request: Request<pb::LookupRequest>) -> Answer<pb::LookupResponse> {
        answer(self.find(request).await)
    }

    async fn list_source_records(
        &self,
        request: Request<pb::ListSourceRecordsRequest>,
    ) -> Answer<pb::ListSourceRecordsResponse> {
        answer(self.records(request).await)
    }

    async fn get_source_record(
        &self,
        request: Request<pb::GetSourceRecordRequest>,
    ) -> Answer<pb::GetSourceRecordResponse> {
        answer(self.record(request).await)
    }

    async fn list_history(
        &self,
        request: Request<pb::ListHistoryRequest>,
    ) -> Answer<pb::ListHistoryResponse> {
        answer(self.history(request).await)
    }

    async fn get_cohesion(
        &self,
        request: Request<pb::GetCohesionRequest>,
    ) -> Answer<pb::GetCohesionResponse> {
        answer(self.cohesion(request).await)
    }

    async fn unmask(&self, request: Request<pb::UnmaskRequest>) -> Answer<pb::UnmaskResponse> {
        answer(self.open(request).await)
    }

    async fn merge(&self, request: Request<pb::MergeRequest>) -> Answer<pb::MergeResponse> {
        answer(self.join(request).await)
    }

    async fn split(&self, request: Request<pb::SplitRequest>) -> Answer<pb::SplitResponse> {
        answer(self.part(request).await)
    }

    async fn undo(&self, request: Request<pb::UndoRequest>) -> Answer<pb::UndoResponse> {
        answer(self.take_back(request).await)
    }

    async fn list_duplicates(
        &self,
        request: Request<pb::ListDuplicatesRequest>,
    ) -> Answer<pb::ListDuplicatesResponse> {
        answer(self.pairs(request).await)
    }

    async fn decide_duplicate(
        &self,
        request: Request<pb::DecideDuplicateRequest>,
    ) -> Answer<pb::DecideDuplicateResponse> {
        answer(CustomerGrpc::decide(self, request).await)
    }

    async fn check_duplicate(
        &self,
        request: Request<pb::CheckDuplicateRequest>,
    ) -> Answer<pb::CheckDuplicateResponse> {
        answer(self.check(request).await)
    }

    async fn count_customers(
        &self,
        request: Request<pb::CountCustomersRequest>,
    ) -> Answer<pb::CountCustomersResponse> {
        answer(self.count(request).await)
    }

    async fn start_reconciliation(
        &self,
        request: Request<pb::StartReconciliationRequest>,
    ) -> Answer<pb::StartReconciliationResponse> {
        answer(self.look_again(request).await)
    }

    async fn list_reconciliations(
        &self,
        request: Request<pb::ListReconciliationsRequest>,
    ) -> Answer<pb::ListReconciliationsResponse> {
        answer(self.looks(request).await)
    }

    async fn list_moves(
        &self,
        request: Request<pb::ListMovesRequest>,
    ) -> Answer<pb::ListMovesResponse> {
        answer(self.moved(request).await)
    }

    async fn get_matcher(
        &self,
        request: Request<pb::GetMatcherRequest>,
    ) -> Answer<pb::GetMatcherResponse> {
        answer(self.weights(request).await)
    }

    async fn put_consent(
        &self,
        request: Request<pb::PutConsentRequest>,
    ) -> Answer<pb::PutConsentResponse> {
        answer(self.consent(request).await)
    }
}
