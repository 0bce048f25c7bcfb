//! Events of the data-quality service: how far dealers' records are trusted, and what was found out about records.
//!
//! Golden values are computed when a customer is read (ADR 11), so that nothing has to be computed anew here: whoever is read
//! next is read by the new trust.

use marque_api::{
    events::v1::Event,
    quality::v1::{RecordsChecked, TrustChanged},
};
use marque_core::{DealerCode, SourceRecordId};
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use prost::Message as _;

use crate::{
    domain::{ColumnCheck, DealerTrust},
    storage::CustomerStore,
};

/// Keeps what is said of dealers, and of records.
#[derive(Debug, Clone)]
pub(crate) struct Quality(pub(crate) CustomerStore);

impl Handler for Quality {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.quality.trust.changed" => self.trust(conn, event),
            "marque.quality.records.checked" => self.checks(conn, event),
            _ => Ok(()),
        }
    }
}

impl Quality {
    /// Whoever's record was checked has changed: other values may survive.
    fn checks(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        // What is known of a record is read and written anew, and so it is where the record changes.
        self.0.lock_identities(conn)?;
        let told_at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let mut customers = Vec::new();
        for found in RecordsChecked::decode(event.data.as_slice())?.columns {
            let record: SourceRecordId = found
                .record_id
                .parse()
                .map_err(|_| malformed("record_id is no id"))?;
            let check = ColumnCheck {
                column: found.column,
                is_right: Some(found.right),
                at: found.checked_at.as_ref().map_or(told_at, from_proto_time),
            };
            customers.extend(self.0.note_check(conn, record, check)?);
        }
        customers.sort_unstable();
        customers.dedup();
        Ok(self.0.touch_customers(conn, &customers, told_at)?)
    }

    fn trust(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
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
