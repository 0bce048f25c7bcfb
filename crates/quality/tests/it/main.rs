//! The crate as others use it, over whole files.

mod command;
mod examples;
mod guide;
mod headers;
mod truth;
