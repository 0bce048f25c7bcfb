//! Which record a customer has, as the customer service says to this caller: a case points at records, not at customers.

use marque_api::customer::v1::{
    ListSourceRecordsRequest, customer_service_client::CustomerServiceClient,
};
use marque_core::{CustomerId, DealerCode, SourceRecordId};
use marque_rpc::{CallMeta, RpcTransport};
use tonic::Code;

use crate::error::{Error, Result};

/// Asks the customer service.
#[derive(Debug, Clone)]
pub(crate) struct Customers {
    client: CustomerServiceClient<RpcTransport>,
}

/// Records that are looked at for one of the dealer's own.
const RECORDS: i32 = 200;

impl Customers {
    pub(crate) fn new(transport: RpcTransport) -> Self {
        Self {
            client: CustomerServiceClient::new(transport),
        }
    }

    /// A source record of a customer, one of the dealer's own if there is one, and the id the customer has now.
    pub(crate) async fn record_of(
        &self,
        meta: &CallMeta,
        customer: CustomerId,
        dealer: &DealerCode,
    ) -> Result<(SourceRecordId, CustomerId)> {
        let request = ListSourceRecordsRequest {
            customer_id: customer.to_string(),
            page_size: RECORDS,
            page_token: String::new(),
        };
        let answer = self
            .client
            .clone()
            .list_source_records(meta.outgoing(request))
            .await;
        let records = match answer {
            Ok(answer) => answer.into_inner().source_records,
            Err(status) if status.code() == Code::NotFound => return Err(Error::CustomerUnknown),
            Err(status) => return Err(Error::Customers(Box::new(status))),
        };
        let record = records
            .iter()
            .find(|record| record.dealer == dealer.as_str())
            .or_else(|| records.first())
            .ok_or(Error::CustomerUnknown)?;
        let id = record.id.parse().map_err(|_| Error::CustomerUnknown)?;
        Ok((id, record.customer_id.parse().unwrap_or(customer)))
    }
}
