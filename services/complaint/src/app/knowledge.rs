//! The knowledge base, and the desk's view of a case.

use std::collections::{HashMap, HashSet};

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, Timestamp, new_uuid};
use marque_db::{Conn, lock_key};
use marque_ledger::{Entry as Act, IdempotencyKey, Keyed, once, record};
use prost::Message;
use uuid::Uuid;

use super::{CaseApp, Numbered, Shown, Wanted, draft, read::hide_repeated, veil::Veil};
use crate::{
    domain::{
        Among, Case, Solution, SolutionState, Uses, category_code, folded_code, kinship,
        searched_code,
    },
    error::{Error, Result},
    storage,
};

/// A solution with what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Proposed {
    pub(crate) solution: Solution,
    pub(crate) uses: Uses,
}

/// Everything the desk needs beside a case.
pub(crate) struct Desk {
    pub(crate) shown: Shown,
    pub(crate) earlier: Vec<Numbered>,
    /// Each with what it has in common with the case.
    pub(crate) similar: Vec<(Numbered, Vec<&'static str>)>,
    pub(crate) solutions: Vec<Proposed>,
}

/// A solution as somebody wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Of the one it is a version of.
    pub(crate) id: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) category: String,
    pub(crate) part: String,
    pub(crate) fault: String,
    /// 0 if any.
    pub(crate) expected_version: i64,
}

/// Cases and solutions a desk shows of each kind.
const SHOWN: usize = 5;
/// Solutions that are weighed for them.
const WEIGHED: usize = 30;
/// Drafts among which a query is looked for: more do not wait for approval at once.
const DRAFTS: u32 = 1_000;

impl CaseApp {
    /// The desk's view, in one unit of work.
    pub(crate) async fn desk(&self, ctx: CallContext, wanted: Wanted) -> Result<Desk> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let scope = ctx.scope();
                let case = app.find(conn, scope, wanted)?;
                let dealers = storage::dealers_of(conn, scope)?;
                let whose = (case.record, case.customer, case.vin.as_str());
                let mut earlier = app.store.find_of(conn, scope, whose)?;
                earlier.retain(|other| other.id != case.id);
                let spelled = app.indexes.spellings_of(&case);
                let kin = storage::CaseStore::find_kin(conn, scope, (case.vin.as_str(), &spelled))?;
                let found = app
                    .indexes
                    .find_similar(&case, &kin, dealers.as_deref(), SHOWN);
                let ids: Vec<ComplaintId> = found.iter().map(|(id, _)| *id).collect();
                let mut reasons: HashMap<_, _> = found.into_iter().collect();
                let mut similar = app.in_order(conn, scope, &ids)?;
                hide_repeated(conn, scope, earlier.iter_mut().chain(&mut similar))?;
                if let Some(veil) = Veil::of(&ctx) {
                    for other in earlier.iter_mut().chain(&mut similar) {
                        veil.over_case(other);
                    }
                }
                let similar = similar
                    .into_iter()
                    .map(|other| (reasons.remove(&other.id).unwrap_or_default(), other))
                    .map(|(reasons, other)| (app.numbered(other), reasons))
                    .collect();
                let solutions = app.propose(conn, scope, &case)?;
                Ok(Desk {
                    shown: app.show(conn, &ctx, case)?,
                    earlier: earlier.into_iter().map(|one| app.numbered(one)).collect(),
                    similar,
                    solutions,
                })
            })
            .await
    }

    /// Cases in the scope whose words fit a query, best first; where it is a VIN, those of the car, open ones first.
    pub(crate) async fn search_cases(
        &self,
        ctx: CallContext,
        query: String,
        limit: usize,
    ) -> Result<Vec<Shown>> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let scope = ctx.scope();
                let mut cases = match draft::check_vin(&query) {
                    Ok(vin) => app.store.find_of(conn, scope, (None, None, &vin))?,
                    Err(_) => Vec::new(),
                };
                // Words too can have seventeen letters and digits in all.
                if cases.is_empty() {
                    let dealers = storage::dealers_of(conn, scope)?;
                    let found = app.indexes.search_cases(&query, dealers.as_deref(), limit);
                    cases = app.in_order(conn, scope, &found)?;
                }
                cases.truncate(limit);
                app.overview(conn, &ctx, cases)
            })
            .await
    }

    fn in_order(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        ids: &[ComplaintId],
    ) -> Result<Vec<Case>> {
        let mut found: HashMap<ComplaintId, Case> = self
            .store
            .find_many(conn, scope, ids)?
            .into_iter()
            .map(|case| (case.id, case))
            .collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Approved solutions that fit a case: by words, by what is coded of both, and by how they have done. Part and fault are among the
    /// words of a solution, so one for the very fault is found whatever the customer said.
    fn propose(&self, conn: &mut Conn<'_>, scope: &Scope, case: &Case) -> Result<Vec<Proposed>> {
        let [part, fault] = [&case.part, &case.fault].map(|code| searched_code(code));
        let wanted = format!("{} {part} {fault}", case.words.text);
        let (part, fault) = (folded_code(&case.part), folded_code(&case.fault));
        let found = self.indexes.search_solutions(&wanted, WEIGHED, |_| true);
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let mut weighed = Vec::new();
        for solution in storage::find_solutions(conn, scope, &ids)? {
            let Some(solution) = storage::in_force(conn, scope, solution)? else {
                continue;
            };
            let words = found
                .iter()
                .find(|(id, _)| *id == solution.id)
                .map_or(0.0, |hit| hit.1);
            let kin = kinship([
                (&case.category, &solution.category),
                (&part, &folded_code(&solution.part)),
                (&fault, &folded_code(&solution.fault)),
                ("", ""),
            ]);
            let uses = storage::count_uses(conn, scope, solution.id)?;
            weighed.push((words * kin * uses.weight(), Proposed { solution, uses }));
        }
        weighed.sort_by(|left, right| right.0.total_cmp(&left.0));
        Ok(weighed
            .into_iter()
            .take(SHOWN)
            .map(|(_, proposed)| proposed)
            .collect())
    }

    /// Solutions that fit a query, best first; without a query the latest.
    pub(crate) async fn search_solutions(
        &self,
        ctx: CallContext,
        query: String,
        among: Among,
        limit: usize,
    ) -> Result<Vec<Proposed>> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let scope = ctx.scope();
                let mut found = if query.trim().is_empty() {
                    storage::list_latest_solutions(conn, scope, among, limit as u32)?
                } else {
                    app.fitting(conn, scope, (&query, among), limit)?
                };
                found.retain(|solution| match among {
                    Among::Drafts => solution.state == SolutionState::Draft,
                    Among::All | Among::InForce => solution.state != SolutionState::Retired,
                });
                let mut shown = Vec::with_capacity(limit);
                for solution in found {
                    if shown.len() == limit {
                        break;
                    }
                    shown.extend(if among == Among::InForce {
                        storage::in_force(conn, scope, solution)?
                    } else {
                        Some(solution)
                    });
                }
                shown
                    .into_iter()
                    .map(|solution| with_uses(conn, scope, solution))
                    .collect()
            })
            .await
    }

    /// Solutions whose words fit a query, best first. Drafts are few among the others and looked for by themselves.
    fn fitting(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        (query, among): (&str, Among),
        limit: usize,
    ) -> Result<Vec<Solution>> {
        let (known, hits) = if among == Among::Drafts {
            let drafts = storage::list_latest_solutions(conn, scope, among, DRAFTS)?;
            let ids: HashSet<Uuid> = drafts.iter().map(|draft| draft.id).collect();
            let is_draft = |id: Uuid| ids.contains(&id);
            let hits = self.indexes.search_solutions(query, limit, is_draft);
            (drafts, hits)
        } else {
            let hits = self.indexes.search_solutions(query, limit * 2, |_| true);
            let ids: Vec<Uuid> = hits.iter().map(|(id, _)| *id).collect();
            (storage::find_solutions(conn, scope, &ids)?, hits)
        };
        let known = known.into_iter().map(|solution| (solution.id, solution));
        let mut known: HashMap<Uuid, Solution> = known.collect();
        let best_first = hits.iter().filter_map(|(id, _)| known.remove(id));
        Ok(best_first.collect())
    }

    /// A solution and its earlier versions.
    pub(crate) async fn get_solution(
        &self,
        ctx: CallContext,
        id: Uuid,
    ) -> Result<(Proposed, Vec<Solution>)> {
        self.db
            .read(move |conn| {
                let scope = ctx.scope();
                let solution = find(conn, scope, id)?;
                let versions = storage::list_solution_versions(conn, scope, id)?;
                Ok((with_uses(conn, scope, solution)?, versions))
            })
            .await
    }

    /// Writes a solution, or a new version of one, as a draft.
    pub(crate) async fn put_solution<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        (draft, wire): (Draft, R),
        answer: impl Fn(Proposed) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        draft.check()?;
        let now = self.clock.now();
        let fresh = new_uuid(&*self.clock);
        let written = self
            .db
            .write(move |conn| {
                once(
                    conn,
                    &ctx,
                    now,
                    "solution.put",
                    key.as_ref(),
                    &wire,
                    |conn| {
                        let earlier = match draft.id {
                            Some(id) => Some(held(conn, ctx.scope(), id, draft.expected_version)?),
                            None => None,
                        };
                        let solution =
                            draft.version_after(earlier.as_ref(), fresh, ctx.actor(), now);
                        storage::put_solution(conn, &solution)?;
                        audit(conn, &ctx, now, "solution_put", solution.id)?;
                        Ok::<A, Error>(answer(with_uses(conn, ctx.scope(), solution)?))
                    },
                )
            })
            .await?;
        self.refresh_solutions().await?;
        Ok(written)
    }

    /// Approves, rejects or retires a solution, for headquarters: it is the whole network's. A version other than 0 must be the one that is
    /// stored.
    pub(crate) async fn decide_solution<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        (id, state, expected_version): (Uuid, SolutionState, i64),
        answer: impl Fn(Proposed) -> A + Send + Sync + 'static,
    ) -> Result<A> {
        if !matches!(ctx.scope(), Scope::Headquarters) {
            return Err(Error::HeadquartersOnly);
        }
        let now = self.clock.now();
        let decided = self
            .db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "solution.decide", |conn| {
                    let mut solution = held(conn, ctx.scope(), id, expected_version)?;
                    if !solution.state.may_become(state) {
                        let message = "only a draft can be rejected: retire what is approved";
                        return Err(Error::field("decision", "NOT_ALLOWED", message));
                    }
                    solution.state = state;
                    solution.updated_at = now;
                    if state != SolutionState::Rejected {
                        ctx.actor().as_ref().clone_into(&mut solution.approved_by);
                    }
                    storage::put_solution(conn, &solution)?;
                    audit(conn, &ctx, now, "solution_decided", id)?;
                    Ok::<_, Error>(answer(with_uses(conn, ctx.scope(), solution)?))
                })
            })
            .await?;
        self.refresh_solutions().await?;
        Ok(decided)
    }

    /// Notes that a solution was used on a case.
    pub(crate) async fn use_solution<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        ((wanted, id), only_new): ((Wanted, Uuid), bool),
        answer: impl Fn(Proposed) -> A + Send + Sync + 'static,
    ) -> Result<A> {
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "solution.use", |conn| {
                    let case = app.hold(conn, ctx.scope(), wanted)?;
                    let solution = find(conn, ctx.scope(), id)?;
                    let Some(solution) = storage::in_force(conn, ctx.scope(), solution)? else {
                        let advice = "use one that is approved, or have this one approved";
                        return Err(Error::field("solution_id", "NOT_APPROVED", advice));
                    };
                    if storage::use_solution(conn, (&solution, case.id), ctx.actor(), now)? {
                        let subject = solution.id.to_string();
                        let what = ("solution_used", "", subject.as_str());
                        let entry = super::moves::entry(&ctx, now, what, "");
                        app.note(conn, case.id, &entry)?;
                    } else if only_new {
                        return Err(Error::ThereAlready);
                    }
                    Ok::<_, Error>(answer(with_uses(conn, ctx.scope(), solution)?))
                })
            })
            .await
    }
}

fn find(conn: &mut Conn<'_>, scope: &Scope, id: Uuid) -> Result<Solution> {
    storage::find_solution(conn, scope, id)?.ok_or(Error::SolutionUnknown)
}

/// The solution, held until the transaction ends, if it is the version that was read.
fn held(conn: &mut Conn<'_>, scope: &Scope, id: Uuid, expected: i64) -> Result<Solution> {
    conn.lock_keys(&mut vec![lock_key(id.as_bytes())])?;
    let solution = find(conn, scope, id)?;
    if expected == 0 || expected == solution.version {
        Ok(solution)
    } else {
        Err(Error::Changed)
    }
}

fn with_uses(conn: &mut Conn<'_>, scope: &Scope, solution: Solution) -> Result<Proposed> {
    let uses = storage::count_uses(conn, scope, solution.id)?;
    Ok(Proposed { solution, uses })
}

fn audit(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    act: &str,
    id: Uuid,
) -> Result<()> {
    let subject = id.to_string();
    let entry = Act {
        act,
        subject: &subject,
        dealer: "",
        detail: "",
    };
    Ok(record(conn, ctx, now, &entry)?)
}

impl Draft {
    fn check(&self) -> Result<()> {
        let fields = [
            ("title", &self.title, 200, true),
            ("text", &self.text, 10_000, true),
        ];
        for (field, code) in [("part", &self.part), ("fault", &self.fault)] {
            draft::check_code(field, code).map_err(|violation| Error::Invalid(vec![violation]))?;
        }
        for (field, value, most, is_needed) in fields {
            if is_needed && value.trim().is_empty() {
                return Err(Error::field(field, "REQUIRED", "the field is needed"));
            }
            if value.chars().count() > most {
                return Err(Error::field(
                    field,
                    "TOO_LONG",
                    format!("at most {most} characters"),
                ));
            }
        }
        Ok(())
    }

    fn version_after(
        &self,
        earlier: Option<&Solution>,
        fresh: Uuid,
        author: &str,
        now: Timestamp,
    ) -> Solution {
        let category = self.category.trim();
        Solution {
            id: earlier.map_or(fresh, |earlier| earlier.id),
            version: earlier.map_or(0, |earlier| earlier.version) + 1,
            state: SolutionState::Draft,
            title: self.title.trim().to_owned(),
            text: self.text.trim().to_owned(),
            category: if category.is_empty() {
                String::new()
            } else {
                category_code(category)
            },
            part: self.part.trim().to_owned(),
            fault: self.fault.trim().to_owned(),
            author: author.to_owned(),
            approved_by: String::new(),
            updated_at: now,
        }
    }
}
