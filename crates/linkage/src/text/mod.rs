//! Text as code points: folding, similarity, sound. Nothing here counts bytes.

pub mod fold;
pub mod han;
pub mod hash;
pub mod nickname;
pub mod roman;
pub mod similarity;
pub mod sound;
