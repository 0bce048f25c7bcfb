//! What a verified token says.

use std::sync::Arc;

use marque_core::Timestamp;

use crate::{RoleSet, Scope};

/// A caller, as a token that passed every check describes him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who it is (`sub`); the name of the service for a peer.
    pub subject: Arc<str>,
    /// What he is.
    pub roles: RoleSet,
    /// What he may see.
    pub scope: Scope,
    /// When the token ends.
    pub expires_at: Timestamp,
}
