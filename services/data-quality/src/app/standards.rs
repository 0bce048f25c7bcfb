//! The standard: its versions, and which is in force.

use std::sync::Arc;

use chrono::NaiveDate;
use marque_auth::{CallContext, Role};
use marque_core::{Timestamp, business_date};
use marque_db::Conn;
use marque_errors::Violation;
use marque_ledger::{Entry, record};
use marque_quality::{
    RecordKind,
    standard::{Standard, State, built_in_texts},
};

use super::QualityApp;
use crate::{
    error::{Error, Result},
    storage::{self, KeptStandard},
};

/// Longest text of a standard, in bytes.
const LONGEST: usize = 256 * 1024;
/// Read standards that are remembered; replays of drafts come and go.
const REMEMBERED: usize = 64;

/// A version of the standard.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) standard: Arc<Standard>,
    pub(crate) text: String,
    pub(crate) is_in_force: bool,
    /// `None` for the one that came with the release.
    pub(crate) created_at: Option<Timestamp>,
}

impl QualityApp {
    /// Versions of a kind, or of all kinds; newest first.
    pub(crate) async fn list_standards(
        &self,
        _ctx: CallContext,
        kind: Option<RecordKind>,
    ) -> Result<Vec<Version>> {
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        self.db
            .scan(move |conn| {
                let kinds = RecordKind::ALL.into_iter();
                let mut all = Vec::new();
                for kind in kinds.filter(|known| kind.is_none_or(|kind| kind == *known)) {
                    all.extend(app.versions(conn, kind, today)?.into_iter().rev());
                }
                Ok(all)
            })
            .await
    }

    /// Creates a version, or replaces one that is not in force yet.
    pub(crate) async fn put_standard(&self, ctx: CallContext, text: String) -> Result<Version> {
        ctx.require(Role::HqAdmin)?;
        let standard = self.parse(&text)?;
        let (app, now) = (self.clone(), self.clock.now());
        let version = self
            .db
            .write(move |conn| {
                storage::lock(conn)?;
                app.put_version(conn, &ctx, &standard, &text, now)
            })
            .await?;
        self.put.notify_one();
        Ok(version)
    }

    fn put_version(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        standard: &Arc<Standard>,
        text: &str,
        now: Timestamp,
    ) -> Result<Version> {
        let today = business_date(now);
        let versions = self.versions(conn, standard.kind, today)?;
        check_successor(standard, &versions, today)?;
        let kept = KeptStandard {
            kind: standard.kind,
            version: i64::from(standard.version),
            text: text.to_owned(),
            created_at: now,
        };
        let effective_from = standard.effective_from.to_string();
        let state = state_code(standard.state);
        storage::put_standard(conn, &kept, state, &effective_from, ctx.actor())?;
        let subject = format!("{}/{}", standard.kind.code(), standard.version);
        let entry = Entry {
            act: "standard_put",
            subject: &subject,
            dealer: "",
            detail: state,
        };
        record(conn, ctx, now, &entry)?;
        let mut versions = self.versions(conn, standard.kind, today)?.into_iter();
        let put = versions.find(|version| version.standard.version == standard.version);
        Ok(put.expect("the version was put above"))
    }

    /// The standard of a kind that is in force on a day.
    pub(super) fn in_force(
        &self,
        conn: &mut Conn<'_>,
        kind: RecordKind,
        day: NaiveDate,
    ) -> Result<Arc<Standard>> {
        let versions = self.versions(conn, kind, day)?;
        let first = versions
            .first()
            .map(|version| Arc::clone(&version.standard));
        let in_force = versions.into_iter().find(|version| version.is_in_force);
        Ok(in_force
            .map(|version| version.standard)
            .or(first)
            .expect("a standard comes with every release"))
    }

    /// Versions of a kind in their order, the release's own first.
    fn versions(
        &self,
        conn: &mut Conn<'_>,
        kind: RecordKind,
        today: NaiveDate,
    ) -> Result<Vec<Version>> {
        let mut put = Vec::new();
        for kept in storage::standards(conn, kind)? {
            put.push(Version {
                standard: self.parse_kept(&kept.text)?,
                text: kept.text,
                is_in_force: false,
                created_at: Some(kept.created_at),
            });
        }
        let mut versions = Vec::new();
        for own in built_in_texts(kind) {
            let standard = self.parse(own)?;
            if versions.is_empty() || !is_overtaken(&standard, &put) {
                versions.push(Version {
                    standard,
                    text: (*own).to_owned(),
                    is_in_force: false,
                    created_at: None,
                });
            }
        }
        versions.append(&mut put);
        versions.sort_by_key(|version| version.standard.version);
        let candidates = versions.iter_mut().filter(|version| {
            version.standard.state == State::Effective && version.standard.effective_from <= today
        });
        let newest = candidates
            .max_by_key(|version| (version.standard.effective_from, version.standard.version));
        if let Some(version) = newest {
            version.is_in_force = true;
        }
        Ok(versions)
    }

    /// Reads a standard; what is wrong is told with its place.
    pub(super) fn parse(&self, text: &str) -> Result<Arc<Standard>> {
        let standard = self.parse_kept(text)?;
        standard.check_purposes().map_err(Error::StandardInvalid)?;
        Ok(standard)
    }

    /// Reads a standard that was put, maybe before the names of purposes were looked at: what was judged stays as it was judged.
    fn parse_kept(&self, text: &str) -> Result<Arc<Standard>> {
        if text.len() > LONGEST {
            let message = format!("at most {LONGEST} bytes");
            return Err(Error::Invalid(vec![Violation::new(
                "text", "TOO_LONG", message,
            )]));
        }
        if let Some(known) = self.read.read().get(text) {
            return Ok(Arc::clone(known));
        }
        let standard = Standard::parse_kept(text).map_err(Error::StandardInvalid)?;
        let standard = Arc::new(standard);
        let mut read = self.read.write();
        if read.len() >= REMEMBERED {
            read.clear();
        }
        read.insert(text.to_owned(), Arc::clone(&standard));
        Ok(standard)
    }
}

/// The word of a state.
pub(crate) const fn state_code(state: State) -> &'static str {
    match state {
        State::Draft => "draft",
        State::Effective => "effective",
    }
}

/// Whether headquarters has put a standard of its own that a later version of the release must not take the place of: one of the same
/// or a lower number, or one that is in force before it.
fn is_overtaken(own: &Standard, put: &[Version]) -> bool {
    put.iter().any(|version| {
        let put = &version.standard;
        put.version == own.version
            || put.state == State::Effective
                && (put.version < own.version || put.effective_from <= own.effective_from)
    })
}

/// What was in force stays what it was: only later versions, and those nobody was judged by yet, may be put.
fn check_successor(standard: &Standard, versions: &[Version], today: NaiveDate) -> Result<()> {
    let is_fixed = |version: &Version| {
        version.standard.state == State::Effective && version.standard.effective_from <= today
    };
    let fixed = versions.iter().filter(|version| is_fixed(version));
    let last = fixed
        .map(|version| version.standard.version)
        .max()
        .unwrap_or(0);
    if standard.version <= last {
        return Err(Error::StandardFixed { next: last + 1 });
    }
    if standard.state == State::Effective && standard.effective_from < today {
        let message = format!("give a day from {today} on: what was judged stays as it was judged");
        return Err(Error::Invalid(vec![Violation::new(
            "effective_from",
            "IN_THE_PAST",
            message,
        )]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The release's second version, and one that headquarters put.
    fn standard(version: u32, state: State, effective_from: &str) -> Standard {
        let text = built_in_texts(RecordKind::Visits)[0];
        Standard {
            version,
            state,
            effective_from: effective_from.parse().unwrap(),
            ..Standard::parse(text).unwrap()
        }
    }

    #[test]
    fn what_headquarters_has_put_goes_before_a_later_version_of_the_release() {
        let own = standard(2, State::Effective, "2026-12-01");
        for (put, is_gone) in [
            (standard(2, State::Draft, "2027-01-01"), true),
            (standard(3, State::Draft, "2026-11-25"), false),
            (standard(3, State::Effective, "2026-11-25"), true),
            // In force after the release's, which it follows.
            (standard(3, State::Effective, "2027-01-01"), false),
        ] {
            let said = format!("{} {:?} {}", put.version, put.state, put.effective_from);
            let version = Version {
                standard: Arc::new(put),
                text: String::new(),
                is_in_force: false,
                created_at: None,
            };
            assert_eq!(is_overtaken(&own, &[version]), is_gone, "{said}");
        }
    }
}
