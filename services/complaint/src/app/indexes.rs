//! The two indexes of this process: solutions, and the words of cases. Built from the store when the process starts, and
//! kept up by the service's own events; nothing of them is on disk.

use std::{collections::HashMap, sync::Arc};

use marque_auth::Scope;
use marque_core::{ComplaintId, PageRequest, Timestamp};
use marque_db::StoreError;
use parking_lot::RwLock;
use uuid::Uuid;

use super::CaseApp;
use crate::{
    domain::{Case, Index, Solution, kinship},
    storage::{self, Filter},
};

/// Both indexes; cheap to clone, shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes(Arc<RwLock<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    cases: Index<Uuid>,
    solutions: Index<Uuid>,
    about: HashMap<Uuid, About>,
    /// The last solution that was taken in.
    solutions_until: (Timestamp, Uuid),
}

/// What is coded of a case, beside its words.
#[derive(Debug, Clone)]
struct About {
    dealer: String,
    category: String,
    part: String,
    fault: String,
    vin: String,
}

/// Cases a page of the first reading.
const PAGE: u32 = 1_000;
/// Candidates that are looked at again for what they have in common beside their words.
const CANDIDATES: usize = 50;

impl Indexes {
    /// Takes in a case, or what it has become.
    fn put_case(&self, case: &Case) {
        let about = About {
            dealer: case.dealer.clone(),
            category: case.category.clone(),
            part: case.part.clone(),
            fault: case.fault.clone(),
            vin: case.vin.clone(),
        };
        let words = format!("{} {}", case.words.text, case.words.wish);
        let mut inner = self.0.write();
        inner.cases.put(case.id.uuid(), &words);
        inner.about.insert(case.id.uuid(), about);
    }

    fn put_solution(&self, solution: &Solution) {
        let mut inner = self.0.write();
        inner.solutions.put(solution.id, &solution.words());
        let until = (solution.updated_at, solution.id);
        inner.solutions_until = inner.solutions_until.max(until);
    }

    /// Cases of some dealers (all if none are named) whose words fit best, best first.
    pub(super) fn search_cases(
        &self,
        query: &str,
        dealers: Option<&[String]>,
        limit: usize,
    ) -> Vec<ComplaintId> {
        let inner = self.0.read();
        let admits = |id: Uuid| {
            let of = |dealers: &[String]| {
                inner
                    .about
                    .get(&id)
                    .is_some_and(|about| dealers.contains(&about.dealer))
            };
            dealers.is_none_or(of)
        };
        let found = inner.cases.search(query, limit, admits);
        found.into_iter().map(|(id, _)| id.into()).collect()
    }

    /// Cases like one, by words and by what is coded of both, likest first.
    pub(super) fn find_similar(
        &self,
        case: &Case,
        dealers: Option<&[String]>,
        limit: usize,
    ) -> Vec<ComplaintId> {
        let inner = self.0.read();
        let admits = |id: Uuid| {
            let is_of =
                |about: &About| dealers.is_none_or(|dealers| dealers.contains(&about.dealer));
            id != case.id.uuid() && inner.about.get(&id).is_some_and(is_of)
        };
        let mut found = inner.cases.search(&case.words.text, CANDIDATES, admits);
        for (id, score) in &mut found {
            if let Some(about) = inner.about.get(id) {
                *score *= kinship([
                    (&case.category, &about.category),
                    (&case.part, &about.part),
                    (&case.fault, &about.fault),
                    (&case.vin, &about.vin),
                ]);
            }
        }
        found.sort_by(|left, right| right.1.total_cmp(&left.1));
        found
            .into_iter()
            .take(limit)
            .map(|(id, _)| id.into())
            .collect()
    }

    /// Solutions whose words fit best, with how well.
    pub(super) fn search_solutions(&self, query: &str, limit: usize) -> Vec<(Uuid, f32)> {
        self.0.read().solutions.search(query, limit, |_| true)
    }

    /// How many cases and solutions there are in it.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let inner = self.0.read();
        (inner.cases.len(), inner.solutions.len())
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
            for case in &cases {
                self.indexes.put_case(case);
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

    /// Takes in solutions that changed since the last time.
    pub(crate) async fn refresh_solutions(&self) -> Result<(), StoreError> {
        loop {
            let after = self.indexes.0.read().solutions_until;
            let changed = self
                .db
                .scan(move |conn| {
                    storage::list_changed_solutions(conn, &Scope::Headquarters, after, PAGE)
                })
                .await?;
            for solution in &changed {
                self.indexes.put_solution(solution);
            }
            if changed.len() < PAGE as usize {
                return Ok(());
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
