//! Words with their rarity, and how much two sets of words have in common.

use rustc_hash::FxHashMap;

use crate::text::similarity::jaro_winkler;

/// Words of all values of a field, with how rare each is.
#[derive(Default)]
pub(super) struct Words {
    numbers: FxHashMap<Box<str>, u32>,
    pub(super) texts: Vec<Box<[char]>>,
    documents: Vec<u32>,
    rarity: Vec<f32>,
    values: f32,
}

impl Words {
    /// The number of a word, new or known; counts one more value that holds it.
    pub(super) fn add(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            self.documents[*number as usize] += 1;
            return *number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(word.into(), number);
        self.texts.push(word.chars().collect());
        self.documents.push(1);
        number
    }

    /// Fixes the rarities once all values are in.
    pub(super) fn finish(&mut self, values: usize) {
        let values = values.max(2) as f32;
        self.values = values;
        self.rarity = self
            .documents
            .iter()
            .map(|documents| (1.0 + values / *documents as f32).ln())
            .collect();
        self.numbers = FxHashMap::default();
    }

    pub(super) fn rarity(&self, word: u32) -> f32 {
        self.rarity[word as usize]
    }

    /// The share of values that hold the word.
    pub(super) fn share(&self, word: u32) -> f32 {
        self.documents(word) as f32 / self.values
    }

    /// How many values hold the word.
    pub(super) fn documents(&self, word: u32) -> u32 {
        self.documents[word as usize]
    }

    /// What two sets of words share by rarity: (of both together, of the smaller), each 0..=1.
    pub(super) fn overlap(&self, left: &[u32], right: &[u32]) -> (f32, f32) {
        let total = |words: &[u32]| words.iter().map(|word| self.rarity(*word)).sum::<f32>();
        let (left_total, right_total) = (total(left), total(right));
        if left_total == 0.0 || right_total == 0.0 {
            return (0.0, 0.0);
        }
        let mut taken = 0_u64;
        let mut common = 0.0;
        for word in left {
            let best = right
                .iter()
                .take(64)
                .enumerate()
                .filter(|(at, _)| taken & (1 << at) == 0)
                .map(|(at, other)| (at, self.likeness(*word, *other), self.rarity(*other)))
                .max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((at, likeness, rarity)) = best.filter(|(_, likeness, _)| *likeness > 0.0) {
                taken |= 1 << at;
                common += likeness * rarity.min(self.rarity(*word));
            }
        }
        (
            2.0 * common / (left_total + right_total),
            common / left_total.min(right_total),
        )
    }

    /// 1 for the same word, less for one that a typing error or an abbreviation explains, 0 for another.
    fn likeness(&self, left: u32, right: u32) -> f32 {
        if left == right {
            return 1.0;
        }
        let (a, b) = (
            &self.texts[left as usize][..],
            &self.texts[right as usize][..],
        );
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        if short.len() >= 3 && long.starts_with(short) {
            return 0.8;
        }
        if short.len() == 1 && long[0] == short[0] {
            return 0.3;
        }
        if short.len() < 4 || short.iter().all(char::is_ascii_digit) {
            return 0.0;
        }
        let similarity = jaro_winkler(a, b);
        if similarity >= 0.9 {
            similarity - 0.1
        } else {
            0.0
        }
    }
}

/// Splits folded text into words: runs of letters or digits; each Chinese character is a word of its own.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        if crate::text::fold::is_han(character) {
            flush(&mut word, &mut words);
            words.push(character.to_string());
        } else if character.is_alphanumeric() {
            word.push(character);
        } else if character != '\'' {
            flush(&mut word, &mut words);
        }
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_carry_the_overlap() {
        let mut words = Words::default();
        let texts = [
            "cafe bizou",
            "cafe claude",
            "cafe des artistes",
            "cafe luxembourg",
            "bizou",
        ];
        let numbered: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| split(text).iter().map(|word| words.add(word)).collect())
            .collect();
        words.finish(texts.len());
        let (both, smaller) = words.overlap(&numbered[0], &numbered[4]);
        assert!(smaller > 0.99 && both > 0.6);
        let (both, _) = words.overlap(&numbered[0], &numbered[1]);
        assert!(both < 0.5);
        assert_eq!(split("art's 12-b 张伟"), ["arts", "12", "b", "张", "伟"]);
    }
}
