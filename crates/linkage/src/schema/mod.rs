//! Recognising what the columns of a table are, by header and by content.

mod ages;
mod content;
mod header;
mod names;
mod recognise;

pub(crate) use content::is_missing;
pub use recognise::{Mapping, MappingError, Role, parse_mapping, recognise};
