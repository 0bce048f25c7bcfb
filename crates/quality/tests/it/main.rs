//! The crate as others use it, over whole files.

mod command;
mod guide;
mod headers;
mod truth;
