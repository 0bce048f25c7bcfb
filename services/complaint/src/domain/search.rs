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
/// Dead texts are thrown away once there are so many of them, and more than one to so many living ones.
const LEAST_DEAD: usize = 1_000;
const LIVING_A_DEAD: usize = 4;
/// How many places of words are read through in a search, the rarest word's at least; beyond them only so many of the best texts
/// found by then are looked at again.
const MOST_READ: usize = 50_000;
const PROBED: usize = 1_000;
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
        let dead = self.docs.len() - self.living;
        if dead >= LEAST_DEAD && dead > self.living / LIVING_A_DEAD {
            self.compact();
        }
    }

    /// Throws away what is left of texts that were taken out or replaced. The others keep their order, so that lists stay sorted.
    fn compact(&mut self) {
        let mut places: Vec<Option<u32>> = Vec::with_capacity(self.docs.len());
        let mut living = 0;
        for doc in &self.docs {
            places.push(doc.is_alive.then_some(living));
            living += u32::from(doc.is_alive);
        }
        self.docs.retain(|doc| doc.is_alive);
        self.postings.retain(|_, list| {
            list.retain_mut(|posting| {
                let place = places[posting.doc as usize];
                posting.doc = place.unwrap_or(posting.doc);
                place.is_some()
            });
            list.shrink_to_fit();
            !list.is_empty()
        });
        for place in self.places.values_mut() {
            *place = places[*place as usize].unwrap_or(*place);
        }
        self.docs.shrink_to_fit();
        self.postings.shrink_to_fit();
    }

    /// Texts it holds, dead ones among them, and how often they are named under words.
    #[cfg(test)]
    fn weight(&self) -> (usize, usize) {
        let postings = self.postings.values().map(Vec::len).sum();
        (self.docs.len(), postings)
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
        let mut groups = self.groups(query);
        groups.sort_by(|left, right| left.df.total_cmp(&right.df));
        let average = (self.total_length as f32 / self.living.max(1) as f32).max(1.0);
        // The rarest words are read through, which finds the texts; of the others it is enough to know whether the best have them.
        let mut read = 0;
        let rare = groups.iter().take_while(|group| {
            let is_first = read == 0;
            read += group.size();
            is_first || read <= MOST_READ
        });
        let mut rare = rare.count();
        let mut scores = Scores::of(self.docs.len());
        for group in &groups[..rare] {
            self.read_through(group, average, &mut scores);
        }
        // A rare word may be in others' texts alone: then the next is read too.
        let is_enough = |scores: &Scores| {
            let found = scores.found.iter();
            let admitted = found.filter(|doc| admits(self.docs[**doc as usize].key));
            admitted.take(limit).count() == limit
        };
        while rare < groups.len() && !is_enough(&scores) {
            self.read_through(&groups[rare], average, &mut scores);
            rare += 1;
        }
        let found = scores.found.iter().copied();
        let mut found: Vec<(u32, f32)> = found
            .filter(|doc| admits(self.docs[*doc as usize].key))
            .map(|doc| (doc, scores.by_doc[doc as usize]))
            .collect();
        if rare < groups.len() {
            if found.len() > PROBED {
                found.select_nth_unstable_by(PROBED, |left, right| {
                    right.1.total_cmp(&left.1).then(right.0.cmp(&left.0))
                });
                found.truncate(PROBED);
            }
            for (doc, score) in &mut found {
                let others = groups[rare..].iter();
                *score += others
                    .map(|group| self.probe(group, *doc, average))
                    .sum::<f32>();
            }
        }
        found.sort_unstable_by(|left, right| right.1.total_cmp(&left.1).then(right.0.cmp(&left.0)));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(doc, score)| (self.docs[doc as usize].key, score))
            .collect()
    }

    /// Adds to the scores of all texts that have a group's words; of several words that mean the same the best counts.
    fn read_through(&self, group: &Group<'_>, average: f32, scores: &mut Scores) {
        let postings = group.lists.iter().copied().flatten();
        let living = postings.filter(|posting| self.docs[posting.doc as usize].is_alive);
        let scored = living.map(|posting| (posting.doc, self.score(group, *posting, average)));
        if group.lists.len() == 1 {
            scored.for_each(|(doc, score)| scores.add(doc, score));
            return;
        }
        let mut scored: Vec<(u32, f32)> = scored.collect();
        scored
            .sort_unstable_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)));
        scored.dedup_by_key(|(doc, _)| *doc);
        for (doc, score) in scored {
            scores.add(doc, score);
        }
    }

    /// What a group's words add to the score of one text. Lists are in the order of texts.
    fn probe(&self, group: &Group<'_>, doc: u32, average: f32) -> f32 {
        let found = group.lists.iter().filter_map(|list| {
            let at = list
                .binary_search_by_key(&doc, |posting| posting.doc)
                .ok()?;
            Some(self.score(group, list[at], average))
        });
        found.fold(0.0, f32::max)
    }

    fn score(&self, group: &Group<'_>, posting: Posting, average: f32) -> f32 {
        let count = f32::from(posting.count);
        let length = self.docs[posting.doc as usize].length as f32;
        let norm = K1 * (1.0 - B + B * length / average);
        group.weight * count * (K1 + 1.0) / (count + norm)
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

/// The scores of a search.
struct Scores {
    /// By text; 0 where none of the words read is in it.
    by_doc: Vec<f32>,
    /// Texts that have one.
    found: Vec<u32>,
}

impl Scores {
    /// None yet, of so many texts.
    fn of(docs: usize) -> Self {
        Self {
            by_doc: vec![0.0; docs],
            found: Vec::new(),
        }
    }

    fn add(&mut self, doc: u32, score: f32) {
        let kept = &mut self.by_doc[doc as usize];
        if *kept == 0.0 {
            self.found.push(doc);
        }
        *kept += score;
    }
}

/// Words of one meaning.
struct Group<'a> {
    lists: Vec<&'a [Posting]>,
    df: f32,
    weight: f32,
}

impl Group<'_> {
    /// How often its words are named.
    fn size(&self) -> usize {
        self.lists.iter().map(|list| list.len()).sum()
    }
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
