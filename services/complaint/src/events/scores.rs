//! Events of the scoring service: the tiers of customers, and cars near thresholds of the three guarantees.

use marque_api::{
    events::v1::Event,
    scoring::v1::{GuaranteesNeared, TiersChanged},
};
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use prost::Message as _;

use super::id;
use crate::{app::CaseApp, domain::Warning, storage};

/// Keeps tiers and gives them to cases, and warns cases.
#[derive(Debug, Clone)]
pub(crate) struct ScoresHandler(pub(crate) CaseApp);

impl Handler for ScoresHandler {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.scoring.tiers.changed" => self.ranked(conn, event),
            "marque.scoring.guarantees.neared" => self.neared(conn, event),
            _ => Ok(()),
        }
    }
}

impl ScoresHandler {
    fn neared(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let told_at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        for neared in GuaranteesNeared::decode(event.data.as_slice())?.guarantees {
            let warning = Warning {
                rule: neared.rule,
                subject: neared.subject,
                level: neared.level,
                count: i64::from(neared.count),
                reached_at: i64::from(neared.reached_at),
                told_at,
            };
            self.0.warn(conn, (&neared.vin, &warning), event.position)?;
        }
        Ok(())
    }

    fn ranked(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let mut customers = Vec::new();
        for changed in TiersChanged::decode(event.data.as_slice())?.tiers {
            let customer = id(&changed.customer_id, "customer_id")?;
            storage::put_tier(conn, customer, &changed.tier, event.position)?;
            customers.push(customer);
        }
        let waiting = storage::customers_without_tier(conn, &customers)?;
        Ok(self.0.rank(conn, &waiting)?)
    }
}
