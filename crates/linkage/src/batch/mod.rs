//! The batch engine: blocks, trains, scores and clusters all records of a comparator.

mod calibration;
mod copies;
mod evaluate;
mod pipeline;
mod report;
mod training;

pub use calibration::{CalibrationBin, reliability};
pub use copies::Copies;
pub use evaluate::{Figures, evaluate};
pub use pipeline::{BatchOptions, Blocker, Linked, link};
pub use report::{ClusterReport, Report};
