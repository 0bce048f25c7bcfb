//! A feed of another service that stays silent.

use marque_api::events::v1::{PullRequest, PullResponse};
use marque_events::Source;
use tonic::Status;

/// What never comes: the feed of an instance that only escalates.
pub(crate) struct Silence;

#[tonic::async_trait]
impl Source for Silence {
    async fn pull(&self, _: PullRequest) -> Result<PullResponse, Status> {
        std::future::pending().await
    }
}
