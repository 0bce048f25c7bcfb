//! The two indexes of this process: solutions, and the words of cases. Built from the store when the process starts, and
//! kept up by the service's own events; nothing of them is on disk.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use marque_auth::Scope;
use marque_core::{ComplaintId, PageRequest, Timestamp};
use marque_db::{Conn, StoreError};
use parking_lot::RwLock;
use rustc_hash::FxHashSet;
use uuid::Uuid;

use super::CaseApp;
use crate::{
    domain::{Case, Index, Solution, SolutionState, folded_code, kinship},
    storage::{self, Filter},
};

/// Both indexes; cheap to clone, shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes(Arc<RwLock<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    cases: Index<Whose>,
    solutions: Index<Uuid>,
    /// Version and time of each solution as it was taken in.
    taken: HashMap<Uuid, (i64, Timestamp)>,
    about: HashMap<Uuid, About>,
    /// How parts and faults are spelled that cases name, or named.
    parts: Spellings,
    faults: Spellings,
    /// Dealers of cases, by code, with numbers that are quick to compare.
    dealers: HashMap<String, u32>,
    /// When the last solution that was taken in had changed.
    solutions_until: Timestamp,
}

/// A case, and the number of its dealer.
type Whose = (Uuid, u32);

/// The spellings of codes, by what each is compared as.
type Spellings = HashMap<String, BTreeSet<String>>;

/// What is coded of a case, beside its words; part and fault as they are compared.
#[derive(Debug, Clone)]
struct About {
    dealer: u32,
    category: String,
    part: String,
    fault: String,
    vin: String,
}

impl About {
    fn of(case: &Case, dealer: u32) -> Self {
        Self {
            dealer,
            category: case.category.clone(),
            part: folded_code(&case.part),
            fault: folded_code(&case.fault),
            vin: case.vin.clone(),
        }
    }

    /// Category, part, fault and vehicle of a case and of this one.
    fn beside<'a>(&'a self, case: &'a Self) -> [(&'a str, &'a str); 4] {
        [
            (&case.category, &self.category),
            (&case.part, &self.part),
            (&case.fault, &self.fault),
            (&case.vin, &self.vin),
        ]
    }
}

/// What two cases have in common, what tells most first.
fn reasons(pairs: [(&str, &str); 4], has_words: bool) -> Vec<&'static str> {
    let same = |at: usize| pairs[at].0 == pairs[at].1 && !pairs[at].0.is_empty();
    [
        ("vehicle", same(3)),
        ("fault", same(2)),
        ("part", same(1)),
        ("category", same(0)),
        ("words", has_words),
    ]
    .into_iter()
    .filter_map(|(reason, is_so)| is_so.then_some(reason))
    .collect()
}

/// Remembers that a code is spelled so.
fn note_spelling(known: &mut Spellings, code: &str, spelling: &str) {
    if spelling.is_empty() {
        return;
    }
    if let Some(spellings) = known.get_mut(code) {
        if !spellings.contains(spelling) {
            spellings.insert(spelling.to_owned());
        }
    } else {
        known.insert(code.to_owned(), BTreeSet::from([spelling.to_owned()]));
    }
}

/// Cases a page of the first reading.
const PAGE: u32 = 1_000;
/// Microseconds; no write takes longer from its time to its commit.
const OVERLAP: i64 = 60_000_000;
/// Candidates that are looked at again for what they have in common beside their words.
const CANDIDATES: usize = 50;
/// Spellings of a part or fault of which cases are looked for.
const MOST_SPELLINGS: usize = 20;

impl Indexes {
    /// Takes in a case, or what it has become.
    fn put_case(&self, case: &Case) {
        let mut inner = self.0.write();
        let dealer = inner.number_of(&case.dealer);
        let about = About::of(case, dealer);
        note_spelling(&mut inner.parts, &about.part, &case.part);
        note_spelling(&mut inner.faults, &about.fault, &case.fault);
        let words = format!("{} {}", case.words.text, case.words.wish);
        inner.cases.put((case.id.uuid(), dealer), &words);
        let before = inner.about.insert(case.id.uuid(), about);
        if let Some(before) = before.filter(|before| before.dealer != dealer) {
            // It was handed over: whoever had it does not find it any more.
            inner.cases.remove((case.id.uuid(), before.dealer));
        }
    }

    /// Takes in the words by which a solution is found, unless it is known as it is.
    fn put_solution(&self, solution: &Solution, words: &str) {
        let mut inner = self.0.write();
        let stand = (solution.version, solution.updated_at);
        if inner.taken.insert(solution.id, stand) == Some(stand) {
            return;
        }
        inner.solutions.put(solution.id, words);
        inner.solutions_until = inner.solutions_until.max(solution.updated_at);
    }

    /// Cases of some dealers (all if none are named) whose words fit best, best first.
    pub(super) fn search_cases(
        &self,
        query: &str,
        dealers: Option<&[String]>,
        limit: usize,
    ) -> Vec<ComplaintId> {
        let inner = self.0.read();
        let seen = inner.seen(dealers);
        let admits = |(_, dealer): Whose| seen.as_ref().is_none_or(|seen| seen.contains(&dealer));
        let found = inner.cases.search(query, limit, admits);
        found.into_iter().map(|((id, _), _)| id.into()).collect()
    }

    /// How the part and the fault of a case are spelled, in it and in others.
    pub(super) fn spellings_of(&self, case: &Case) -> [Vec<String>; 2] {
        let inner = self.0.read();
        [(&inner.parts, &case.part), (&inner.faults, &case.fault)].map(|(known, own)| {
            let others = known.get(&folded_code(own)).into_iter().flatten();
            let others = others.filter(|spelling| *spelling != own).cloned();
            let all = std::iter::once(own.clone()).chain(others);
            all.take(MOST_SPELLINGS).collect()
        })
    }

    /// Cases like one, likest first, each with what both have in common. `kin` are those of the same vehicle, fault or part, which
    /// may have no word in common.
    pub(super) fn find_similar(
        &self,
        case: &Case,
        kin: &[ComplaintId],
        dealers: Option<&[String]>,
        limit: usize,
    ) -> Vec<(ComplaintId, Vec<&'static str>)> {
        let inner = self.0.read();
        let own = About::of(case, 0);
        let seen = inner.seen(dealers);
        let admits = |(id, dealer): Whose| {
            id != case.id.uuid() && seen.as_ref().is_none_or(|seen| seen.contains(&dealer))
        };
        let found = inner.cases.search(&case.words.text, CANDIDATES, admits);
        let mut found: Vec<(Uuid, f32)> = found
            .into_iter()
            .map(|((id, _), words)| (id, words))
            .collect();
        let best = found
            .first()
            .map_or(1.0, |(_, score)| score.max(f32::EPSILON));
        let by_words: HashSet<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let is_admitted = |id: &Uuid| {
            let about = inner.about.get(id);
            about.is_some_and(|about| admits((*id, about.dealer)))
        };
        let others = kin.iter().map(|id| id.uuid());
        let others = others.filter(|id| !by_words.contains(id) && is_admitted(id));
        found.extend(others.map(|id| (id, 0.0)));
        let mut weighed: Vec<(f32, ComplaintId, Vec<&'static str>)> = found
            .into_iter()
            .filter_map(|(id, words)| {
                let pairs = inner.about.get(&id)?.beside(&own);
                let kin = kinship(pairs);
                // Words count for more between kin, and kin count without words.
                let score = words / best * kin + (kin - 1.0);
                Some((score, id.into(), reasons(pairs, by_words.contains(&id))))
            })
            .collect();
        weighed.sort_by(|left, right| right.0.total_cmp(&left.0).then(right.1.cmp(&left.1)));
        weighed
            .into_iter()
            .take(limit)
            .map(|(_, id, reasons)| (id, reasons))
            .collect()
    }

    /// Solutions whose words fit best, with how well, among those that `admits`.
    pub(super) fn search_solutions(
        &self,
        query: &str,
        limit: usize,
        admits: impl Fn(Uuid) -> bool,
    ) -> Vec<(Uuid, f32)> {
        self.0.read().solutions.search(query, limit, admits)
    }

    /// How many cases and solutions there are in it.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let inner = self.0.read();
        (inner.cases.len(), inner.solutions.len())
    }
}

impl Inner {
    /// The number of a dealer, a new one if he had no case before.
    fn number_of(&mut self, dealer: &str) -> u32 {
        if let Some(number) = self.dealers.get(dealer) {
            return *number;
        }
        let number = self.dealers.len() as u32;
        self.dealers.insert(dealer.to_owned(), number);
        number
    }

    /// The numbers of dealers whose cases may be seen; `None` is all.
    fn seen(&self, dealers: Option<&[String]>) -> Option<FxHashSet<u32>> {
        let numbers = |dealers: &[String]| {
            let known = dealers.iter().filter_map(|dealer| self.dealers.get(dealer));
            known.copied().collect()
        };
        dealers.map(numbers)
    }
}

impl CaseApp {
    /// Reads all cases and solutions into the indexes, page by page.
    pub(crate) async fn fill_indexes(&self) -> Result<(), StoreError> {
        let mut page = PageRequest {
            size: PAGE,
            after: None,
        };
        loop {
            let (app, asked) = (self.clone(), page.clone());
            let cases = self
                .db
                .scan(move |conn| {
                    app.store
                        .list(conn, &Scope::Headquarters, &Filter::default(), &asked)
                })
                .await?;
            for listed in &cases {
                self.indexes.put_case(&listed.case);
            }
            let Some(last) = cases.last().filter(|_| cases.len() == PAGE as usize) else {
                break;
            };
            page.after = Some(marque_core::PageToken {
                key: last.page_key(),
            });
        }
        self.refresh_solutions().await
    }

    /// Takes in solutions that changed since the last time. A little before it is looked at again: what is written at one time is
    /// not seen in the order of its times.
    pub(crate) async fn refresh_solutions(&self) -> Result<(), StoreError> {
        let until = self.indexes.0.read().solutions_until;
        let before = Timestamp::from_micros(until.as_micros().saturating_sub(OVERLAP));
        let mut after = (before, Uuid::nil());
        loop {
            let changed = self
                .db
                .scan(move |conn| {
                    let scope = &Scope::Headquarters;
                    let changed = storage::list_changed_solutions(conn, scope, after, PAGE)?;
                    let found_by = changed.into_iter().map(|solution| {
                        let words = searched(conn, scope, &solution)?;
                        Ok((solution, words))
                    });
                    found_by.collect::<Result<Vec<_>, StoreError>>()
                })
                .await?;
            for (solution, words) in &changed {
                self.indexes.put_solution(solution, words);
            }
            match changed.last() {
                Some((last, _)) if changed.len() == PAGE as usize => {
                    after = (last.updated_at, last.id);
                }
                _ => return Ok(()),
            }
        }
    }

    /// Takes in cases by their ids.
    pub(crate) async fn refresh_cases(&self, ids: Vec<ComplaintId>) -> Result<(), StoreError> {
        let app = self.clone();
        let cases = self
            .db
            .scan(move |conn| app.store.find_many(conn, &Scope::Headquarters, &ids))
            .await?;
        for case in &cases {
            self.indexes.put_case(case);
        }
        Ok(())
    }
}

/// The words by which a solution is found: its own; where a draft was rejected, those of what stays in force.
fn searched(conn: &mut Conn<'_>, scope: &Scope, solution: &Solution) -> Result<String, StoreError> {
    if solution.state != SolutionState::Rejected {
        return Ok(solution.words());
    }
    let in_force = storage::in_force(conn, scope, solution.clone())?;
    Ok(in_force.as_ref().unwrap_or(solution).words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_is_taken_in_again_only_where_it_changed() {
        let indexes = Indexes::default();
        let mut solution = Solution {
            id: Uuid::from_u128(1),
            version: 1,
            state: SolutionState::Draft,
            title: "天窗漏水".to_owned(),
            text: "疏通排水管".to_owned(),
            category: String::new(),
            part: String::new(),
            fault: String::new(),
            author: "a".to_owned(),
            approved_by: String::new(),
            updated_at: Timestamp::from_micros(1),
        };
        let finds = |query: &str| !indexes.search_solutions(query, 1, |_| true).is_empty();
        let put = |solution: &Solution| indexes.put_solution(solution, &solution.words());
        put(&solution);
        assert!(finds("天窗"));
        "刹车异响".clone_into(&mut solution.title);
        put(&solution);
        assert!(finds("天窗") && !finds("刹车"), "it stood so already");
        solution.updated_at = Timestamp::from_micros(2);
        put(&solution);
        assert!(finds("刹车") && !finds("天窗"));
    }
}
