//! Which column of the file is which canonical column.

mod finder;
mod map;
mod mapping;
mod name;
mod read;
mod rival;
mod settle;
#[cfg(test)]
mod tests;

pub use map::HeaderMap;
pub use mapping::Mapping;
pub(crate) use name::{comparable, comparable_characters, without_remarks};
pub use settle::bare_line_column;
