//! A producer's feed over gRPC: the embedded bus, in memory and between processes alike.

use std::time::Duration;

use marque_api::events::v1::{PullRequest, PullResponse, event_feed_client::EventFeedClient};
use marque_auth::PeerTokens;
use marque_core::SharedClock;
use marque_rpc::{CallMeta, RequestId, RpcTransport};
use tonic::{Status, async_trait};

use crate::Source;

/// Pulls from the feed of one service, with the token of a peer.
#[derive(Debug, Clone)]
pub struct GrpcFeed {
    client: EventFeedClient<RpcTransport>,
    tokens: PeerTokens,
    clock: SharedClock,
}

/// A batch of big events may be larger than what a call of ordinary size may carry.
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;
/// What a pull may take beyond the wait it asks for.
const SLACK: Duration = Duration::from_secs(10);

impl GrpcFeed {
    /// Over a transport to the producer.
    pub fn new(producer: RpcTransport, tokens: PeerTokens, clock: SharedClock) -> Self {
        let client = EventFeedClient::new(producer).max_decoding_message_size(MAX_BATCH_BYTES);
        Self {
            client,
            tokens,
            clock,
        }
    }
}

#[async_trait]
impl Source for GrpcFeed {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or(0));
        let token = self.tokens.token(self.clock.now());
        let meta = CallMeta::new(RequestId::random())
            .with_token(&token)
            .within(wait + SLACK);
        Ok(self
            .client
            .clone()
            .pull(meta.outgoing(request))
            .await?
            .into_inner())
    }
}
