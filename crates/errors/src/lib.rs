#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod code;
mod problem;
mod status;

pub use code::ErrorCode;
pub use problem::{Problem, Violation};
pub use status::{ServiceError, status};

/// Domain of `google.rpc.ErrorInfo` in every error of ours.
pub const ERROR_DOMAIN: &str = "marque";
