//! String similarity over slices of any comparable unit; callers pass code points.

/// The longest texts compared character by character; longer ones are cut, so that hostile input stays cheap.
pub const MAX_LEN: usize = 64;

/// Jaro–Winkler similarity in 0..=1 (Winkler 1990, prefix weight 0.1, prefix up to 4).
pub fn jaro_winkler<T: Copy + Eq>(left: &[T], right: &[T]) -> f32 {
    let jaro = jaro(left, right);
    let prefix = left
        .iter()
        .zip(right)
        .take(4)
        .take_while(|(a, b)| a == b)
        .count();
    jaro + prefix as f32 * 0.1 * (1.0 - jaro)
}

/// Jaro similarity in 0..=1.
pub fn jaro<T: Copy + Eq>(left: &[T], right: &[T]) -> f32 {
    let (left, right) = (
        &left[..left.len().min(MAX_LEN)],
        &right[..right.len().min(MAX_LEN)],
    );
    if left.is_empty() || right.is_empty() {
        return f32::from(u8::from(left.is_empty() && right.is_empty()));
    }
    let window = (left.len().max(right.len()) / 2).saturating_sub(1);
    let (mut taken_left, mut taken_right) = (0_u64, 0_u64);
    for (i, unit) in left.iter().enumerate() {
        let from = i.saturating_sub(window);
        let to = (i + window + 1).min(right.len());
        if let Some(j) = (from..to).find(|j| taken_right & (1 << j) == 0 && right[*j] == *unit) {
            taken_left |= 1 << i;
            taken_right |= 1 << j;
        }
    }
    let matches = taken_left.count_ones();
    if matches == 0 {
        return 0.0;
    }
    let half_transpositions = ones(taken_left)
        .zip(ones(taken_right))
        .filter(|(i, j)| left[*i] != right[*j])
        .count();
    let matches = matches as f32;
    (matches / left.len() as f32
        + matches / right.len() as f32
        + (matches - half_transpositions as f32 / 2.0) / matches)
        / 3.0
}

fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let at = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            at
        })
    })
}

/// Optimal string alignment distance (insert, delete, replace, swap neighbours), or `limit + 1` once it exceeds `limit`.
pub fn edits<T: Copy + Eq>(left: &[T], right: &[T], limit: usize) -> usize {
    let (left, right) = (
        &left[..left.len().min(MAX_LEN)],
        &right[..right.len().min(MAX_LEN)],
    );
    let (left, right) = trim_common(left, right);
    if left.len().abs_diff(right.len()) > limit {
        return limit + 1;
    }
    if left.is_empty() || right.is_empty() {
        return left.len().max(right.len());
    }
    if limit <= 1 {
        return at_most_one(left, right).unwrap_or(limit + 1);
    }
    let mut rows = [[0_u8; MAX_LEN + 1]; 3];
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j as u8;
    }
    for i in 1..=left.len() {
        let (current, before, two_before) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[current][0] = i as u8;
        let mut smallest = i as u8;
        for j in 1..=right.len() {
            let differs = u8::from(left[i - 1] != right[j - 1]);
            let mut cost = (rows[before][j] + 1)
                .min(rows[current][j - 1] + 1)
                .min(rows[before][j - 1] + differs);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                cost = cost.min(rows[two_before][j - 2] + 1);
            }
            rows[current][j] = cost;
            smallest = smallest.min(cost);
        }
        if usize::from(smallest) > limit + 1 {
            return limit + 1;
        }
    }
    usize::from(rows[left.len() % 3][right.len()]).min(limit + 1)
}

/// The distance of texts that share neither first nor last unit, if it is one.
fn at_most_one<T: Copy + Eq>(left: &[T], right: &[T]) -> Option<usize> {
    match (left, right) {
        ([_], [_]) => Some(1),
        ([a, b], [c, d]) if a == d && b == c => Some(1),
        _ => None,
    }
}

fn trim_common<'a, T: Copy + Eq>(left: &'a [T], right: &'a [T]) -> (&'a [T], &'a [T]) {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[start..], &right[start..]);
    let end = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (&left[..left.len() - end], &right[..right.len() - end])
}

/// Dice coefficient in 0..=1 of two sorted sets of hashes (such as character pairs).
pub fn dice(left: &[u32], right: &[u32]) -> f32 {
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        match left[i].cmp(&right[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    2.0 * common as f32 / (left.len() + right.len()) as f32
}

/// The sorted set of neighbouring character pairs of `text`, for [`dice`]; spaces and punctuation do not count.
pub fn bigrams(text: &[char]) -> Vec<u32> {
    let kept: Vec<char> = text
        .iter()
        .copied()
        .filter(|c| c.is_alphanumeric())
        .take(2 * MAX_LEN)
        .collect();
    let mut pairs: Vec<u32> = kept
        .windows(2)
        .map(|pair| (pair[0] as u32).wrapping_mul(0x9e37_79b1) ^ pair[1] as u32)
        .collect();
    if let [only] = kept[..] {
        pairs.push(only as u32);
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn published_values_of_jaro_winkler() {
        let close = |left: &str, right: &str, wanted: f32| {
            let got = jaro_winkler(&chars(left), &chars(right));
            assert!((got - wanted).abs() < 0.001, "{left} {right} {got}");
        };
        close("martha", "marhta", 0.961);
        close("dwayne", "duane", 0.84);
        close("dixon", "dicksonx", 0.813);
    }

    #[test]
    fn one_chinese_character_is_one_edit() {
        assert_eq!(edits(&chars("张伟"), &chars("张玮"), 3), 1);
        assert_eq!(edits(&chars("ab"), &chars("ba"), 3), 1);
        assert_eq!(edits(&chars("kitten"), &chars("sitting"), 5), 3);
        assert_eq!(edits(&chars("kitten"), &chars("sitting"), 1), 2);
        assert_eq!(edits(&chars(""), &chars("abc"), 5), 3);
    }

    #[test]
    fn dice_counts_shared_pairs() {
        assert!((dice(&bigrams(&chars("night")), &bigrams(&chars("nacht"))) - 0.25).abs() < 1e-6);
        assert!(
            dice(
                &bigrams(&chars("wilshire street")),
                &bigrams(&chars("wilshirestreet"))
            ) > 0.99
        );
    }

    proptest::proptest! {
        #[test]
        fn measures_are_symmetric_and_bounded(left in ".{0,90}", right in ".{0,90}") {
            let (left, right) = (chars(&left), chars(&right));
            let forward = jaro_winkler(&left, &right);
            proptest::prop_assert!((forward - jaro_winkler(&right, &left)).abs() < 0.2);
            proptest::prop_assert!((0.0..=1.0001).contains(&forward));
            proptest::prop_assert_eq!(edits(&left, &right, 9), edits(&right, &left, 9));
        }

        #[test]
        fn a_small_limit_says_the_same_as_a_large_one(left in "[ab]{0,6}", right in "[ab]{0,6}") {
            let (left, right) = (chars(&left), chars(&right));
            let whole = edits(&left, &right, 9);
            for limit in 0..4 {
                proptest::prop_assert_eq!(edits(&left, &right, limit), whole.min(limit + 1));
            }
        }
    }
}
