//! Which cars a caller may see, as the vehicle service says: it alone knows whose rows told of a car, and at whose counter it stood.

use marque_api::vehicle::v1::{GetVehicleRequest, vehicle_service_client::VehicleServiceClient};
use marque_auth::PeerTokens;
use marque_core::{Timestamp, VehicleId};
use marque_rpc::{CallMeta, RpcTransport, capped};
use tonic::Code;

use crate::error::{Error, Result};

/// Asks the vehicle service.
#[derive(Debug, Clone)]
pub(crate) struct Cars {
    client: VehicleServiceClient<RpcTransport>,
    tokens: PeerTokens,
}

impl Cars {
    pub(crate) fn new(transport: RpcTransport, tokens: PeerTokens) -> Self {
        Self {
            client: capped!(VehicleServiceClient::new(transport)),
            tokens,
        }
    }

    /// Whether the caller may see a car.
    ///
    /// # Errors
    /// If the vehicle service cannot be asked.
    pub(crate) async fn may_see(&self, meta: &CallMeta, vehicle: VehicleId) -> Result<bool> {
        let request = GetVehicleRequest {
            id: vehicle.to_string(),
            vin: String::new(),
        };
        let mut client = self.client.clone();
        match client.get_vehicle(meta.outgoing(request)).await {
            Ok(_) => Ok(true),
            // One of the release before is not to be asked by this service yet, and says so.
            Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => {
                Ok(false)
            }
            Err(status) => Err(Error::Cars(Box::new(status))),
        }
    }

    /// The same call by this service itself, for what belongs to a car that the caller may see.
    pub(crate) fn as_itself(&self, meta: &CallMeta, now: Timestamp) -> CallMeta {
        meta.clone().with_token(&self.tokens.token(now))
    }
}
