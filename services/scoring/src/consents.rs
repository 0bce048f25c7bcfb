//! What customers now agree to, as the customer service says: its events tell the same, and later.

use std::{collections::BTreeSet, time::Duration};

use marque_api::customer::v1::{
    ListWithdrawnRequest, consent_service_client::ConsentServiceClient,
};
use marque_auth::PeerTokens;
use marque_core::{CustomerId, SharedClock};
use marque_errors::Problem;
use marque_rpc::{CallMeta, RpcTransport, capped};
use tonic::{Code, Status};

use crate::{
    error::{Error, Result},
    storage::Purpose,
};

/// The purpose of advertising, which nothing is kept of here: whoever refuses it is named in no list of whom to win.
pub(crate) const MARKETING: &str = "marketing";
/// How long is waited for an answer at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many customers are asked about at once; the customer service takes no more.
const AT_ONCE: usize = 1_000;

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

    /// Whether one customer withdrew consent to a purpose, or was erased.
    ///
    /// # Errors
    /// If the customer service cannot be asked.
    pub(crate) async fn is_withdrawn(
        &self,
        meta: &CallMeta,
        purpose: Purpose,
        customer: CustomerId,
    ) -> Result<bool> {
        // On the heap: beside a read it is too large a future for the stack.
        let withdrawn = Box::pin(self.ask(meta, &[purpose.name()], &[customer])).await?;
        Ok(!withdrawn.is_empty())
    }

    /// Those of some customers who withdrew consent to one of the purposes, by name, or were erased.
    ///
    /// # Errors
    /// If the customer service cannot be asked: then nobody knows who may be shown.
    pub(crate) async fn withdrawn(
        &self,
        meta: &CallMeta,
        purposes: &[&str],
        customers: BTreeSet<CustomerId>,
    ) -> Result<BTreeSet<CustomerId>> {
        let customers: Vec<CustomerId> = customers.into_iter().collect();
        let mut withdrawn = BTreeSet::new();
        for some in customers.chunks(AT_ONCE) {
            withdrawn.extend(self.ask(meta, purposes, some).await?);
        }
        Ok(withdrawn)
    }

    async fn ask(
        &self,
        meta: &CallMeta,
        purposes: &[&str],
        customers: &[CustomerId],
    ) -> Result<Vec<CustomerId>> {
        let request = ListWithdrawnRequest {
            customer_ids: customers.iter().map(ToString::to_string).collect(),
            purposes: purposes
                .iter()
                .map(|purpose| (*purpose).to_owned())
                .collect(),
        };
        let token = self.tokens.token(self.clock.now());
        let meta = meta.clone().with_token(&token).within(PATIENCE);
        let mut client = self.client.clone();
        let withdrawn = match client.list_withdrawn(meta.outgoing(request)).await {
            Ok(answer) => answer.into_inner().customer_ids,
            Err(status) if is_of_release_before(&status) => Vec::new(),
            Err(status) => return Err(Error::Consents(Box::new(status))),
        };
        Ok(withdrawn.iter().filter_map(|id| id.parse().ok()).collect())
    }
}

/// Whether the customer service is of the release before, which cannot be asked, while this one is rolled out: until it is replaced its
/// events say it, as they did.
fn is_of_release_before(status: &Status) -> bool {
    status.code() == Code::Unimplemented
        || Problem::from(status.clone()).reason == "PEER_NOT_ALLOWED"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_service_that_knows_no_such_question_is_told_from_one_that_does_not_answer() {
        assert!(is_of_release_before(&Status::unimplemented("")));
        for status in [
            Status::unavailable(""),
            Status::deadline_exceeded(""),
            Status::permission_denied(""),
        ] {
            assert!(!is_of_release_before(&status), "{status}");
        }
    }
}
