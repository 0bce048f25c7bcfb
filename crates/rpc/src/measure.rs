//! Measures of calls: `rpc.server.call.duration` and `rpc.client.call.duration` of the OpenTelemetry conventions.

use std::time::Instant;

use metrics::{Unit, describe_histogram, histogram};
use tonic::Code;

use crate::RoleName;

/// Which end of a call measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    const fn metric(self) -> &'static str {
        match self {
            Self::Client => "rpc.client.call.duration",
            Self::Server => "rpc.server.call.duration",
        }
    }
}

/// Gives the metrics their units and help texts. To be called once after telemetry began.
pub fn describe_metrics() {
    describe_histogram!(
        Side::Server.metric(),
        Unit::Seconds,
        "Duration of calls answered."
    );
    describe_histogram!(
        Side::Client.metric(),
        Unit::Seconds,
        "Duration of calls made over the network."
    );
}

/// A call being measured.
#[derive(Debug)]
pub(crate) struct Measure {
    side: Side,
    role: RoleName,
    method: &'static str,
    begun: Instant,
}

impl Measure {
    /// Begins now; `method` comes from [`method_name`].
    pub(crate) fn begin(side: Side, role: RoleName, method: &'static str) -> Self {
        Self {
            side,
            role,
            method,
            begun: Instant::now(),
        }
    }

    /// Records the duration under the call's method and code.
    pub(crate) fn end(self, code: Code) {
        histogram!(
            self.side.metric(),
            "rpc.method" => self.method,
            "rpc.response.status_code" => code_name(code),
            "marque.role" => self.role.as_str(),
        )
        .record(self.begun.elapsed());
    }
}

/// `package.Service/Method` of a path, `_OTHER` for what the contract does not have: else any caller could make
/// series without end.
pub(crate) fn method_name(path: &str) -> &'static str {
    marque_api::access(path).map_or("_OTHER", |access| access.path.trim_start_matches('/'))
}

/// The code as the conventions write it.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Whether a server's span is an error: only where the server, not the caller, is to blame.
pub(crate) const fn is_server_error(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_outside_the_contract_makes_no_series_of_its_own() {
        assert_eq!(
            method_name("/marque.events.v1.EventFeed/Pull"),
            "marque.events.v1.EventFeed/Pull"
        );
        assert_eq!(method_name("/marque.events.v1.EventFeed/Pull2"), "_OTHER");
        assert_eq!(method_name(""), "_OTHER");
    }

    #[test]
    fn of_all_codes_six_are_the_servers_fault() {
        let codes = (0..17).map(Code::from_i32);
        let blamed: Vec<_> = codes
            .filter(|code| is_server_error(*code))
            .map(code_name)
            .collect();
        assert_eq!(
            blamed,
            [
                "UNKNOWN",
                "DEADLINE_EXCEEDED",
                "UNIMPLEMENTED",
                "INTERNAL",
                "UNAVAILABLE",
                "DATA_LOSS"
            ]
        );
    }
}
