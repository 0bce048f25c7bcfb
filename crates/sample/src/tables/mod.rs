//! What the files are made of: regions, names, models, parts, sentences.

pub(crate) mod names;
pub(crate) mod regions;
pub(crate) mod words;
