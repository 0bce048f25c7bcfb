//! Panics in the log.

use std::panic;

/// Logs a panic's place but not its message: a message may quote a record, and records are personal data.
pub(crate) fn log_without_payload() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code.location = place, "panic");
    }));
}
