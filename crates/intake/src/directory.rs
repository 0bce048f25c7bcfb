//! Which dealers there are, as the network service says to this caller.

use marque_api::network::v1::{GetDealerRequest, network_service_client::NetworkServiceClient};
use marque_core::DealerCode;
use marque_rpc::{CallMeta, RpcTransport};
use tonic::Code;

use crate::IntakeError;

/// Asks the network service.
#[derive(Debug, Clone)]
pub struct Directory {
    network: NetworkServiceClient<RpcTransport>,
}

impl Directory {
    /// Over a transport to the network service.
    pub fn new(network: RpcTransport) -> Self {
        Self {
            network: NetworkServiceClient::new(network),
        }
    }

    /// The dealer of a code, if there is one that the caller may see.
    ///
    /// # Errors
    /// [`IntakeError::DealerUnknown`] if there is none; what the network service said otherwise.
    pub async fn check(&self, meta: &CallMeta, code: &str) -> Result<DealerCode, IntakeError> {
        let dealer: DealerCode = code.parse().map_err(|_| IntakeError::DealerUnknown)?;
        let request = meta.outgoing(GetDealerRequest {
            code: code.to_owned(),
        });
        match self.network.clone().get_dealer(request).await {
            Ok(_) => Ok(dealer),
            Err(status) if status.code() == Code::NotFound => Err(IntakeError::DealerUnknown),
            Err(status) => Err(IntakeError::Network(Box::new(status))),
        }
    }
}
