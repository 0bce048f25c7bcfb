//! Puts each call behind the wall of its caller: what he may see is told to the database before a statement runs.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use marque_auth::{CallContext, Scope};
use marque_db::Wall;
use tonic::{
    body::Body,
    codegen::http::{Request, Response},
};
use tower::{Layer, Service};

/// The wall around the rows of a scope. A customer has no dealer's rows: what he may see of himself is found by work that
/// looks across dealers and checks whose it is.
pub fn wall_of(scope: &Scope) -> Wall {
    match scope {
        Scope::Headquarters => Wall::Everything,
        Scope::Region(region) => Wall::Region(region.to_string()),
        Scope::Dealer(dealer) => Wall::Dealer(dealer.as_str().to_owned()),
        Scope::Customer(_) => Wall::Nobody,
    }
}

/// Puts a [`BehindWall`] around a role's routes. It stands inside of `AuthLayer`, which says who calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallLayer;

/// Routes whose units of work are confined to the scope of their caller; a call without one touches no dealer's rows.
#[derive(Debug, Clone)]
pub struct BehindWall<S>(S);

impl<S> Layer<S> for WallLayer {
    type Service = BehindWall<S>;

    fn layer(&self, inner: S) -> BehindWall<S> {
        BehindWall(inner)
    }
}

impl<S> Service<Request<Body>> for BehindWall<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let context = request.extensions().get::<CallContext>();
        let wall = context.map_or(Wall::Nobody, |context| wall_of(context.scope()));
        Box::pin(marque_db::behind(wall, self.0.call(request)))
    }
}

/// The layer that says who calls, with the wall of the caller inside of it.
pub fn behind_wall<L>(auth: L) -> tower::layer::util::Stack<WallLayer, L> {
    tower::layer::util::Stack::new(WallLayer, auth)
}
