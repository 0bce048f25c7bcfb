#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod authorize;
mod context;
mod error;
mod extract;
mod identity;
mod issuer;
mod keys;
mod layer;
mod oidc;
mod peer;
mod places;
mod role;
mod scope;
mod sight;
mod token;
mod verifier;

pub use authorize::authorize;
pub use context::{CallContext, CallKind};
pub use error::{AuthError, AuthSetupError, FetchError};
pub use identity::Identity;
pub use issuer::{EMBEDDED_ISSUER, Issuer, TokenRequest};
pub use layer::{AuthFuture, AuthLayer, AuthService, bearer, request_id};
pub use peer::PeerTokens;
pub use places::PlaceSeal;
pub use role::{Role, RoleSet, UnknownRole};
pub use scope::{InvalidScope, Scope, ScopeKind};
pub use sight::Sight;
pub use verifier::{Verifier, VerifierBuilder};
