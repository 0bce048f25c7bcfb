//! The layer, with a service behind it that tells what reached it.

#![expect(
    clippy::unwrap_used,
    reason = "the whole file is a test; clippy knows only the functions marked as such"
)]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::Either;
use http::{Request, Response};
use marque_auth::{
    AuthLayer, AuthService, CallContext, CallKind, Issuer, PeerTokens, Role, Scope, TokenRequest,
    Verifier,
};
use marque_core::{Clock as _, ManualClock, ReplayMark};
use marque_errors::Problem;
use tonic::Status;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn, util::BoxCloneService};

/// A body of our own: the layer must not care.
#[derive(Debug, Default)]
struct Body;

type Inner = BoxCloneService<Request<Body>, Response<Body>, Infallible>;

struct Bench {
    issuer: Issuer,
    peers: PeerTokens,
    clock: Arc<ManualClock>,
    reached: Arc<AtomicU32>,
    service: AuthService<Inner>,
}

impl Bench {
    fn new() -> Self {
        let issuer = Issuer::ephemeral("marque").unwrap();
        let peers = PeerTokens::ephemeral("vehicle").unwrap();
        let verifier = Verifier::builder("marque")
            .trust(&issuer)
            .accept_peers(&peers)
            .build();
        let (clock, reached) = (
            Arc::new(ManualClock::default()),
            Arc::new(AtomicU32::new(0)),
        );
        let counter = Arc::clone(&reached);
        let inner = BoxCloneService::new(service_fn(move |mut request: Request<Body>| {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut response = Response::new(Body);
            if let Some(context) = request.extensions_mut().remove::<CallContext>() {
                response.extensions_mut().insert(context);
            }
            std::future::ready(Ok::<_, Infallible>(response))
        }));
        let layer = AuthLayer::new(verifier, clock.clone());
        Self {
            issuer,
            peers,
            clock,
            reached,
            service: layer.layer(inner),
        }
    }

    fn token(&self, role: Role, scope: Scope) -> String {
        let ttl = Duration::from_mins(1);
        let request = TokenRequest {
            subject: "u1".into(),
            roles: role.into(),
            scope,
            ttl,
        };
        self.issuer.issue(&request, &*self.clock).unwrap()
    }

    async fn call(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body).unwrap();
        // What a transport might have left there.
        request
            .extensions_mut()
            .insert(CallContext::job("left over"));
        self.service.clone().oneshot(request).await.unwrap()
    }

    async fn refusal(&self, path: &str, headers: &[(&str, &str)]) -> Problem {
        let before = self.reached.load(Ordering::SeqCst);
        let response = self.call(path, headers).await;
        assert_eq!(
            self.reached.load(Ordering::SeqCst),
            before,
            "a refused call reached the service"
        );
        Problem::from(Status::from_header_map(response.headers()).unwrap())
    }
}

/// A method that only some roles may call, with one that may and one that may not.
fn guarded() -> (&'static str, Role, Role) {
    let held = |role: &Role| role.scopes()[0];
    for access in marque_api::ACCESS {
        let may = |role: &Role| access.roles.contains(&role.number());
        let staff = || {
            Role::ALL.into_iter().filter(|role| {
                held(role) == marque_auth::ScopeKind::Headquarters && *role != Role::Peer
            })
        };
        if let (Some(yes), Some(no)) = (staff().find(may), staff().find(|role| !may(role))) {
            return (access.path, yes, no);
        }
    }
    panic!("the contract has no method that tells headquarters' roles apart");
}

#[tokio::test]
async fn a_good_call_reaches_the_service_with_its_context() {
    let bench = Bench::new();
    let (path, role, _) = guarded();
    let token = bench.token(role, Scope::Headquarters);
    let bearer = format!("Bearer {token}");
    let response = bench
        .call(path, &[("authorization", &bearer), ("x-request-id", "r-1")])
        .await;
    let context = response.extensions().get::<CallContext>().unwrap();
    assert_eq!(
        (context.actor().as_ref(), context.request_id().as_ref()),
        ("u1", "r-1")
    );
    assert_eq!(
        (context.roles(), context.scope()),
        (role.into(), &Scope::Headquarters)
    );
    assert_eq!(context.kind(), CallKind::Request);
    // What it carries along has no need of the token, and no debug output of it shows one.
    assert!(!format!("{context:?} {context:#?}").contains(&token));
}

#[tokio::test]
async fn a_missing_token_a_bad_one_and_a_missing_role_have_their_own_answers() {
    let bench = Bench::new();
    let (path, _, other) = guarded();
    let missing = bench.refusal(path, &[]).await;
    assert_eq!(
        (missing.status, missing.reason.as_str()),
        (401, "TOKEN_MISSING")
    );
    let forbidden = format!("Bearer {}", bench.token(other, Scope::Headquarters));
    let forbidden = bench.refusal(path, &[("authorization", &forbidden)]).await;
    assert_eq!(
        (forbidden.status, forbidden.reason.as_str()),
        (403, "ROLE_MISSING")
    );
    let good = bench.token(other, Scope::Headquarters);
    let mut bodies = vec![];
    for value in [
        "Bearer x",
        "Bearer ",
        "Bearer",
        "Basic dTpw",
        "",
        &good,
        &format!("Basic {good}"),
        &format!("Bearer  {good}"),
        &format!("Bearer {good}x"),
    ] {
        bodies.push(bench.refusal(path, &[("authorization", value)]).await);
    }
    let twice = format!("Bearer {good}");
    bodies.push(
        bench
            .refusal(
                path,
                &[("authorization", &twice), ("authorization", &twice)],
            )
            .await,
    );
    assert_eq!(
        (bodies[0].status, bodies[0].reason.as_str()),
        (401, "TOKEN_INVALID")
    );
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn no_other_header_gives_any_right() {
    let bench = Bench::new();
    let (path, may, other) = guarded();
    let bearer = format!("Bearer {}", bench.token(other, Scope::Headquarters));
    let role = may.as_str();
    let spoofed = [
        ("authorization", bearer.as_str()),
        ("x-roles", role),
        ("x-role", role),
        ("x-user-id", "admin"),
        ("x-tenant", "D1"),
        ("x-forwarded-user", "admin"),
        ("x-marque-peer", "true"),
    ];
    assert_eq!(bench.refusal(path, &spoofed).await.status, 403);
    assert_eq!(bench.refusal(path, &spoofed[1..]).await.status, 401);
}

#[tokio::test]
async fn unknown_methods_are_denied_to_everybody() {
    let bench = Bench::new();
    let bearer = format!("Bearer {}", bench.token(Role::HqAdmin, Scope::Headquarters));
    for path in [
        "/",
        "/marque.customer.v1.CustomerService/Nothing",
        "/grpc.reflection.v1.ServerReflection/x",
    ] {
        assert_eq!(
            bench
                .refusal(path, &[("authorization", &bearer)])
                .await
                .status,
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_request_id_unfit_for_a_log_is_replaced() {
    let bench = Bench::new();
    let (path, role, _) = guarded();
    let bearer = format!("Bearer {}", bench.token(role, Scope::Headquarters));
    let long = "x".repeat(129);
    for id in ["", "a b", "<script>", long.as_str()] {
        let response = bench
            .call(path, &[("authorization", &bearer), ("x-request-id", id)])
            .await;
        let context = response.extensions().get::<CallContext>().unwrap();
        assert_ne!(context.request_id().as_ref(), id);
        assert_eq!(context.request_id().len(), 32);
    }
}

#[tokio::test]
async fn nothing_is_boxed_for_a_token_whose_issuer_is_known() {
    let bench = Bench::new();
    let (path, role, _) = guarded();
    let bearer = format!("Bearer {}", bench.token(role, Scope::Headquarters));
    let request = Request::post(path).header("authorization", bearer);
    let answer = bench.service.clone().call(request.body(Body).unwrap());
    assert!(matches!(answer, Either::Left(_)));
}

#[tokio::test]
async fn whoever_finds_the_answer_of_a_request_marks_that_request() {
    let bench = Bench::new();
    let (path, role, _) = guarded();
    let mark = ReplayMark::default();
    let bearer = format!("Bearer {}", bench.token(role, Scope::Headquarters));
    let request = Request::post(path)
        .header("authorization", bearer)
        .extension(mark.clone());
    let answered = bench.service.clone().oneshot(request.body(Body).unwrap());
    let response = answered.await.unwrap();
    response
        .extensions()
        .get::<CallContext>()
        .unwrap()
        .note_replay();
    assert!(mark.is_set());
}

#[tokio::test]
async fn a_peer_may_call_what_is_declared_for_peers() {
    let bench = Bench::new();
    let bearer = format!("Bearer {}", bench.peers.token(bench.clock.now()));
    for access in marque_api::ACCESS {
        let declared = access.roles.contains(&Role::Peer.number());
        let before = bench.reached.load(Ordering::SeqCst);
        bench.call(access.path, &[("authorization", &bearer)]).await;
        let reached = bench.reached.load(Ordering::SeqCst) > before;
        assert_eq!(reached, declared, "{}", access.path);
    }
}

#[tokio::test]
async fn the_layer_stands_before_tonics_own_routes() {
    let verifier = Verifier::builder("marque")
        .trust(&Issuer::ephemeral("marque").unwrap())
        .build();
    let layer = AuthLayer::new(verifier, Arc::new(ManualClock::default()));
    let service = layer.layer(tonic::service::Routes::default());
    let request = Request::post(marque_api::ACCESS[0].path)
        .body(tonic::body::Body::empty())
        .unwrap();
    let response = service.oneshot(request).await.unwrap();
    let problem = Problem::from(Status::from_header_map(response.headers()).unwrap());
    assert_eq!(problem.reason, "TOKEN_MISSING");
}
