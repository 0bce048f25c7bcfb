//! The matcher learns from stewards: the same decisions in the store give the same matcher, whoever asks and whenever.

use std::sync::{Arc, Mutex, PoisonError};

use marque_auth::{CallContext, Role};
use marque_db::Conn;
use marque_linkage::batch::{CalibrationBin, reliability};

use super::CustomerApp;
use crate::{domain::Matcher, error::Result, storage::WordsSoFar};

/// The matcher as it is now, and how often it was right.
pub(crate) struct Report {
    pub(crate) matcher: Matcher,
    /// Of the pairs that stewards decided.
    pub(crate) reliability: Vec<CalibrationBin>,
}

/// The matcher of the newest decisions that were seen. Whoever takes a word back or overrules it says one himself, so that a
/// matcher is taught anew whenever another word stands.
#[derive(Debug, Clone, Default)]
pub(super) struct School(Arc<Mutex<Option<(WordsSoFar, Matcher)>>>);

impl CustomerApp {
    /// The model with what stewards taught it, and what they said of the pairs it proposed.
    pub(crate) async fn matcher_report(&self, ctx: CallContext) -> Result<Report> {
        ctx.require([Role::Steward, Role::Analyst, Role::HqAdmin])?;
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let verdicts = app.store.verdicts(conn)?;
                let stated = verdicts.iter().map(|(probability, is_same)| {
                    let odds = probability / (1.0 - probability).max(f64::EPSILON);
                    (odds.log2() as f32, *is_same)
                });
                Ok(Report {
                    reliability: reliability(stated),
                    matcher: app.matcher(conn)?,
                })
            })
            .await
    }

    /// The matcher as of the decisions in the store.
    pub(super) fn matcher(&self, conn: &mut Conn<'_>) -> Result<Matcher> {
        let words = self.store.words_so_far(conn)?;
        let known = self.school.known();
        if let Some((_, matcher)) = known.filter(|(learnt, _)| *learnt == words) {
            return Ok(matcher);
        }
        let matcher = Matcher::taught(&self.store.lessons(conn)?);
        self.school.keep(words, matcher.clone());
        Ok(matcher)
    }
}

impl School {
    fn known(&self) -> Option<(WordsSoFar, Matcher)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, words: WordsSoFar, matcher: Matcher) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((words, matcher));
    }
}
