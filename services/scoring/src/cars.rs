//! Which cars a caller may see, as the vehicle service says: it alone knows whose rows told of a car, and at whose counter it stood.

use marque_api::vehicle::v1::{GetVehicleRequest, vehicle_service_client::VehicleServiceClient};
use marque_core::VehicleId;
use marque_rpc::{CallMeta, RpcTransport, capped};
use tonic::Code;

use crate::error::{Error, Result};

/// Asks the vehicle service.
#[derive(Debug, Clone)]
pub(crate) struct Cars {
    client: VehicleServiceClient<RpcTransport>,
}

impl Cars {
    pub(crate) fn new(transport: RpcTransport) -> Self {
        Self {
            client: capped!(VehicleServiceClient::new(transport)),
        }
    }

    /// Whether the caller may see a car; it is asked with his own token.
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
}
