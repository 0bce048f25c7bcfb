//! How much of people a caller reads.

use crate::{CallContext, Role};

/// How much of what identifies a person a caller reads of those he may see at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Phones and addresses whole, ID numbers masked: those who serve the customer.
    Serving,
    /// Everything masked: those who count or repair.
    Masked,
    /// The customer himself.
    Own,
}

impl Sight {
    /// That of a caller, by his roles.
    pub fn of(ctx: &CallContext) -> Self {
        let serving = [
            Role::Dms,
            Role::Sales,
            Role::Service,
            Role::Manager,
            Role::Agent,
            Role::Steward,
            Role::HqAdmin,
            Role::Peer,
        ];
        if ctx.require(Role::Customer).is_ok() {
            Self::Own
        } else if ctx.require(serving).is_ok() {
            Self::Serving
        } else {
            Self::Masked
        }
    }
}
