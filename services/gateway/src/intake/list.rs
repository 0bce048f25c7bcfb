//! One list of imports out of the lists of all roles, newest first.
//!
//! The token of a page says which import was the newest when the reading began, so that those that come meanwhile move
//! nothing, and for each role which of its pages is being read and how many of its imports were given out. A role that cannot be
//! reached is named, and the imports of the others are listed.

use std::{collections::VecDeque, future::Future, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use marque_api::intake::v1 as pb;
use marque_rpc::CallMeta;
use serde::{Deserialize, Serialize};
use tonic::{Code, Status};

use super::ImportError;
use crate::peers::Importer;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

/// When an import was taken in, in seconds and nanoseconds.
type Created = (i64, i32);

/// Where the whole list stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The newest import when the reading began; `None` before its first page.
    newest: Option<Created>,
    /// Role by role.
    positions: Vec<Position>,
}

/// Where one role's list stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Token of the role's page.
    token: String,
    /// Entries of that page that were given out.
    given: usize,
    /// The list has come to its end.
    done: bool,
}

/// One role's page under way.
struct Source {
    position: Position,
    entries: VecDeque<pb::Import>,
    next_token: String,
    is_reached: bool,
}

/// A page of the imports in the caller's scope. Each role's list is waited for as long as `patience`.
pub(crate) async fn list(
    importers: &[Importer],
    meta: &CallMeta,
    request: &pb::ListImportsRequest,
    patience: Duration,
) -> Result<pb::ListImportsResponse, Status> {
    let size = match usize::try_from(request.page_size).map_err(|_| ImportError::Page)? {
        0 => DEFAULT_SIZE,
        size => size.min(MAX_SIZE),
    };
    let Place { newest, positions } = read(&request.page_token, importers.len())?;
    let asked = importers.iter().zip(positions).map(|(importer, position)| {
        let ask = |request: pb::ListImportsRequest| {
            let (mut client, request) = (importer.peer.client(), meta.outgoing(request));
            async move { Ok(client.list_imports(request).await?.into_inner()) }
        };
        let page = fetch(ask, position.clone(), newest, size);
        reached(tokio::time::timeout(patience, page), position)
    });
    let sources: Result<Vec<Source>, Status> = join_all(asked).await.into_iter().collect();
    let mut sources = sources?;
    if sources.iter().all(|source| !source.is_reached) {
        return Err(ImportError::Unreachable.into());
    }
    let imports = merge(&mut sources, size);
    Ok(pb::ListImportsResponse {
        unavailable_kinds: missing(importers, &sources),
        next_page_token: write(newest.or_else(|| created(imports.first()?)), sources),
        imports,
    })
}

/// The page, or that its role cannot be reached: then its list stands where it stood.
async fn reached<E>(
    page: impl Future<Output = Result<Result<Source, Status>, E>>,
    position: Position,
) -> Result<Source, Status> {
    match page.await {
        Ok(Ok(source)) => Ok(source),
        Ok(Err(status)) if !is_out_of_reach(status.code()) => Err(status),
        Ok(Err(_)) | Err(_) => Ok(Source {
            position,
            entries: VecDeque::new(),
            next_token: String::new(),
            is_reached: false,
        }),
    }
}

const fn is_out_of_reach(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::DeadlineExceeded)
}

/// The kinds of rows of the roles that were not reached.
fn missing(importers: &[Importer], sources: &[Source]) -> Vec<String> {
    let roles = importers.iter().zip(sources);
    let missing = roles.filter(|(_, source)| !source.is_reached);
    let kinds = missing.flat_map(|(importer, _)| importer.kinds);
    kinds.map(|&kind| kind.to_owned()).collect()
}

/// What is left of a role's page, or of the next one that has anything left.
async fn fetch<F>(
    ask: impl Fn(pb::ListImportsRequest) -> F,
    mut position: Position,
    newest: Option<Created>,
    size: usize,
) -> Result<Source, Status>
where
    F: Future<Output = Result<pb::ListImportsResponse, Status>>,
{
    loop {
        let mut page = pb::ListImportsResponse::default();
        if !position.done {
            let request = pb::ListImportsRequest {
                page_size: (size + position.given).min(MAX_SIZE) as i32,
                page_token: position.token.clone(),
            };
            page = ask(request).await?;
        }
        // What came since the reading began is not of it, and may have pushed some that were given out to the next page.
        page.imports
            .retain(|import| newest.is_none_or(|newest| created(import) <= Some(newest)));
        let skipped = position.given.min(page.imports.len());
        if skipped < page.imports.len() || page.next_page_token.is_empty() {
            return Ok(Source {
                position: Position {
                    given: skipped,
                    ..position
                },
                entries: page.imports.into_iter().skip(skipped).collect(),
                next_token: page.next_page_token,
                is_reached: true,
            });
        }
        position.token = page.next_page_token;
        position.given -= skipped;
    }
}

fn created(import: &pb::Import) -> Option<Created> {
    let created = import.created_at?;
    Some((created.seconds, created.nanos))
}

/// Takes the newest of all heads, until the page is full or a source would have to be asked for more.
fn merge(sources: &mut [Source], size: usize) -> Vec<pb::Import> {
    let mut merged = Vec::with_capacity(size.min(64));
    while merged.len() < size && !sources.iter().any(Source::is_dry) {
        let newest = sources
            .iter_mut()
            .filter(|source| !source.entries.is_empty())
            .max_by_key(|source| source.entries.front().and_then(created));
        let Some(source) = newest else { break };
        source.position.given += 1;
        merged.extend(source.entries.pop_front());
    }
    merged
}

impl Source {
    /// Nothing is left of the page, but there are further pages.
    fn is_dry(&self) -> bool {
        self.entries.is_empty() && !self.next_token.is_empty()
    }

    fn into_position(self) -> Position {
        if !self.is_reached || !self.entries.is_empty() {
            return self.position;
        }
        Position {
            done: self.next_token.is_empty(),
            token: self.next_token,
            given: 0,
        }
    }
}

/// The token of the next page; empty if no role that is reached has more.
fn write(newest: Option<Created>, sources: Vec<Source>) -> String {
    let has_more = |source: &Source| !source.entries.is_empty() || !source.next_token.is_empty();
    if !sources.iter().any(has_more) {
        return String::new();
    }
    let place = Place {
        newest,
        positions: sources.into_iter().map(Source::into_position).collect(),
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).expect("a place is texts and numbers"))
}

fn read(token: &str, sources: usize) -> Result<Place, ImportError> {
    if token.is_empty() {
        return Ok(Place {
            newest: None,
            positions: vec![Position::default(); sources],
        });
    }
    let json = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| ImportError::Page)?;
    let place: Place = serde_json::from_slice(&json).map_err(|_| ImportError::Page)?;
    let is_sane = |position: &Position| position.given <= MAX_SIZE;
    if place.positions.len() == sources && place.positions.iter().all(is_sane) {
        Ok(place)
    } else {
        Err(ImportError::Page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A role's imports, created at these seconds and called so, read by keys as roles do.
    fn page(times: &[i64], request: &pb::ListImportsRequest) -> pb::ListImportsResponse {
        let import = |seconds: &i64| pb::Import {
            id: seconds.to_string(),
            created_at: Some(prost_types::Timestamp {
                seconds: *seconds,
                nanos: 0,
            }),
            ..pb::Import::default()
        };
        let size = request.page_size as usize;
        let after = request.page_token.parse().unwrap_or(i64::MAX);
        let older = times.iter().filter(|time| **time < after);
        let imports: Vec<pb::Import> = older.take(size).map(import).collect();
        let last = imports.last().filter(|_| imports.len() == size);
        pb::ListImportsResponse {
            next_page_token: last.map_or_else(String::new, |last| last.id.clone()),
            imports,
            ..pb::ListImportsResponse::default()
        }
    }

    /// The page of a token over lists of several roles, and the token of the next.
    async fn turn(lists: &[Vec<i64>], token: &str, size: usize) -> (Vec<i64>, String) {
        let Place { newest, positions } = read(token, lists.len()).unwrap();
        let mut sources = Vec::new();
        for (times, position) in lists.iter().zip(positions) {
            let ask = |request| std::future::ready(Ok(page(times, &request)));
            sources.push(fetch(ask, position, newest, size).await.unwrap());
        }
        let given = merge(&mut sources, size);
        let times: Vec<i64> = given
            .iter()
            .map(|import| created(import).unwrap().0)
            .collect();
        let newest = newest.or_else(|| times.first().map(|time| (*time, 0)));
        (times, write(newest, sources))
    }

    fn lists() -> Vec<Vec<i64>> {
        vec![
            vec![90, 70, 50, 30, 10],
            vec![89, 88, 87, 86, 85, 84, 20],
            vec![],
        ]
    }

    const ALL: [i64; 12] = [90, 89, 88, 87, 86, 85, 84, 70, 50, 30, 20, 10];

    #[tokio::test]
    async fn every_import_is_listed_once_and_newest_first_whatever_the_page_size() {
        for size in 1..=13 {
            let (mut seen, mut token) = turn(&lists(), "", size).await;
            while !token.is_empty() {
                let (page, next) = turn(&lists(), &token, size).await;
                seen.extend(page);
                token = next;
            }
            assert_eq!(seen, ALL, "pages of {size}");
        }
    }

    #[tokio::test]
    async fn imports_that_come_between_two_pages_move_nothing() {
        for (size, newcomers) in [(1, 1), (2, 5), (3, 40), (5, 3), (12, 2)] {
            let mut lists = lists();
            let (mut seen, mut token) = turn(&lists, "", size).await;
            let mut time = 100;
            while !token.is_empty() {
                for list in &mut lists {
                    for _ in 0..newcomers {
                        list.insert(0, time);
                        time += 1;
                    }
                }
                let (page, next) = turn(&lists, &token, size).await;
                seen.extend(page);
                token = next;
            }
            assert_eq!(seen, ALL, "{newcomers} newcomers, pages of {size}");
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        for token in ["x", "e30", "W10", "deadbeef00"] {
            assert_eq!(read(token, 3), Err(ImportError::Page), "{token}");
        }
    }
}
