//! Whom the configuration trusts should be there: trust in a name that nobody bears is a slip, which nothing else would show.

use marque_db::Conn;

use super::CustomerApp;
use crate::error::Result;

/// Warns once, after the start, of each dealer or source system of the configured trust that nobody knows.
pub(crate) async fn check_trusted(app: CustomerApp) {
    let db = app.db.clone();
    match db.scan(move |conn| app.unknown_sources(conn)).await {
        Ok(unknown) => {
            for source in unknown {
                tracing::warn!(
                    %source,
                    "customer.trust names neither a dealer nor a source system of any record"
                );
            }
        }
        Err(error) => tracing::warn!(%error, "whom the configuration trusts cannot be looked up"),
    }
}

impl CustomerApp {
    /// Names of the configured trust that nobody bears; none while the network has told of no dealer.
    fn unknown_sources(&self, conn: &mut Conn<'_>) -> Result<Vec<String>> {
        let mut unknown = Vec::new();
        if !self.store.knows_dealers(conn)? {
            return Ok(unknown);
        }
        for name in self.survivorship.trusted() {
            let is_known = match name.split_once('/') {
                Some((dealer, _)) => self.store.is_dealer(conn, dealer)?,
                None => self.store.is_dealer(conn, name)? || self.store.is_source(conn, name)?,
            };
            if !is_known {
                unknown.push(name.to_owned());
            }
        }
        Ok(unknown)
    }
}
