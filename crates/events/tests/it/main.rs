//! What consumers rely on: no event is lost, none is applied twice, and those of one aggregate keep their order.

mod common;
mod consuming;
mod feed;
mod order;
