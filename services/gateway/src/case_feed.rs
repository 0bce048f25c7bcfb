//! Changes of cases as a gRPC stream for programs outside: the one method of the complaint role that is passed on as it is.

use std::{
    convert::Infallible,
    future::ready,
    task::{Context, Poll},
};

use futures::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream::BoxStream};
use http::{Request as HttpRequest, Response as HttpResponse};
use marque_api::complaint::v1::{
    WatchComplaintsRequest, WatchComplaintsResponse,
    complaint_service_client::ComplaintServiceClient, complaint_service_server::SERVICE_NAME,
};
use marque_rpc::{CallMeta, RpcTransport};
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, ServerStreamingService},
};
use tonic_prost::ProstCodec;
use tower::Service;

const WATCH: &str = "/marque.complaint.v1.ComplaintService/WatchComplaints";

/// Answers to `WatchComplaints`; the role's other methods are no business of the outside.
#[derive(Debug, Clone)]
pub(crate) struct CaseFeed(ComplaintServiceClient<RpcTransport>);

impl CaseFeed {
    pub(crate) fn new(client: ComplaintServiceClient<RpcTransport>) -> Self {
        Self(client)
    }
}

impl NamedService for CaseFeed {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<HttpRequest<Body>> for CaseFeed {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<HttpResponse<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        if request.uri().path() != WATCH {
            return Box::pin(ready(Ok(Status::unimplemented("").into_http())));
        }
        let feed = self.clone();
        Box::pin(async move {
            let codec = ProstCodec::<WatchComplaintsResponse, WatchComplaintsRequest>::default();
            Ok(Grpc::new(codec).server_streaming(feed, request).await)
        })
    }
}

impl ServerStreamingService<WatchComplaintsRequest> for CaseFeed {
    type Response = WatchComplaintsResponse;
    type ResponseStream = BoxStream<'static, Result<WatchComplaintsResponse, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<WatchComplaintsRequest>) -> Self::Future {
        let meta = CallMeta::of(&request);
        let mut client = self.0.clone();
        Box::pin(async move {
            let changes = client
                .watch_complaints(meta.outgoing(request.into_inner()))
                .await?;
            Ok(changes.map(|changes| changes.map_ok(for_outside).boxed()))
        })
    }
}

/// A message without what is for the other roles alone, as over REST.
fn for_outside(mut message: WatchComplaintsResponse) -> WatchComplaintsResponse {
    for change in &mut message.changes {
        change.source_record_id.clear();
        (change.opened_at, change.ended_at) = (None, None);
        (change.satisfaction_resolution, change.satisfaction_handling) = (0, 0);
    }
    message
}
