//! Whose turn it is at SQLite's one writer: interactive work goes first, but a batch is not left waiting for ever.

use std::time::Duration;

/// Interactive work goes first until it has had this many times as long as the batch before it: batches keep a tenth.
const SHARE: u32 = 9;
/// What a batch is taken to last at least, so that short ones do not come between all others.
const SHORTEST: Duration = Duration::from_millis(10);

/// What each kind of work has had lately.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// How long interactive work has taken since the last batch.
    interactive: Duration,
    /// How long the last batch took.
    batch: Duration,
}

impl Turns {
    /// Whether a batch that waits goes before interactive work.
    pub(crate) fn is_batchs(&self) -> bool {
        self.interactive >= self.batch.max(SHORTEST) * SHARE
    }

    /// Notes what a turn took.
    pub(crate) fn note(&mut self, was_batch: bool, took: Duration) {
        if was_batch {
            *self = Self {
                interactive: Duration::ZERO,
                batch: took,
            };
        } else {
            self.interactive += took;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gets_a_tenth_however_much_is_asked_by_people() {
        let (mut turns, batch, group) = (
            Turns::default(),
            Duration::from_millis(40),
            Duration::from_millis(5),
        );
        let (mut interactive, mut batches) = (Duration::ZERO, Duration::ZERO);
        // Both kinds always wait.
        for _ in 0..10_000 {
            if turns.is_batchs() {
                turns.note(true, batch);
                batches += batch;
            } else {
                turns.note(false, group);
                interactive += group;
            }
        }
        let share = batches.as_secs_f64() / (batches + interactive).as_secs_f64();
        assert!((0.09..=0.11).contains(&share), "{share}");
    }

    #[test]
    fn nobody_waits_for_a_batch_before_its_share_is_due() {
        let mut turns = Turns::default();
        assert!(!turns.is_batchs());
        turns.note(true, Duration::from_millis(1));
        turns.note(
            false,
            (SHORTEST * SHARE).saturating_sub(Duration::from_nanos(1)),
        );
        assert!(!turns.is_batchs());
        turns.note(false, Duration::from_nanos(1));
        assert!(turns.is_batchs());
    }
}
