//! What customers now agree to, as the customer service says: its events tell the same, and later.

use std::{collections::BTreeSet, time::Duration};

use marque_api::customer::v1::{
    ListWithdrawnRequest, consent_service_client::ConsentServiceClient,
};
use marque_auth::PeerTokens;
use marque_core::{CustomerId, SharedClock};
use marque_rpc::{CallMeta, RpcTransport, capped};

use crate::{
    error::{Error, Result},
    storage::Purpose,
};

/// How long is waited for an answer at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the customer service, as a peer: who may see a customer does not matter to whether he agrees.
#[derive(Debug, Clone)]
pub(crate) struct Consents {
    client: ConsentServiceClient<RpcTransport>,
    tokens: PeerTokens,
    clock: SharedClock,
}

impl Consents {
    pub(crate) fn new(transport: RpcTransport, tokens: PeerTokens, clock: SharedClock) -> Self {
        Self {
            client: capped!(ConsentServiceClient::new(transport)),
            tokens,
            clock,
        }
    }

    /// Those of the customers of a page who withdrew consent to one of the purposes, or were erased.
    ///
    /// # Errors
    /// If the customer service cannot be asked: then nobody knows who may be shown.
    pub(crate) async fn withdrawn(
        &self,
        meta: &CallMeta,
        purposes: &[Purpose],
        customers: BTreeSet<CustomerId>,
    ) -> Result<BTreeSet<CustomerId>> {
        if customers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let request = ListWithdrawnRequest {
            customer_ids: customers.iter().map(ToString::to_string).collect(),
            purposes: purposes
                .iter()
                .map(|purpose| purpose.name().to_owned())
                .collect(),
        };
        let token = self.tokens.token(self.clock.now());
        let meta = meta.clone().with_token(&token).within(PATIENCE);
        let mut client = self.client.clone();
        let answer = client.list_withdrawn(meta.outgoing(request)).await;
        let withdrawn = answer
            .map_err(|status| Error::Consents(Box::new(status)))?
            .into_inner()
            .customer_ids;
        Ok(withdrawn.iter().filter_map(|id| id.parse().ok()).collect())
    }
}
