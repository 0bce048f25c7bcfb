//! Sending events again that the outbox still has: after the broker lost some in the middle, or for a consumer that was
//! restored from a backup.

use async_nats::jetstream::context::PublishAckFuture;
use marque_db::Database;
use marque_events::{newest_before, read_after};

use crate::{Broker, BusError, envelope::Envelope};

const BATCH: u32 = 256;

impl Broker {
    /// Sends the events of a producer again from a position on, in order; returns how many that is. Consumers pass over what
    /// they know. The service may run meanwhile.
    ///
    /// # Errors
    /// Broker or outbox do not answer. What was sent so far does no harm; run it again.
    pub async fn replay(
        &self,
        producer: &str,
        outbox: &Database,
        from: i64,
    ) -> Result<u64, BusError> {
        self.stream(producer).await?;
        let unreadable = |error: marque_db::StoreError| BusError::Outbox(error.into());
        let mut previous = outbox
            .read(move |conn| newest_before(conn, from))
            .await
            .map_err(unreadable)?;
        let (mut after, mut count) = (from.saturating_sub(1), 0);
        loop {
            let source = producer.to_owned();
            let events = outbox
                .read(move |conn| read_after(conn, &source, after, BATCH))
                .await
                .map_err(unreadable)?;
            if events.is_empty() {
                return Ok(count);
            }
            let mut sent: Vec<PublishAckFuture> = Vec::with_capacity(events.len());
            for event in events {
                after = event.position;
                let envelope = Envelope { event, previous };
                previous = after;
                let acknowledged = self.publish(producer, envelope, None).await;
                sent.push(acknowledged.map_err(|error| BusError::Refused(error.into()))?);
            }
            for acknowledged in sent {
                acknowledged
                    .await
                    .map_err(|error| BusError::Refused(error.into()))?;
                count += 1;
            }
        }
    }
}
