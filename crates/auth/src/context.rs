//! On whose behalf something is done.

use std::{fmt, sync::Arc};

use marque_core::ReplayMark;

use crate::{AuthError, Identity, Role, RoleSet, Scope};

/// Who acts, what he is, what he may see, and for which request. Cheap to clone.
///
/// Made by [`crate::AuthLayer`] for requests and by [`CallContext::job`] or [`CallContext::event`] for what the
/// system does by itself.
#[derive(Clone)]
pub struct CallContext {
    actor: Arc<str>,
    roles: RoleSet,
    scope: Scope,
    request_id: Arc<str>,
    kind: CallKind,
    /// Of a request that may have been answered before.
    replay: Option<ReplayMark>,
}

/// What brought the work about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// Somebody's request.
    Request,
    /// An event being applied.
    Event,
    /// Work by schedule or in the background.
    Job,
    /// A test.
    Test,
}

impl CallContext {
    /// The context of a request whose token was verified. The token itself is no part of it: what is shown to peers goes with the call's
    /// metadata.
    pub fn request(identity: &Identity, request_id: impl Into<Arc<str>>) -> Self {
        Self {
            actor: Arc::clone(&identity.subject),
            roles: identity.roles,
            scope: identity.scope.clone(),
            request_id: request_id.into(),
            kind: CallKind::Request,
            replay: None,
        }
    }

    /// The system itself at a background job, such as `import.run`. Sees everything.
    pub fn job(name: &str) -> Self {
        Self::system(name, CallKind::Job, name)
    }

    /// The system itself applying an event, for the consumer of that name. Sees everything.
    pub fn event(consumer: &str, event_id: &str) -> Self {
        Self::system(consumer, CallKind::Event, event_id)
    }

    /// A caller made up by a test.
    pub fn test(roles: impl Into<RoleSet>, scope: Scope) -> Self {
        Self {
            actor: "test".into(),
            roles: roles.into(),
            scope,
            request_id: "test".into(),
            kind: CallKind::Test,
            replay: None,
        }
    }

    fn system(name: &str, kind: CallKind, request_id: &str) -> Self {
        Self {
            actor: name.into(),
            roles: RoleSet::one(Role::Peer),
            scope: Scope::Headquarters,
            request_id: request_id.into(),
            kind,
            replay: None,
        }
    }

    /// The same work confined to a part of headquarters' scope, for jobs done for one dealer.
    ///
    /// # Panics
    /// If the scope is confined already and this is another one: a scope never grows.
    pub fn within(mut self, scope: Scope) -> Self {
        assert!(
            self.scope == Scope::Headquarters || self.scope == scope,
            "a scope never grows"
        );
        self.scope = scope;
        self
    }

    /// The same work under a request id, for a job that goes on with what a request began.
    pub fn with_request_id(mut self, request_id: impl Into<Arc<str>>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// The same work, with the mark of its request for answers that were given before.
    pub fn with_replay_mark(mut self, mark: ReplayMark) -> Self {
        self.replay = Some(mark);
        self
    }

    /// Notes that the answer was given before: the caller is told so.
    pub fn note_replay(&self) {
        if let Some(mark) = &self.replay {
            mark.set();
        }
    }

    /// Who acts: the token's subject, or the name of the job.
    pub const fn actor(&self) -> &Arc<str> {
        &self.actor
    }

    /// What he is.
    pub const fn roles(&self) -> RoleSet {
        self.roles
    }

    /// What he may see; goes first into every store function.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The request all of this belongs to, in logs of every service.
    pub const fn request_id(&self) -> &Arc<str> {
        &self.request_id
    }

    /// What brought the work about.
    pub const fn kind(&self) -> CallKind {
        self.kind
    }

    /// Whether the system acts by itself.
    pub const fn is_system(&self) -> bool {
        self.roles.contains(Role::Peer)
    }

    /// Passes if the caller holds one of the roles.
    ///
    /// # Errors
    /// [`AuthError::RoleMissing`] if he holds none.
    pub fn require(&self, any_of: impl Into<RoleSet>) -> Result<(), AuthError> {
        if self.roles.intersects(any_of.into()) {
            Ok(())
        } else {
            Err(AuthError::RoleMissing)
        }
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("actor", &self.actor)
            .field("roles", &self.roles)
            .field("scope", &self.scope)
            .field("request_id", &self.request_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_asked_for_and_not_assumed() {
        let context = CallContext::test(Role::Sales, Scope::Dealer("D1".parse().unwrap()));
        assert!(context.require([Role::Manager, Role::Sales]).is_ok());
        assert_eq!(context.require(Role::Manager), Err(AuthError::RoleMissing));
        assert_eq!(context.require(RoleSet::EMPTY), Err(AuthError::RoleMissing));
    }

    #[test]
    #[should_panic(expected = "a scope never grows")]
    fn a_confined_scope_stays_confined() {
        let own = CallContext::job("import").within(Scope::Dealer("D1".parse().unwrap()));
        let _ = own.within(Scope::Headquarters);
    }

    #[test]
    fn a_job_is_confined_to_a_dealer_and_may_be_told_so_twice() {
        let dealer = Scope::Dealer("D1".parse().unwrap());
        let own = CallContext::job("import")
            .within(dealer.clone())
            .within(dealer.clone());
        assert_eq!(own.scope(), &dealer);
    }

    #[test]
    fn the_system_acts_for_nobody_and_sees_everything() {
        let job = CallContext::job("import.run");
        assert_eq!(
            (job.kind(), job.actor().as_ref(), job.request_id().as_ref()),
            (CallKind::Job, "import.run", "import.run")
        );
        let event = CallContext::event("links", "e1");
        assert_eq!(
            (
                event.kind(),
                event.actor().as_ref(),
                event.request_id().as_ref()
            ),
            (CallKind::Event, "links", "e1")
        );
        for system in [job, event] {
            assert!(system.is_system());
            assert_eq!(system.scope(), &Scope::Headquarters);
        }
        let admin = CallContext::test(Role::HqAdmin, Scope::Headquarters);
        assert!(!admin.is_system());
    }

    #[test]
    fn an_answer_given_before_is_noted_on_its_request() {
        let mark = ReplayMark::default();
        let context = CallContext::job("x").with_replay_mark(mark.clone());
        assert!(!mark.is_set());
        context.note_replay();
        assert!(mark.is_set());
    }
}
