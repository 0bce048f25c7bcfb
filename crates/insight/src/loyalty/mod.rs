//! How loyal a customer is: his own rhythm, his class, his rung on the ladder, and the four degrees (R-LOY).

mod class;
mod degree;
mod rhythm;

pub use class::{LOYAL_VISITS, LoyaltyClass, Relationship, Rung};
pub use degree::{Conduct, Degrees};
pub use rhythm::{Return, Rhythm, UsualInterval, intervals};
