//! One list of imports out of the lists of all roles, newest first.
//!
//! The token of a page says for each role which of its pages is being read and how many of its entries were given out.

use std::collections::VecDeque;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::try_join_all;
use marque_api::intake::v1 as pb;
use marque_rpc::CallMeta;
use serde::{Deserialize, Serialize};
use tonic::Status;

use super::ImportError;
use crate::peers::Importer;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

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
}

/// A page of the imports in the caller's scope.
pub(crate) async fn list(
    importers: &[Importer],
    meta: &CallMeta,
    request: &pb::ListImportsRequest,
) -> Result<pb::ListImportsResponse, Status> {
    let size = match usize::try_from(request.page_size).map_err(|_| ImportError::Page)? {
        0 => DEFAULT_SIZE,
        size => size.min(MAX_SIZE),
    };
    let positions = read(&request.page_token, importers.len())?;
    let asked = importers
        .iter()
        .zip(positions)
        .map(|(importer, position)| fetch(importer, meta, position, size));
    let mut sources = try_join_all(asked).await?;
    let imports = merge(&mut sources, size);
    Ok(pb::ListImportsResponse {
        imports,
        next_page_token: write(sources),
    })
}

async fn fetch(
    importer: &Importer,
    meta: &CallMeta,
    position: Position,
    size: usize,
) -> Result<Source, Status> {
    if position.done {
        return Ok(Source {
            position,
            entries: VecDeque::new(),
            next_token: String::new(),
        });
    }
    let page_size = (size + position.given).min(MAX_SIZE) as i32;
    let request = pb::ListImportsRequest {
        page_size,
        page_token: position.token.clone(),
    };
    let page = importer
        .peer
        .client()
        .list_imports(meta.outgoing(request))
        .await?
        .into_inner();
    let entries = page.imports.into_iter().skip(position.given).collect();
    Ok(Source {
        position,
        entries,
        next_token: page.next_page_token,
    })
}

/// Takes the newest of all heads, until the page is full or a source would have to be asked for more.
fn merge(sources: &mut [Source], size: usize) -> Vec<pb::Import> {
    let mut merged = Vec::with_capacity(size.min(64));
    while merged.len() < size && !sources.iter().any(Source::is_dry) {
        let newest = sources
            .iter_mut()
            .filter(|source| !source.entries.is_empty())
            .max_by_key(|source| source.head_time());
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

    fn head_time(&self) -> Option<(i64, i32)> {
        let created = self.entries.front()?.created_at?;
        Some((created.seconds, created.nanos))
    }

    fn into_position(self) -> Position {
        if !self.entries.is_empty() {
            return self.position;
        }
        Position {
            done: self.next_token.is_empty(),
            token: self.next_token,
            given: 0,
        }
    }
}

fn write(sources: Vec<Source>) -> String {
    let positions: Vec<Position> = sources.into_iter().map(Source::into_position).collect();
    if positions.iter().all(|position| position.done) {
        return String::new();
    }
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&positions).expect("positions are texts and numbers"))
}

fn read(token: &str, sources: usize) -> Result<Vec<Position>, ImportError> {
    if token.is_empty() {
        return Ok(vec![Position::default(); sources]);
    }
    let json = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| ImportError::Page)?;
    let positions: Vec<Position> = serde_json::from_slice(&json).map_err(|_| ImportError::Page)?;
    let sane =
        positions.len() == sources && positions.iter().all(|position| position.given < MAX_SIZE);
    if sane {
        Ok(positions)
    } else {
        Err(ImportError::Page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A role's list of imports created at these seconds, read in pages of the given size.
    fn source(times: &[i64], position: Position, size: usize) -> Source {
        let start: usize = if position.token.is_empty() {
            0
        } else {
            position.token.parse().unwrap()
        };
        let size = size + position.given;
        let import = |seconds: &i64| pb::Import {
            created_at: Some(prost_types::Timestamp {
                seconds: *seconds,
                nanos: 0,
            }),
            ..pb::Import::default()
        };
        let page = times.iter().skip(start).take(size);
        let next_token = if start + size < times.len() {
            (start + size).to_string()
        } else {
            String::new()
        };
        let entries = if position.done {
            VecDeque::new()
        } else {
            page.skip(position.given).map(import).collect()
        };
        let next_token = if position.done {
            String::new()
        } else {
            next_token
        };
        Source {
            position,
            entries,
            next_token,
        }
    }

    #[test]
    fn every_import_is_listed_once_and_newest_first_whatever_the_page_size() {
        let lists: [&[i64]; 3] = [&[90, 70, 50, 30, 10], &[89, 88, 87, 86, 85, 84, 20], &[]];
        for size in 1..=13 {
            let (mut seen, mut token) = (Vec::new(), String::new());
            for _ in 0..40 {
                let positions = read(&token, 3).unwrap();
                let mut sources: Vec<Source> = lists
                    .iter()
                    .zip(positions)
                    .map(|(times, position)| source(times, position, size))
                    .collect();
                seen.extend(
                    merge(&mut sources, size)
                        .iter()
                        .map(|import| import.created_at.unwrap().seconds),
                );
                token = write(sources);
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(
                seen,
                [90, 89, 88, 87, 86, 85, 84, 70, 50, 30, 20, 10],
                "pages of {size}"
            );
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        for token in ["x", "e30", "W10", "deadbeef00"] {
            assert_eq!(read(token, 3), Err(ImportError::Page), "{token}");
        }
    }
}
