//! What stands before every route, in this order: load shedding, at the door of a connection of HTTP/1.1 and else by the guard, a turn
//! to begin, token, role, rate limit, deadline. Nothing of a request is parsed before its caller is known and may call.

mod call;
mod doorkeeper;
mod fallback;
mod grpc_rate;
mod guard;
mod headers;
mod held;
pub(crate) mod places;
mod pressure;
mod rate;
mod turnstile;

pub(crate) use call::Call;
pub(crate) use doorkeeper::{Asked, Doorkeeper, LetIn, Verdict};
pub(crate) use fallback::{method_not_allowed, not_found};
pub(crate) use grpc_rate::RateLayer;
pub(crate) use guard::{Class, Gate, Guard, Operation};
pub(crate) use headers::secure;
pub(crate) use places::Places;
#[cfg(test)]
pub(crate) use pressure::Pressure;
