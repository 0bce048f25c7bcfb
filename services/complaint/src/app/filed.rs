//! How a case stands by a file: where a row says so it comes in so, and follows later files until the desk has moved it.

use marque_core::{Timestamp, new_uuid};
use marque_db::{Conn, StoreError};
use marque_intake::Job;

use super::{
    CaseApp,
    draft::Draft,
    publish::{self, Change},
};
use crate::{
    domain::{Case, Entry, REOPEN_DAYS, State, Task},
    storage,
};

/// Puts a new case where its row says it stands; without a word of it history is closed.
pub(super) fn place(case: &mut Case, draft: &Draft, now: Timestamp) {
    let state = match draft.state {
        Some(state) => state,
        None if is_history(case, now) => State::Closed,
        None => return,
    };
    case.state = state;
    case.reopened = i64::from(state == State::Reopened);
    end(case, draft);
}

/// Notes when a case that is over ended: as the row says, or else when it began, for then it was long ago.
fn end(case: &mut Case, draft: &Draft) {
    let ended = draft.ended_at.unwrap_or(case.opened_at).max(case.opened_at);
    match case.state {
        State::Resolved | State::FollowedUp => case.resolved_at = Some(ended),
        State::Closed | State::Withdrawn => case.closed_at = Some(ended),
        _ => {}
    }
}

/// Whether a case is older than it could be re-opened.
fn is_history(case: &Case, now: Timestamp) -> bool {
    is_long_ago(case.opened_at, now)
}

/// Whether the customer of a case that has just come in is to be asked how it is: it is resolved, and was not long ago.
pub(super) fn is_to_be_asked(case: &Case, now: Timestamp) -> bool {
    let ended = case.resolved_at.filter(|_| case.state == State::Resolved);
    ended.is_some_and(|ended| !is_long_ago(ended, now))
}

fn is_long_ago(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) > std::time::Duration::from_secs(REOPEN_DAYS as u64 * 86_400)
}

/// What came of a satisfaction call that the dealer's own system tells of: the grades are not in the file.
const OUTCOME: &str = "the dealer's system says that he was asked";

impl CaseApp {
    /// Moves a case that is held to where a corrected row says it stands. What the desk has moved stays where the desk put it, and a
    /// case does not end while a task that it needs is open.
    pub(super) fn follow_file(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        case: &mut Case,
        draft: &Draft,
    ) -> Result<(), StoreError> {
        let scope = job.ctx.scope();
        let from = case.state;
        let Some(to) = draft.state.and_then(|said| target(from, said)) else {
            return Ok(());
        };
        let tasks = self.store.list_tasks(conn, scope, case.id)?;
        let ends = !to.is_open() && (from.is_open() || to == State::Closed);
        let may = if to.is_open() {
            from.is_open() || case.may_reopen(job.now)
        } else {
            !ends || !tasks.iter().any(Task::is_in_the_way)
        };
        if !may || storage::was_moved(conn, case.id)? {
            return Ok(());
        }
        case.enter(to, job.now);
        self.rank_again(conn, case)?;
        if !to.is_open() && draft.ended_at.is_some() {
            end(case, draft);
        }
        storage::update_case(conn, case)?;
        // It ended when the file says so, as far as our clocks ran then.
        let at = draft.ended_at.filter(|_| !to.is_open());
        let at = at.unwrap_or(job.now).max(case.recorded_at).min(job.now);
        self.turn(conn, scope, case, at)?;
        let entry = Entry {
            act: "filed",
            at: job.now,
            actor: job.ctx.actor().to_string(),
            from: from.code().to_owned(),
            to: to.code().to_owned(),
            note: String::new(),
        };
        self.store
            .add_entry(conn, case.id, new_uuid(&*self.clock), &entry)?;
        // Whom it is too late to ask is not called about it.
        if to == State::Withdrawn || case.may_reopen(job.now) {
            self.follow_up(conn, &job.ctx, case, (&tasks, OUTCOME), job.now)?;
        }
        let change = Change::of(case, job.now).from(from.code());
        publish::one(conn, &*self.clock, publish::MOVED, change)
    }
}

/// Where a case goes that stands at one state and of which another is said; nowhere if that says nothing new.
fn target(from: State, said: State) -> Option<State> {
    let to = if !from.is_open() && said.is_open() {
        State::Reopened
    } else {
        said
    };
    // Once it is re-opened, that it is open says no more.
    let is_known = from == to || (from == State::Reopened && to == State::Received);
    (!is_known).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_moves_a_case_only_where_it_says_something_new() {
        let cases = [
            (State::Received, State::InProgress, Some(State::InProgress)),
            (State::Received, State::Received, None),
            (State::InProgress, State::Closed, Some(State::Closed)),
            (State::Closed, State::InProgress, Some(State::Reopened)),
            (State::Closed, State::Withdrawn, Some(State::Withdrawn)),
            (State::Reopened, State::Received, None),
            (State::Reopened, State::InProgress, Some(State::InProgress)),
        ];
        for (from, said, expected) in cases {
            assert_eq!(target(from, said), expected, "{from:?} {said:?}");
        }
    }
}
