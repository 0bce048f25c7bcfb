//! A broker made of a list, which does what JetStream may do: take some of a batch and not say so, forget its end, forget everything.

use std::sync::{Arc, Mutex};

use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_bus::{BusError, End, Line};
use marque_events::Source;
use marque_load::Dice;
use tonic::{Status, async_trait};

use super::gate::Gate;

/// The stream of one producer.
#[derive(Debug)]
pub(super) struct Stream {
    /// Events with the position of the one before each.
    messages: Vec<(Event, i64)>,
    dice: Dice,
    /// No more faults: all is to come to rest.
    pub(super) is_calm: bool,
    pub(super) refused: u64,
    pub(super) redelivered: u64,
}

/// A way to the stream, of one actor.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) stream: Arc<Mutex<Stream>>,
    pub(super) gate: Gate,
    pub(super) actor: usize,
}

impl Stream {
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            messages: Vec::new(),
            dice,
            is_calm: false,
            refused: 0,
            redelivered: 0,
        }
    }

    /// The disk of the broker is lost.
    pub(super) fn wipe(&mut self) {
        self.messages.clear();
    }

    /// The power of the broker fails: messages that it had not synced are lost.
    pub(super) fn forget_end(&mut self) {
        let kept = self.messages.len() - self.dice.below(self.messages.len().min(5) + 1);
        self.messages.truncate(kept);
    }

    fn strikes(&mut self, one_in: usize) -> bool {
        !self.is_calm && self.dice.below(one_in) == 0
    }

    /// What JetStream does with a batch: each message is taken if it stands right behind the one before it.
    fn take(&mut self, after: u64, events: Vec<(Event, i64)>) -> Result<Option<u64>, BusError> {
        if self.strikes(8) {
            return Err(gone());
        }
        if self.messages.len() as u64 != after {
            self.refused += 1;
            return Ok(None);
        }
        let is_cut = self.strikes(6);
        let taken = if is_cut {
            self.dice.below(events.len() + 1)
        } else {
            events.len()
        };
        self.messages.extend(events.into_iter().take(taken));
        if is_cut {
            return Err(gone());
        }
        Ok(Some(self.messages.len() as u64))
    }

    /// What a consumer gets: events behind its position that follow each other without a hole, and now and then some again.
    fn read(&mut self, after: i64, limit: usize) -> Vec<Event> {
        let mut last = after;
        let mut found = Vec::new();
        for (event, previous) in &self.messages {
            if event.position > last && *previous <= last {
                last = event.position;
                found.push(event.clone());
            }
        }
        found.truncate(1 + self.dice.below(limit));
        if self.strikes(4) {
            let again: Vec<Event> = self
                .messages
                .iter()
                .map(|(event, _)| event.clone())
                .filter(|event| event.position <= after)
                .collect();
            let from = again.len().saturating_sub(1 + self.dice.below(3));
            self.redelivered += (again.len() - from) as u64;
            found.splice(0..0, again[from..].iter().cloned());
        }
        found
    }
}

fn gone() -> BusError {
    BusError::Refused("the broker went away".into())
}

#[async_trait]
impl Line for Way {
    async fn end(&self, _: &str, _: bool) -> Result<End, BusError> {
        self.gate.turn(self.actor).await;
        let mut stream = self.stream.lock().unwrap();
        if stream.strikes(10) {
            return Err(gone());
        }
        Ok(End {
            sequence: stream.messages.len() as u64,
            newest: stream.messages.last().map(|(event, _)| event.clone()),
        })
    }

    async fn send(
        &self,
        _: &str,
        after: u64,
        events: Vec<(Event, i64)>,
    ) -> Result<Option<u64>, BusError> {
        self.gate.turn(self.actor).await;
        let count = events.len();
        let sent = self.stream.lock().unwrap().take(after, events);
        self.gate.note(format!(
            "{} sends {count} behind {after}: {:?}",
            self.actor,
            sent.as_ref().ok()
        ));
        // Taken, and the answer is on its way: a relay that is killed here never hears it.
        self.gate.turn(self.actor).await;
        sent
    }
}

#[async_trait]
impl Source for Way {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        self.gate.turn(self.actor).await;
        let events = {
            let mut stream = self.stream.lock().unwrap();
            if stream.strikes(10) {
                return Err(Status::unavailable("the broker went away"));
            }
            let limit = usize::try_from(request.limit).unwrap_or(1);
            stream.read(request.after, limit.min(7))
        };
        let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
        self.gate.note(format!(
            "{} reads after {}: {positions:?}",
            self.actor, request.after
        ));
        // Read and not applied: a consumer that is killed here reads it again.
        self.gate.turn(self.actor).await;
        let head = positions.iter().copied().max().unwrap_or(request.after);
        Ok(PullResponse { events, head })
    }
}
