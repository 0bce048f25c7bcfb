//! The filter of tokens is filled once after the start, beside everything else.

use marque_db::Database;
use tokio_util::sync::CancellationToken;

use crate::storage::TokenFilter;

/// Reads all tokens there are, in pieces; from then on the filter leaves out. If they cannot be read it never does.
pub(crate) async fn fill(filter: TokenFilter, db: Database, stop: CancellationToken) {
    let mut from = Some(i64::MIN);
    while let Some(start) = from {
        if stop.is_cancelled() {
            return;
        }
        let reading = filter.clone();
        match db.scan(move |conn| reading.read_piece(conn, start)).await {
            Ok(next) => from = next,
            Err(error) => {
                tracing::warn!(%error, "tokens cannot be read: every one is looked for");
                return;
            }
        }
    }
    filter.set_filled();
}
