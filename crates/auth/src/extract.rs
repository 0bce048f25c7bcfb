//! The call context in a handler.

use tonic::Request;

use crate::{AuthError, CallContext};

impl CallContext {
    /// The context that the auth layer put into the request.
    ///
    /// # Errors
    /// [`AuthError::TokenMissing`] if the request came past the layer: a handler is never run for nobody.
    pub fn of<T>(request: &Request<T>) -> Result<Self, AuthError> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or(AuthError::TokenMissing)
    }
}
