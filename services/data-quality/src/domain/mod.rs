//! What a scored record, a counter, a finding and an alert are. No I/O, no clock.

mod alert;
mod business_phones;
mod counter;
mod evidence;
mod figures;
mod finding;
mod sample;
mod score;
mod staff;
mod trust;
mod verification;

pub(crate) use alert::{Alert, AlertKind, AlertState, NewAlert, OUTCOMES, clerk_code};
pub(crate) use business_phones::BusinessPhones;
pub(crate) use counter::{Counter, CounterKey, Counters, Mean, Place, Sums, month_of, rounded};
pub(crate) use evidence::{Evidence, kind_of, severity_code, severity_of};
pub(crate) use figures::{Figures, SignFigures};
pub(crate) use finding::{Excused, Finding, FindingState, Found, found_in};
pub(crate) use sample::{Candidate, draw};
pub(crate) use score::{OVERALL, Points, Scored, Signs, failing, score};
pub(crate) use staff::Staff;
pub(crate) use trust::{to_tell, trust};
pub(crate) use verification::{Accuracy, Check, CheckOutcome, PointsTable, accuracy};
