//! Turns: one actor moves at a time.

use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, mpsc};

/// Where actors stand until it is their turn.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    standing: mpsc::UnboundedSender<usize>,
    turns: Arc<Vec<Semaphore>>,
    /// What happened, in order.
    trace: Arc<Mutex<Vec<String>>>,
}

/// Who gives the turns.
#[derive(Debug)]
pub(super) struct Keeper {
    gate: Gate,
    standing: mpsc::UnboundedReceiver<usize>,
}

impl Gate {
    /// Stands here until it is this actor's turn. An actor that is killed is killed here.
    pub(super) async fn turn(&self, actor: usize) {
        let _ = self.standing.send(actor);
        let turn = self.turns[actor].acquire().await;
        turn.expect("gates are never closed").forget();
    }

    /// Notes what happened.
    pub(super) fn note(&self, what: String) {
        self.trace.lock().unwrap().push(what);
    }
}

impl Keeper {
    pub(super) fn new(actors: usize) -> Self {
        let (sender, standing) = mpsc::unbounded_channel();
        let gate = Gate {
            standing: sender,
            turns: Arc::new((0..actors).map(|_| Semaphore::new(0)).collect()),
            trace: Arc::default(),
        };
        Self { gate, standing }
    }

    pub(super) fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Gives an actor its turn, and waits until it stands at a gate again.
    pub(super) async fn give(&mut self, actor: usize) {
        self.gate.turns[actor].add_permits(1);
        self.await_arrival(actor).await;
    }

    /// Waits until an actor that was just begun stands at its first gate.
    pub(super) async fn await_arrival(&mut self, actor: usize) {
        let arrived = self
            .standing
            .recv()
            .await
            .expect("the keeper has a gate itself");
        assert_eq!(arrived, actor, "somebody moved whose turn it was not");
    }

    /// All that happened, as one number.
    pub(super) fn trace(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.gate.trace.lock().unwrap().hash(&mut hasher);
        hasher.finish()
    }
}
