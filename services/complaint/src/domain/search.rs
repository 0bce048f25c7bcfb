//! Full-text search in Chinese and English: an inverted index in memory with BM25 (Robertson and Zaragoza, 2009).
//!
//! Chinese is cut into characters and pairs of them, which needs no dictionary and never splits a word wrongly; other
//! writing into lower-case words without their English endings. Words of one meaning find each other. It lives in memory
//! because the words of cases are sealed at rest; it is rebuilt from the store at will. See docs/adr/0016.

use std::{collections::HashMap, hash::Hash, sync::LazyLock};

use rustc_hash::FxHashMap;

use super::tokens::{query_tokens, tokens};

/// An index of texts under keys.
#[derive(Debug)]
pub(crate) struct Index<K> {
    postings: FxHashMap<u64, Vec<Posting>>,
    docs: Vec<Doc<K>>,
    places: HashMap<K, u32>,
    living: usize,
    total_length: u64,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    doc: u32,
    count: u16,
}

#[derive(Debug)]
struct Doc<K> {
    key: K,
    length: u32,
    is_alive: bool,
}

/// BM25: how soon a repeated word says nothing new, and how much a long text is held against it.
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// A word in more than this share of many texts tells them apart so little that it is looked up only where there is no
/// rarer one.
const COMMON_SHARE: f32 = 0.2;
/// Below this number of texts every word counts.
const MANY: usize = 2_000;

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self {
            postings: FxHashMap::default(),
            docs: Vec::new(),
            places: HashMap::new(),
            living: 0,
            total_length: 0,
        }
    }
}

impl<K: Copy + Eq + Hash> Index<K> {
    /// Puts a text under a key, in the place of the one that was there.
    pub(crate) fn put(&mut self, key: K, text: &str) {
        self.remove(key);
        let doc = self.docs.len() as u32;
        let mut counts: FxHashMap<u64, u16> = FxHashMap::default();
        let mut length = 0;
        for token in tokens(text) {
            let count = counts.entry(token).or_default();
            *count = count.saturating_add(1);
            length += 1;
        }
        for (token, count) in counts {
            self.postings
                .entry(token)
                .or_default()
                .push(Posting { doc, count });
        }
        self.docs.push(Doc {
            key,
            length,
            is_alive: true,
        });
        self.places.insert(key, doc);
        self.living += 1;
        self.total_length += u64::from(length);
    }

    /// Takes the text of a key out.
    pub(crate) fn remove(&mut self, key: K) {
        let Some(doc) = self.places.remove(&key) else {
            return;
        };
        let doc = &mut self.docs[doc as usize];
        doc.is_alive = false;
        self.living -= 1;
        self.total_length -= u64::from(doc.length);
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.living
    }

    /// The texts that fit a query best, best first, among those that `admits`.
    pub(crate) fn search(
        &self,
        query: &str,
        limit: usize,
        admits: impl Fn(K) -> bool,
    ) -> Vec<(K, f32)> {
        let groups = self.groups(query);
        let average = (self.total_length as f32 / self.living.max(1) as f32).max(1.0);
        let mut scores: FxHashMap<u32, f32> = FxHashMap::default();
        for group in &groups {
            let mut best: FxHashMap<u32, f32> = FxHashMap::default();
            for postings in &group.lists {
                for posting in *postings {
                    let doc = &self.docs[posting.doc as usize];
                    if !doc.is_alive {
                        continue;
                    }
                    let count = f32::from(posting.count);
                    let norm = K1 * (1.0 - B + B * doc.length as f32 / average);
                    let score = group.weight * count * (K1 + 1.0) / (count + norm);
                    let kept = best.entry(posting.doc).or_default();
                    *kept = kept.max(score);
                }
            }
            for (doc, score) in best {
                *scores.entry(doc).or_default() += score;
            }
        }
        let mut found: Vec<(u32, f32)> = scores
            .into_iter()
            .filter(|(doc, _)| admits(self.docs[*doc as usize].key))
            .collect();
        found.sort_unstable_by(|left, right| right.1.total_cmp(&left.1).then(right.0.cmp(&left.0)));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(doc, score)| (self.docs[doc as usize].key, score))
            .collect()
    }

    /// The words of a query with all that mean the same, and how rare they are together. Common ones are left out where
    /// there are rarer ones.
    fn groups(&self, query: &str) -> Vec<Group<'_>> {
        let many = self.living as f32;
        let mut groups: Vec<Group<'_>> = query_tokens(query)
            .into_iter()
            .map(|(alternatives, weight)| {
                let lists: Vec<&[Posting]> = alternatives
                    .iter()
                    .filter_map(|token| self.postings.get(token))
                    .map(Vec::as_slice)
                    .collect();
                let df = lists.iter().map(|list| list.len()).max().unwrap_or(0) as f32;
                let rarity = ((many - df).max(0.0) + 0.5).ln() - (df + 0.5).ln();
                Group {
                    lists,
                    df,
                    weight: weight * rarity.max(0.01),
                }
            })
            .filter(|group| group.df > 0.0)
            .collect();
        let is_common = |group: &Group<'_>| group.df > many * COMMON_SHARE;
        if self.living > MANY && groups.iter().any(|group| !is_common(group)) {
            groups.retain(|group| !is_common(group));
        }
        groups
    }
}

/// Words of one meaning.
struct Group<'a> {
    lists: Vec<&'a [Posting]>,
    df: f32,
    weight: f32,
}

/// Groups of words that mean the same, by each of their words.
pub(super) static SYNONYMS: LazyLock<HashMap<&'static str, Vec<&'static str>>> =
    LazyLock::new(|| {
        let mut groups = HashMap::new();
        let lines = include_str!("../../data/synonyms.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split('|').collect();
            for word in &words {
                groups.insert(*word, words.clone());
            }
        }
        groups
    });

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
