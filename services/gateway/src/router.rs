//! Everything put together: guarded routes, gRPC, docs and probes on one router.

use std::{sync::Arc, time::Duration};

use axum::Router;
use marque_rpc::{RoleRouter, Task};
use tokio_util::sync::CancellationToken;
use tower::util::MapResponseLayer;
use utoipa::openapi::{
    RefOr,
    path::{ParameterIn, PathItem},
};

use crate::{
    Deps, Gateway, docs,
    edge::{Gate, Guard, Operation, method_not_allowed, not_found, secure},
    grpc::{self, Outside},
    peers::Clients,
    probes,
    routes::{self, Endpoint},
    serve::Drain,
    state::App,
    tasks::Tasks,
};

/// How often callers that have been silent are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_mins(1);

pub(crate) fn build(deps: Deps) -> Gateway {
    describe_metrics();
    let gate = Arc::new(Gate::new(&deps));
    let clients = Clients::new(&deps.peers);
    let roles = grpc::roles(&deps, &clients, &gate);
    let drain = Drain {
        readiness: deps.readiness.clone(),
        roles: roles.clone(),
        settings: deps.settings.clone(),
    };
    let router = guarded(&gate)
        .with_state(App::new(clients, deps.settings, deps.clock))
        .merge(to_the_outside(roles))
        .merge(docs::routes())
        .merge(probes::routes(deps.readiness.clone()))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(MapResponseLayer::new(secure));
    Gateway {
        router,
        admin: probes::admin(deps.readiness),
        tasks: Tasks::new(vec![forgetting(Arc::clone(&gate)), watching(gate)]),
        drain,
    }
}

/// gRPC on the same listener.
fn to_the_outside(roles: RoleRouter) -> Router {
    Router::new()
        .route_service(
            "/marque.intake.v1.ImportService/{method}",
            Outside::new(roles.clone()),
        )
        .route_service(
            "/marque.complaint.v1.ComplaintService/{method}",
            Outside::new(roles.clone()),
        )
        .route_service("/grpc.health.v1.Health/{method}", Outside::new(roles))
}

/// Every route of the list behind a guard of its own: there is no other way to add one.
fn guarded(gate: &Arc<Gate>) -> Router<App> {
    routes::all()
        .into_iter()
        .fold(Router::new(), |router, endpoint| {
            let Endpoint {
                rpc,
                class,
                schemas: _,
                paths,
                handler,
            } = endpoint;
            assert!(
                marque_api::access(rpc).is_some(),
                "{rpc} has no access rule in the contract"
            );
            let (path, item) = paths.paths.into_iter().next().expect("a route has a path");
            let operation = Operation {
                method: method_of(&item),
                route: path.as_str().into(),
                rpc,
                class,
                takes_query: takes_query(&item),
            };
            router.route(
                &path,
                handler.route_layer(Guard::new(Arc::clone(gate), operation)),
            )
        })
}

fn method_of(item: &PathItem) -> &'static str {
    match (&item.get, &item.put, &item.post) {
        (Some(_), _, _) => "GET",
        (_, Some(_), _) => "PUT",
        _ => "POST",
    }
}

fn takes_query(item: &PathItem) -> bool {
    let operations = [&item.get, &item.put, &item.post].into_iter().flatten();
    operations
        .filter_map(|operation| operation.parameters.as_ref())
        .flatten()
        .any(|each| matches!(each, RefOr::T(each) if each.parameter_in == ParameterIn::Query))
}

fn forgetting(gate: Arc<Gate>) -> Task {
    Task::new(
        "gateway.forget-idle-callers",
        move |stop: CancellationToken| async move {
            while stop
                .run_until_cancelled(tokio::time::sleep(FORGET_INTERVAL))
                .await
                .is_some()
            {
                gate.forget_idle_callers();
            }
        },
    )
}

fn watching(gate: Arc<Gate>) -> Task {
    Task::new(
        "gateway.pressure",
        move |stop: CancellationToken| async move {
            stop.run_until_cancelled(gate.watch_pressure()).await;
        },
    )
}

fn describe_metrics() {
    metrics::describe_gauge!(
        "marque_gateway_shed_share",
        "Share of requests refused, 0 to 1, since others wait too long: of reads, for a thread; of writes, for a thread or their store."
    );
    metrics::describe_histogram!(
        "http.server.request.duration",
        metrics::Unit::Seconds,
        "Duration of HTTP requests answered."
    );
}
