//! Events that came before their turn.
//!
//! A broker delivers again what was not acknowledged, and then later events come before earlier ones. Each event says which
//! one it follows, so an event is handed on only when the one before it was.

use std::collections::BTreeMap;

use marque_api::events::v1::Event;
use marque_events::ANSWER_BYTES;

use crate::envelope::Envelope;

/// Events by position, each with the handle `A` by which it is acknowledged.
#[derive(Debug)]
pub(crate) struct Held<A> {
    by_position: BTreeMap<i64, Waiting<A>>,
}

#[derive(Debug)]
struct Waiting<A> {
    event: Event,
    previous: i64,
    /// Whether it is the first that the stream has: who has read nothing yet begins there.
    is_first: bool,
    handle: A,
}

impl<A> Held<A> {
    pub(crate) const fn new() -> Self {
        Self {
            by_position: BTreeMap::new(),
        }
    }

    /// Takes an event in. One that came again takes the place of its first copy, which is not acknowledged: that would
    /// acknowledge this one too if it is the same message.
    pub(crate) fn take(&mut self, envelope: Envelope, is_first: bool, handle: A) {
        let waiting = Waiting {
            previous: envelope.previous,
            event: envelope.event,
            is_first,
            handle,
        };
        self.by_position.insert(waiting.event.position, waiting);
    }

    /// Lets go of what was applied; gives back the handles.
    pub(crate) fn settle(&mut self, after: i64) -> Vec<A> {
        let later = self.by_position.split_off(&(after + 1));
        let settled = std::mem::replace(&mut self.by_position, later);
        settled
            .into_values()
            .map(|waiting| waiting.handle)
            .collect()
    }

    /// Lets go of everything; gives back the handles.
    pub(crate) fn clear(&mut self) -> Vec<A> {
        self.settle(i64::MAX - 1)
    }

    /// The events that follow `after` without a gap: at most `limit`, and one or as many as weigh what a feed hands out at
    /// once. They stay until they are settled.
    pub(crate) fn run(&self, after: i64, limit: usize) -> Vec<Event> {
        let mut at = after;
        let mut events = Vec::new();
        let mut bytes = 0;
        for (position, waiting) in self.by_position.range(after + 1..) {
            let follows = waiting.previous <= at || (at == 0 && waiting.is_first);
            bytes += waiting.event.data.len() as i64;
            let is_full = events.len() == limit || (!events.is_empty() && bytes > ANSWER_BYTES);
            if !follows || is_full {
                break;
            }
            if waiting.previous == 0 && at != 0 && *position > at + 1 {
                tracing::warn!(
                    after = at,
                    position,
                    "the events in between are kept nowhere any more"
                );
            }
            at = *position;
            events.push(waiting.event.clone());
        }
        events
    }

    /// The positions missing before the first event that waits, if any waits.
    pub(crate) fn gap(&self, after: i64) -> Option<(i64, i64)> {
        let (_, first) = self.by_position.range(after + 1..).next()?;
        Some((after + 1, first.previous))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_position.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(position: i64, previous: i64) -> Envelope {
        Envelope {
            event: Event {
                position,
                ..Event::default()
            },
            previous,
        }
    }

    fn holding(links: &[(i64, i64)]) -> Held<i64> {
        let mut held = Held::new();
        for (position, previous) in links {
            held.take(envelope(*position, *previous), false, *position);
        }
        held
    }

    fn positions(held: &Held<i64>, after: i64, limit: usize) -> Vec<i64> {
        let run = held.run(after, limit);
        run.iter().map(|event| event.position).collect()
    }

    #[test]
    fn events_out_of_order_wait_for_those_before_them() {
        let mut held = holding(&[(5, 4), (6, 5)]);
        assert!(positions(&held, 3, 10).is_empty());
        assert_eq!(held.gap(3), Some((4, 4)));
        held.take(envelope(4, 3), false, 4);
        assert_eq!(positions(&held, 3, 10), [4, 5, 6]);
        assert_eq!(positions(&held, 3, 2), [4, 5]);
        assert_eq!(held.settle(5), [4, 5]);
        assert_eq!(positions(&held, 5, 10), [6]);
        assert_eq!(held.len(), 1);
        assert_eq!(held.clear(), [6]);
    }

    #[test]
    fn what_was_applied_already_is_passed_over() {
        let held = holding(&[(1, 0), (2, 1), (3, 2)]);
        assert_eq!(positions(&held, 2, 10), [3]);
        assert_eq!(held.gap(3), None);
    }

    #[test]
    fn positions_may_have_holes_as_long_as_the_links_hold() {
        assert_eq!(positions(&holding(&[(10, 4), (12, 10)]), 4, 10), [10, 12]);
    }

    #[test]
    fn who_has_read_nothing_begins_at_the_first_of_the_stream_and_nowhere_else() {
        let mut held = holding(&[(65, 64)]);
        assert!(positions(&held, 0, 10).is_empty());
        held.take(envelope(65, 64), true, 66);
        assert_eq!(positions(&held, 0, 10), [65]);
        assert_eq!(held.settle(65), [66], "the copy that came last");
    }

    #[test]
    fn what_is_handed_on_at_once_is_bounded_by_its_weight() {
        let mut held = Held::new();
        for position in 1..=5 {
            let mut envelope = envelope(position, position - 1);
            let parts = if position == 5 { 1 } else { 3 };
            envelope.event.data = vec![0; ANSWER_BYTES as usize / parts];
            held.take(envelope, false, position);
        }
        assert_eq!(positions(&held, 0, 10), [1, 2, 3]);
        assert_eq!(positions(&held, 3, 10), [4]);
        assert_eq!(positions(&held, 4, 10), [5]);
    }

    #[test]
    fn nothing_older_being_kept_is_no_gap() {
        assert_eq!(positions(&holding(&[(80, 0)]), 30, 10), [80]);
    }
}
