//! The crate as others use it, over whole files.

mod guide;
mod truth;
