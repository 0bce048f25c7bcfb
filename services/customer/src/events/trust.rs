//! Events of the data-quality service: how far dealers' records are trusted.
//!
//! Golden values are computed when a customer is read (ADR 11), so that nothing has to be computed anew here: whoever is read
//! next is read by the new trust.

use marque_api::{events::v1::Event, quality::v1::TrustChanged};
use marque_core::DealerCode;
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use prost::Message as _;

use crate::{domain::DealerTrust, storage::CustomerStore};

/// Keeps what is said of dealers.
#[derive(Debug, Clone)]
pub(crate) struct Quality(pub(crate) CustomerStore);

impl Handler for Quality {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.quality.trust.changed" {
            return Ok(());
        }
        let changed = TrustChanged::decode(event.data.as_slice())?;
        let dealer: DealerCode = changed
            .dealer
            .parse()
            .map_err(|_| malformed("dealer is no code"))?;
        if !(0..=100).contains(&changed.trust_percent) {
            return Err(malformed("trust_percent is no share"));
        }
        let told = DealerTrust {
            percent: i64::from(changed.trust_percent),
            version: changed.version,
        };
        let told_at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let standard = i64::from(changed.standard);
        self.0
            .put_trust(conn, dealer.as_str(), (told, standard), told_at)?;
        Ok(())
    }
}

fn malformed(what: &str) -> ApplyError {
    ApplyError::Malformed(what.to_owned())
}
