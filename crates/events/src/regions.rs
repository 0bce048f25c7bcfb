//! The projection of the network that every service keeps: which region a dealer is in, so that a region's scope is a
//! clause of a query and not a call.

use marque_api::{events::v1::Event, network::v1::DealersPut};
use marque_auth::Scope;
use marque_db::{Conn, Value};
use prost::Message as _;

use crate::{ApplyError, Handler};

/// Keeps `dealer_regions` as the network service says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Regions;

impl Handler for Regions {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.network.dealers.put" {
            return Ok(());
        }
        for dealer in DealersPut::decode(event.data.as_slice())?.dealers {
            conn.execute(
                "INSERT INTO dealer_regions (dealer, region) VALUES (?1, ?2)
                 ON CONFLICT (dealer) DO UPDATE SET region = excluded.region",
                &[(&dealer.code).into(), (&dealer.region).into()],
            )?;
        }
        Ok(())
    }
}

/// The clause that keeps rows with a dealer's code in `column` inside a scope, and the value of its parameter
/// `?number`. A customer's scope holds no dealer's rows.
pub fn dealer_clause<'a>(scope: &'a Scope, column: &str, number: usize) -> (String, Value<'a>) {
    match scope {
        Scope::Headquarters => (format!("?{number} = ''"), Value::Text("")),
        Scope::Dealer(dealer) => (
            format!("{column} = ?{number}"),
            Value::Text(dealer.as_str()),
        ),
        Scope::Region(region) => (
            format!("{column} IN (SELECT dealer FROM dealer_regions WHERE region = ?{number})"),
            Value::Text(region),
        ),
        Scope::Customer(_) => (format!("?{number} <> ''"), Value::Text("")),
    }
}
