//! A service's feed as the source of another's events.

use std::time::Duration;

use marque_api::events::v1::{PullRequest, PullResponse, event_feed_client::EventFeedClient};
use marque_auth::PeerTokens;
use marque_core::SharedClock;
use marque_events::Source;
use marque_rpc::{CallMeta, RequestId, RpcTransport};
use tonic::{Status, async_trait};

/// Pulls a feed over a transport, as a peer.
#[derive(Debug, Clone)]
pub struct FeedSource {
    pub(crate) feed: RpcTransport,
    pub(crate) peers: PeerTokens,
    pub(crate) clock: SharedClock,
}

#[async_trait]
impl Source for FeedSource {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        let token = self.peers.token(self.clock.now());
        // Longer than the longest wait that a puller asks for.
        let meta = CallMeta::new(RequestId::random())
            .with_token(&token)
            .within(Duration::from_secs(30));
        let answer = EventFeedClient::new(self.feed.clone())
            .pull(meta.outgoing(request))
            .await?;
        Ok(answer.into_inner())
    }
}
