//! An event on the wire: CloudEvents 1.0 in the JSON format, with the payload of protobuf in base64.
//!
//! `position` and `previous` are extension attributes of ours. They are texts, since an integer of CloudEvents has 32 bits.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use marque_api::events::v1::Event;
use marque_core::Timestamp;
use marque_events::{from_proto_time, to_proto_time};
use serde::{Deserialize, Serialize};

/// Media type of the whole message.
pub(crate) const CONTENT_TYPE: &str = "application/cloudevents+json";
const SPEC_VERSION: &str = "1.0";
const DATA_TYPE: &str = "application/protobuf";

/// An event and what came before it in its producer's outbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Envelope {
    /// The event.
    pub(crate) event: Event,
    /// Position of the event before it; 0 if none was kept when it was sent.
    pub(crate) previous: i64,
}

/// A message that is no event of ours.
#[derive(Debug, thiserror::Error)]
#[error("a message on the bus is no event of Marque: {0}")]
pub(crate) struct NotAnEvent(String);

#[derive(Serialize, Deserialize)]
struct Wire {
    specversion: String,
    id: String,
    source: String,
    r#type: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    subject: String,
    time: String,
    datacontenttype: String,
    data_base64: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    dealer: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    traceparent: String,
    position: String,
    previous: String,
}

impl Envelope {
    /// The message.
    pub(crate) fn encode(&self) -> Bytes {
        let event = &self.event;
        let happened = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let wire = Wire {
            specversion: SPEC_VERSION.to_owned(),
            id: event.id.clone(),
            source: event.source.clone(),
            r#type: event.r#type.clone(),
            subject: event.subject.clone(),
            time: happened.to_rfc3339(),
            datacontenttype: DATA_TYPE.to_owned(),
            data_base64: STANDARD.encode(&event.data),
            dealer: event.dealer.clone(),
            traceparent: event.traceparent.clone(),
            position: event.position.to_string(),
            previous: self.previous.to_string(),
        };
        serde_json::to_vec(&wire)
            .expect("texts are always JSON")
            .into()
    }

    /// Reads a message.
    pub(crate) fn decode(message: &[u8]) -> Result<Self, NotAnEvent> {
        // The place only: the words of serde_json may quote a value.
        let wire: Wire = serde_json::from_slice(message).map_err(|error| {
            NotAnEvent(format!("its JSON goes wrong at column {}", error.column()))
        })?;
        if wire.specversion != SPEC_VERSION {
            return Err(NotAnEvent("specversion is not 1.0".to_owned()));
        }
        let wrong = |attribute: &str| NotAnEvent(format!("{attribute} cannot be read"));
        let time = Timestamp::parse_rfc3339(&wire.time).ok_or_else(|| wrong("time"))?;
        let data = STANDARD.decode(&wire.data_base64);
        Ok(Self {
            previous: wire.previous.parse().map_err(|_| wrong("previous"))?,
            event: Event {
                position: wire.position.parse().map_err(|_| wrong("position"))?,
                id: wire.id,
                source: wire.source,
                r#type: wire.r#type,
                subject: wire.subject,
                dealer: wire.dealer,
                time: Some(to_proto_time(time)),
                data: data.map_err(|_| wrong("data_base64"))?,
                traceparent: wire.traceparent,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_envelope() -> Envelope {
        Envelope {
            event: Event {
                position: 9_007_199_254_740_993,
                id: "0190f5a0-0000-7000-8000-000000000001".to_owned(),
                source: "marque/customer".to_owned(),
                r#type: "marque.customer.customers.merged".to_owned(),
                subject: "cus_1".to_owned(),
                dealer: String::new(),
                time: Some(to_proto_time(Timestamp::from_micros(1_700_000_000_123_456))),
                data: vec![0, 159, 146, 150],
                traceparent: "00-1-2-01".to_owned(),
            },
            previous: 41,
        }
    }

    #[test]
    fn an_event_survives_the_wire_to_the_last_digit() {
        let envelope = an_envelope();
        assert_eq!(Envelope::decode(&envelope.encode()).unwrap(), envelope);
    }

    #[test]
    fn it_is_a_cloud_event() {
        let json: serde_json::Value = serde_json::from_slice(&an_envelope().encode()).unwrap();
        assert_eq!(json["specversion"], "1.0");
        assert_eq!(json["time"], "2023-11-14T22:13:20.123456Z");
        assert_eq!(json["datacontenttype"], "application/protobuf");
        assert!(
            json.get("dealer").is_none(),
            "an absent attribute is left out"
        );
        let names = json.as_object().unwrap().keys();
        let fits = |name: &str| {
            name == "data_base64" || name.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        assert!(names.into_iter().all(|name| fits(name)), "{json}");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let good = String::from_utf8(an_envelope().encode().to_vec()).unwrap();
        for (from, to) in [
            ("\"1.0\"", "\"0.3\""),
            ("\"41\"", "\"x\""),
            ("2023-11", "2023/11"),
            ("AJ+Slg==", "%"),
            ("\"source\"", "\"sauce\""),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            assert!(Envelope::decode(bad.as_bytes()).is_err(), "{from}");
        }
    }
}
