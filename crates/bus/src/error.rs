//! Why the bus cannot do what it should.

/// A failure of the bus. Events wait meanwhile: in the outbox for the relay, in the stream for consumers.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The connection cannot be made at all.
    #[error(
        "the broker cannot be spoken to: check bus.url, bus.ca, bus.cert, bus.key and bus.credentials"
    )]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The broker is not there, or does not do what it is asked.
    #[error("the broker does not answer or refuses: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The outbox cannot be read.
    #[error("the outbox cannot be read now")]
    Outbox(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Events are missing on the broker.
    #[error(
        "events {first} to {last} of {producer} are not on the broker: \
         run `marque outbox replay --service {service} --from-position {first}` where that service runs"
    )]
    Missing {
        /// Whose events they are.
        producer: String,
        /// Its service.
        service: String,
        /// First position that is missing.
        first: i64,
        /// Last position that is missing.
        last: i64,
    },
    /// The stream is not this outbox's.
    #[error(
        "the stream of {producer} tells of events that its outbox never had: another installation has the same bus.prefix, \
         or the store was put back to an earlier moment; then run `marque outbox replay --service {service} --afresh`"
    )]
    Foreign {
        /// Whose stream it is.
        producer: String,
        /// Its service.
        service: String,
    },
}

impl BusError {
    pub(crate) fn missing(producer: &str, first: i64, last: i64) -> Self {
        Self::Missing {
            producer: producer.to_owned(),
            service: name_of(producer),
            first,
            last,
        }
    }

    pub(crate) fn foreign(producer: &str) -> Self {
        Self::Foreign {
            producer: producer.to_owned(),
            service: name_of(producer),
        }
    }
}

/// The service of `marque/<service>`, as commands name it.
fn name_of(producer: &str) -> String {
    let service = producer.rsplit('/').next();
    service.unwrap_or(producer).to_owned()
}
