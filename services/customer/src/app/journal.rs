//! What was moved lately: a steward looks through what linkage did by itself.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, Timestamp};
use marque_db::Conn;
use uuid::Uuid;

use super::{CustomerApp, shift::LINKAGE};
use crate::{
    error::{Error, Result},
    storage::{Move, MovedBy},
};

/// A move with the ids that its customers had then.
pub(crate) struct Moved {
    pub(crate) act: Move,
    pub(crate) from: CustomerId,
    pub(crate) into: CustomerId,
}

impl CustomerApp {
    /// A page of moves, the newest first: what linkage did by itself, what people did, or all. A region's steward sees those of
    /// customers whom he sees.
    pub(crate) async fn moves(
        &self,
        ctx: CallContext,
        by: MovedBy,
        before: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<(Vec<Moved>, Option<(Timestamp, Uuid)>)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        let app = self.clone();
        let before = before.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
        self.db
            .scan(move |conn| {
                let found = app.store.list_moves(conn, by, LINKAGE, before, limit)?;
                let next = found.last().filter(|_| found.len() == limit as usize);
                let next = next.map(|last| (last.at, last.id.uuid()));
                let mut moves = Vec::with_capacity(found.len());
                for moved in found {
                    moves.extend(app.open_move(conn, &ctx, moved)?);
                }
                Ok((moves, next))
            })
            .await
    }

    /// A move with its ids, unless one of its customers is out of the caller's sight or was erased.
    fn open_move(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        moved: Move,
    ) -> Result<Option<Moved>> {
        for number in [moved.from, moved.into] {
            let seen = self
                .store
                .get_customer_by_serial(conn, number)
                .and_then(|customer| self.file(conn, ctx, customer));
            match seen {
                Ok(_) => {}
                Err(Error::CustomerUnknown) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let ids = self.store.customer_ids(conn, &[moved.from, moved.into])?;
        Ok(Some(Moved {
            from: ids[&moved.from],
            into: ids[&moved.into],
            act: moved,
        }))
    }
}
