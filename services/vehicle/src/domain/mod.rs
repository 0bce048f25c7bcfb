//! Vehicles as the service thinks of them: pure data and rules.

mod fact;
mod licence;
mod party;
mod plate;
mod reading;
mod told;
mod vehicle;

pub(crate) use fact::{Amendment, Facts, Giver, PartyClaim, ReadingFact, RowFact, Sale};
pub(crate) use licence::Licence;
pub(crate) use party::{Absence, Party, PartyFact, Role, likeliest_now, with_validity};
pub(crate) use plate::{PlateInterval, Sighting, intervals};
pub(crate) use reading::{Quality, Reading, judge, newest_plausible};
pub(crate) use told::Told;
pub(crate) use vehicle::{Definition, Vehicle};
