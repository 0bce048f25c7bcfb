//! Which dealers there are, as the network service says to this caller.

use marque_api::network::v1::{GetDealerRequest, network_service_client::NetworkServiceClient};
use marque_core::DealerCode;
use marque_errors::Violation;
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
    /// What [`dealer_code`] says of the code; [`IntakeError::DealerUnknown`] if there is none; what the network service said otherwise.
    pub async fn check(&self, meta: &CallMeta, code: &str) -> Result<DealerCode, IntakeError> {
        let dealer = dealer_code(code)?;
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

/// Reads the code of a dealer as a request's field `dealer` has it.
///
/// # Errors
/// [`IntakeError::Invalid`] if it was left out, [`IntakeError::DealerUnknown`] if it can be nobody's.
pub fn dealer_code(code: &str) -> Result<DealerCode, IntakeError> {
    if code.trim().is_empty() {
        let message = "say which dealer's it is, by his code";
        return Err(IntakeError::Invalid(vec![Violation::new(
            "dealer", "REQUIRED", message,
        )]));
    }
    code.parse().map_err(|_| IntakeError::DealerUnknown)
}

#[cfg(test)]
mod tests {
    use marque_errors::ServiceError as _;

    use super::*;

    #[test]
    fn a_dealer_that_was_left_out_is_a_wrong_field_and_no_unknown_dealer() {
        for left_out in ["", "  "] {
            let violations = dealer_code(left_out).unwrap_err().violations();
            assert_eq!(
                (violations[0].field.as_str(), violations[0].reason.as_str()),
                ("dealer", "REQUIRED")
            );
        }
        let unknown = dealer_code("what is this?").unwrap_err();
        assert_eq!(unknown.reason(), "DEALER_UNKNOWN");
        assert_eq!(dealer_code("D001").unwrap().as_str(), "D001");
    }
}
