//! Who will not come back, how sure that is, and why.

mod bgnbd;
mod calibration;
mod logistic;
mod minimise;
mod reason;
mod retention;
mod special;

pub use bgnbd::{BgNbd, Comings, FitError};
pub use calibration::{Bin, Calibration, calibration};
pub use reason::{
    ChurnModel, Circumstances, FEWEST_CALIBRATED, LATE, LUKEWARM, Outcome, Reason, Risk,
};
pub use retention::{LOST, Retention, Trust, WonBack, cohorts, retention, trust};
