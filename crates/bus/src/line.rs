//! What a relay needs of a broker, and how NATS JetStream gives it.

use std::fmt;

use async_nats::{
    HeaderMap,
    jetstream::{
        context::{PublishAckFuture, PublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use marque_api::events::v1::Event;
use tonic::async_trait;
use uuid::Uuid;

use crate::{
    Broker, BusError,
    envelope::{CONTENT_TYPE, Envelope},
};

/// The end of a stream: what was sent last, and room behind it. A broker, or what stands for one in a simulation.
#[async_trait]
pub trait Line: fmt::Debug + Send + Sync {
    /// The end of a producer's stream; `declare` makes the stream or changes it into what it should be.
    ///
    /// # Errors
    /// The broker does not answer.
    async fn end(&self, producer: &str, declare: bool) -> Result<End, BusError>;

    /// Sends events, each with the position of the one before it, right behind the message numbered `after`: all or the first of
    /// them are taken, in their order and with nothing between. Answers the number of the last, or `None` if the stream no longer
    /// ended there.
    ///
    /// # Errors
    /// The broker does not answer; it may have taken some.
    async fn send(
        &self,
        producer: &str,
        after: u64,
        events: Vec<(Event, i64)>,
    ) -> Result<Option<u64>, BusError>;
}

/// The end of a stream.
#[derive(Debug)]
pub struct End {
    /// Number of the newest message, counted by the broker; 0 if there never was one.
    pub sequence: u64,
    /// The newest event that a relay sent.
    pub newest: Option<Event>,
}

#[async_trait]
impl Line for Broker {
    async fn end(&self, producer: &str, declare: bool) -> Result<End, BusError> {
        let mut stream = if declare {
            self.declare(producer).await?
        } else {
            self.stream(producer).await?
        };
        // First the number, then the event: whoever sends in between makes the next batch be refused.
        let info = stream.info().await;
        let sequence = info
            .map_err(|error| BusError::Refused(error.into()))?
            .state
            .last_sequence;
        let newest = match self.newest(&stream, producer).await? {
            Some(newest) => {
                let envelope = Envelope::decode(&newest.payload)
                    .map_err(|error| BusError::Refused(error.into()))?;
                Some(envelope.event)
            }
            None => None,
        };
        Ok(End { sequence, newest })
    }

    /// Sends without waiting, then waits for all acknowledgements.
    async fn send(
        &self,
        producer: &str,
        after: u64,
        events: Vec<(Event, i64)>,
    ) -> Result<Option<u64>, BusError> {
        let mut sent: Vec<PublishAckFuture> = Vec::with_capacity(events.len());
        let batch = Uuid::new_v4();
        for (number, (event, previous)) in events.into_iter().enumerate() {
            let place = Place {
                after: after + number as u64,
                batch,
                number,
            };
            let acknowledged = self
                .publish(producer, Envelope { event, previous }, Some(place))
                .await
                .map_err(|error| BusError::Refused(error.into()))?;
            sent.push(acknowledged);
        }
        let mut last = after;
        for acknowledged in sent {
            match acknowledged.await {
                Ok(ack) => last = ack.sequence,
                Err(error)
                    if matches!(
                        error.kind(),
                        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(BusError::Refused(error.into())),
            }
        }
        Ok(Some(last))
    }
}

/// Where a message must stand, or it is refused.
pub(crate) struct Place {
    /// Number of the message before it.
    after: u64,
    /// Its batch, which no other has the name of.
    batch: Uuid,
    /// Its number in the batch, from 0.
    number: usize,
}

impl Place {
    /// What the server knows the message by.
    fn name(&self, number: usize) -> String {
        format!("{}-{number}", self.batch.simple())
    }
}

impl Broker {
    /// Sends one event; the acknowledgement is waited for apart. A relay says where it must stand; without that it is one
    /// that is sent again.
    pub(crate) async fn publish(
        &self,
        producer: &str,
        envelope: Envelope,
        place: Option<Place>,
    ) -> Result<PublishAckFuture, PublishError> {
        let subject = self.subject(producer, &envelope.event.r#type, place.is_none());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", CONTENT_TYPE);
        let mut message = PublishMessage::build()
            .payload(envelope.encode())
            .headers(headers);
        if let Some(place) = place {
            // The number alone would let in what follows a refused one, if another's message took its place.
            message = message
                .expected_last_sequence(place.after)
                .message_id(place.name(place.number));
            if let Some(before) = place.number.checked_sub(1) {
                message = message.expected_last_message_id(place.name(before));
            }
        }
        self.jetstream.send_publish(subject, message).await
    }
}
