//! What stands before every route, in this order: request id and span, load shedding, token, role, rate limit,
//! deadline. Nothing of a request is parsed before its caller is known and may call.

mod call;
mod fallback;
mod grpc_rate;
mod guard;
mod headers;
mod held;
pub(crate) mod places;
mod pressure;
mod rate;

pub(crate) use call::Call;
pub(crate) use fallback::{method_not_allowed, not_found};
pub(crate) use grpc_rate::RateLayer;
pub(crate) use guard::{Class, Gate, Guard, Operation};
pub(crate) use headers::secure;
pub(crate) use places::Places;
