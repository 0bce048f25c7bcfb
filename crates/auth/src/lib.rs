#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod authorize;
mod context;
mod error;
mod identity;
mod role;
mod scope;

pub use authorize::authorize;
pub use context::{CallContext, CallKind};
pub use error::AuthError;
pub use identity::Identity;
pub use role::{Role, RoleSet, UnknownRole};
pub use scope::{Scope, ScopeKind};
