//! The connection to the broker, and the streams declared on it.

use std::{sync::Arc, time::Duration};

use async_nats::{
    ConnectOptions,
    jetstream::{
        self, ErrorCode,
        context::{DeleteStreamErrorKind, GetStreamErrorKind},
        message::StreamMessage,
        stream::{
            Config, DiscardPolicy, LastRawMessageError, LastRawMessageErrorKind, RetentionPolicy,
            StorageType, Stream,
        },
    },
};
use marque_events::Feed;

use crate::{BusError, JetStreamSource, Relay, Settings};

/// Events that are on their way to the broker at once.
const IN_FLIGHT: usize = 1024;
/// How long an answer of the broker may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A connection to NATS JetStream; cheap to clone. It comes back by itself when the broker does.
#[derive(Debug, Clone)]
pub struct Broker {
    pub(crate) jetstream: jetstream::Context,
    pub(crate) settings: Settings,
}

impl Broker {
    /// Connects in the background: a broker that is down now is no error, and what needs it says so by itself.
    ///
    /// # Errors
    /// Address, certificates or credentials cannot be used.
    pub async fn connect(settings: Settings) -> Result<Self, BusError> {
        let client = options(&settings)
            .await?
            .connect(settings.url.as_str())
            .await
            .map_err(|error| BusError::Connect(error.into()))?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(ANSWER_WITHIN)
            .ack_timeout(ANSWER_WITHIN)
            .max_ack_inflight(IN_FLIGHT)
            .build(client);
        Ok(Self {
            jetstream,
            settings,
        })
    }

    /// Whether the broker answers and has JetStream.
    ///
    /// # Errors
    /// It does not, within five seconds.
    pub async fn check(&self) -> Result<(), BusError> {
        let asked = self.jetstream.query_account().await;
        asked
            .map(drop)
            .map_err(|error| BusError::Refused(error.into()))
    }

    /// The events of a producer (`marque/<service>`) as one consumer reads them. Not for two consumers of other names.
    pub fn source(&self, producer: &str) -> JetStreamSource {
        JetStreamSource::new(self.clone(), producer)
    }

    /// What carries the outbox of a producer to the broker.
    pub fn relay(&self, producer: &str, feed: Feed) -> Relay {
        Relay::new(Arc::new(self.clone()), producer, feed)
    }

    /// Deletes the stream of a producer: its store was put back to an earlier moment, and the stream tells of what never
    /// happened. The relay fills it anew.
    ///
    /// # Errors
    /// The broker does not answer. That there is no such stream is none.
    pub async fn forget(&self, producer: &str) -> Result<(), BusError> {
        let deleted = self.jetstream.delete_stream(self.stream_name(producer));
        match deleted.await {
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                DeleteStreamErrorKind::JetStream(answer)
                    if answer.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(())
                }
                _ => Err(BusError::Refused(error.into())),
            },
        }
    }

    /// Name of the stream of a producer: `<prefix>-<service>`.
    pub fn stream_name(&self, producer: &str) -> String {
        format!("{}-{}", self.settings.prefix, service_of(producer))
    }

    /// The stream of a producer, made if it is not there.
    pub(crate) async fn stream(&self, producer: &str) -> Result<Stream, BusError> {
        match self.jetstream.get_stream(self.stream_name(producer)).await {
            Ok(stream) => Ok(stream),
            Err(error) if matches!(error.kind(), GetStreamErrorKind::JetStream(_)) => {
                self.declare(producer).await
            }
            Err(error) => Err(BusError::Refused(error.into())),
        }
    }

    /// The stream of a producer, made or changed into what it should be.
    pub(crate) async fn declare(&self, producer: &str) -> Result<Stream, BusError> {
        let config = Config {
            name: self.stream_name(producer),
            description: Some(format!("Events of {producer}, in the order of its outbox")),
            subjects: vec![format!(
                "{}.{}.>",
                self.settings.prefix,
                service_of(producer)
            )],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_age: self.settings.kept,
            num_replicas: self.settings.replicas,
            ..Config::default()
        };
        self.jetstream
            .create_or_update_stream(config.clone())
            .await
            .map_err(|error| BusError::Refused(error.into()))?;
        self.jetstream
            .get_stream(&config.name)
            .await
            .map_err(|error| BusError::Refused(error.into()))
    }

    /// The newest message in a stream that a relay sent.
    pub(crate) async fn newest(
        &self,
        stream: &Stream,
        producer: &str,
    ) -> Result<Option<StreamMessage>, BusError> {
        let subjects = self.subjects_of_relays(producer);
        found(stream.get_last_raw_message_by_subject(&subjects).await)
    }

    /// Number of the first message in a stream that a relay sent.
    pub(crate) async fn first(
        &self,
        stream: &Stream,
        producer: &str,
    ) -> Result<Option<u64>, BusError> {
        let subjects = self.subjects_of_relays(producer);
        let first = found(stream.get_first_raw_message_by_subject(subjects, 1).await)?;
        Ok(first.map(|message| message.sequence))
    }

    /// The subject of an event: `<prefix>.<service>.<aggregate>.<verb>`, or `<prefix>.<service>.again.<aggregate>.<verb>`.
    pub(crate) fn subject(&self, producer: &str, kind: &str, again: bool) -> String {
        let again = if again { "again." } else { "" };
        let (prefix, service) = (&self.settings.prefix, service_of(producer));
        format!("{prefix}.{service}.{again}{}", what_of(kind))
    }

    /// What relays send, and replays do not.
    fn subjects_of_relays(&self, producer: &str) -> String {
        format!("{}.{}.*.*", self.settings.prefix, service_of(producer))
    }
}

/// The service of `marque/<service>` as one word of a subject.
fn service_of(producer: &str) -> String {
    let name = producer.rsplit_once('/').map_or(producer, |(_, name)| name);
    name.replace('-', "_")
}

/// Aggregate and verb, two words of a subject, of a type `marque.<context>.<aggregate>.<verb>`. The stream is the service's,
/// whatever its context is called.
fn what_of(kind: &str) -> String {
    let mut words = kind.splitn(4, '.').skip(2);
    let aggregate = words.next().unwrap_or("event");
    let verb = words.next().unwrap_or("happened").replace('.', "_");
    format!("{aggregate}.{verb}")
}

/// A message of a stream, if there is one.
fn found(
    asked: Result<StreamMessage, LastRawMessageError>,
) -> Result<Option<StreamMessage>, BusError> {
    match asked {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            _ => Err(BusError::Refused(error.into())),
        },
    }
}

async fn options(settings: &Settings) -> Result<ConnectOptions, BusError> {
    let mut options = ConnectOptions::new()
        .name("marque")
        .retry_on_initial_connect()
        .connection_timeout(ANSWER_WITHIN)
        .request_timeout(Some(ANSWER_WITHIN))
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempt| {
            let doubled = 50_u64.saturating_mul(1 << attempt.min(6));
            Duration::from_millis(doubled.min(2_000))
        });
    if let Some(ca) = &settings.ca {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    if let Some((certificate, key)) = &settings.identity {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    if let Some(credentials) = &settings.credentials {
        options = options
            .credentials_file(credentials)
            .await
            .map_err(|error| BusError::Connect(error.into()))?;
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_two_words_of_a_subject() {
        let kind = "marque.customer.source_records.linked";
        assert_eq!(what_of(kind), "source_records.linked");
        assert_eq!(
            what_of("marque.numbers.number.told.twice"),
            "number.told_twice"
        );
        assert_eq!(what_of("other"), "event.happened");
    }

    #[test]
    fn a_service_is_one_word_of_a_subject() {
        assert_eq!(service_of("marque/service-history"), "service_history");
        assert_eq!(service_of("numbers"), "numbers");
    }
}
