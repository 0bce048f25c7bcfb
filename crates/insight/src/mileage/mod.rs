//! Where a car's odometer stands today, how fast it runs, and when its next maintenance falls due (R-MILE).

mod backtest;
mod due;
mod forecast;
mod history;
mod model;
mod reading;
mod season;

pub use backtest::{Accuracy, BackTest, back_test};
pub use due::{Due, DueBy, MaintenancePlan, Since, Step, next_maintenance};
pub use forecast::{Banded, BandedDate, Forecast};
pub use history::{History, Profile};
pub use model::MileageModel;
pub use reading::{FASTEST_KM_A_DAY, Judged, Reading, Verdict, distances, judge};
pub use season::Season;
