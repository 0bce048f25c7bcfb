//! What all handlers share.

use std::{ops::Deref, sync::Arc};

use marque_core::SharedClock;

use crate::{peers::Clients, settings::Settings};

/// Clients, settings and the time, shared by all handlers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

/// What an [`App`] points at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clients: Clients,
    pub(crate) settings: Settings,
    pub(crate) clock: SharedClock,
}

impl App {
    pub(crate) fn new(clients: Clients, settings: Settings, clock: SharedClock) -> Self {
        Self(Arc::new(Shared {
            clients,
            settings,
            clock,
        }))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
