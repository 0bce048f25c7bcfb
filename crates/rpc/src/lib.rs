#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod allow;
mod body;
mod breaker;
mod deadline;
mod dev_ca;
mod limit;
mod measure;
mod meta;
mod outgoing;
mod reflection;
mod refusal;
mod retry;
mod role;
mod router;
mod routes;
mod secured;
mod server;
mod service;
mod stack;
mod tls;
mod transport;

pub use allow::PeerRoles;
pub use deadline::Deadline;
pub use dev_ca::{DevCaError, make_dev_ca};
pub use limit::{InFlight, InFlightLimit};
pub use measure::describe_metrics;
pub use meta::{CallMeta, REQUEST_ID, RequestId};
pub use reflection::reflection_routes;
pub use retry::{RetryBudget, retry_read};
pub use role::{RoleName, UnknownRole};
pub use router::{ROLE_HEADER, RoleRouter, RoleTaken};
pub use routes::Routes;
pub use server::{ServeError, ServerSettings, serve};
pub use service::{Built, Task, TaskFuture};
pub use stack::{LayeredRoutes, REPLAYED, StackSettings, stack};
pub use tls::{TlsError, TlsFiles, TlsMaterial};
pub use transport::{PeerError, PeerSettings, RpcTransport, connect_lazily};

/// Largest message in either direction: 4 MiB. Longer lists are paged, longer imports streamed.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// Puts the message caps of both directions on a generated client or server: `capped!(CustomerServiceServer::new(service))`.
///
/// tonic alone caps what is decoded and lets any size be encoded; then the sender learns of it too late.
#[macro_export]
macro_rules! capped {
    ($stub:expr) => {
        $stub
            .max_decoding_message_size($crate::MAX_MESSAGE_BYTES)
            .max_encoding_message_size($crate::MAX_MESSAGE_BYTES)
    };
}
