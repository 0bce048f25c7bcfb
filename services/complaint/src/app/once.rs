//! Acts on cases that are sent twice and happen once.

use std::sync::Arc;

use marque_auth::CallContext;
use marque_core::{ComplaintId, Timestamp};
use marque_db::Conn;
use marque_ledger::{Asked, IdempotencyKey};
use prost::Message;

use super::CaseApp;
use crate::error::{Error, Result};

impl CaseApp {
    /// Runs an act unless the same caller has already done so with the same key, in which case he gets the same answer. An answer says what
    /// people said: it is kept sealed, beside the cases that `act` names with it, by which it is found when they are forgotten.
    pub(super) fn once<A: Message + Default>(
        &self,
        conn: &mut Conn<'_>,
        (ctx, now): (&CallContext, Timestamp),
        (method, key): (&str, Option<&IdempotencyKey>),
        request: &impl Message,
        act: impl FnOnce(&mut Conn<'_>) -> Result<(Vec<ComplaintId>, A)>,
    ) -> Result<A> {
        let Some(key) = key else {
            return act(conn).map(|(_, answer)| answer);
        };
        let asked = Asked::new(ctx, method, key, request);
        if let Some(kept) = asked.kept::<Error>(conn)? {
            ctx.note_replay();
            return Ok(self.store.open_answer(asked.row(), &kept)?);
        }
        let (cases, answer) = act(conn)?;
        let kept = self.store.seal_answer(asked.row(), &cases, &answer)?;
        asked.keep(conn, &kept, now)?;
        Ok(answer)
    }

    /// The answer that the same caller got to the same request under the same key. It is looked for before other services are asked for what
    /// the act needs: who repeats himself is answered though they cannot be.
    pub(super) async fn answered<R, A>(
        &self,
        ctx: &CallContext,
        (method, key): (&'static str, Option<&IdempotencyKey>),
        request: &Arc<R>,
    ) -> Result<Option<A>>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        let Some(key) = key.cloned() else {
            return Ok(None);
        };
        let (app, ctx, request) = (self.clone(), ctx.clone(), Arc::clone(request));
        self.db
            .read(move |conn| {
                let asked = Asked::new(&ctx, method, &key, &*request);
                let Some(kept) = asked.found::<Error>(conn)? else {
                    return Ok(None);
                };
                ctx.note_replay();
                Ok(Some(app.store.open_answer(asked.row(), &kept)?))
            })
            .await
    }
}
