//! The matcher learns from stewards: the same decisions in the store give the same matcher, whoever asks and whenever.

use std::sync::{Arc, Mutex, PoisonError};

use marque_db::Conn;

use super::CustomerApp;
use crate::{domain::Matcher, error::Result};

/// The matcher of the newest decisions that were seen, with their number.
#[derive(Debug, Clone, Default)]
pub(super) struct School(Arc<Mutex<Option<(i64, Matcher)>>>);

impl CustomerApp {
    /// The matcher as of the decisions in the store.
    pub(super) fn matcher(&self, conn: &mut Conn<'_>) -> Result<Matcher> {
        let count = self.store.count_decisions(conn)?;
        let known = self.school.known();
        if let Some((_, matcher)) = known.filter(|(learnt, _)| *learnt == count) {
            return Ok(matcher);
        }
        let matcher = Matcher::taught(&self.store.lessons(conn)?);
        self.school.keep(count, matcher.clone());
        Ok(matcher)
    }
}

impl School {
    fn known(&self) -> Option<(i64, Matcher)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, count: i64, matcher: Matcher) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((count, matcher));
    }
}
