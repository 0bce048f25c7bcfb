//! The gateway's background work.

use std::vec;

use marque_rpc::Task;
use parking_lot::Mutex;

/// Background work, to be taken and run once: `for task in std::mem::take(&mut gateway.tasks)`.
///
/// A task can be started once only and so cannot be shared; behind the lock the gateway around it can.
#[derive(Debug, Default)]
pub struct Tasks(Mutex<Vec<Task>>);

impl Tasks {
    pub(crate) fn new(tasks: Vec<Task>) -> Self {
        Self(Mutex::new(tasks))
    }
}

impl IntoIterator for Tasks {
    type Item = Task;
    type IntoIter = vec::IntoIter<Task>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_inner().into_iter()
    }
}
