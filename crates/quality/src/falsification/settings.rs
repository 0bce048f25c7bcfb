//! How strict the assessment is: thresholds that a standard may set (`[invention]`).

use serde::Serialize;

/// Thresholds of the signs of invention. What a standard does not set is as here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Share of false suspects that is tolerated among all suspects. Counts are whole numbers and what is usual is never taken
    /// for less than its floor, so that far fewer are: at 0.1 one honest dealer of 1,840 was named (docs/benchmarks/quality.md).
    pub false_discovery_rate: f64,
    /// Placeholder phones matter from so many times the usual share on, the lower end of their interval counted.
    pub placeholder_times: f64,
    /// The same of ID numbers that could not have been issued.
    pub broken_id_times: f64,
    /// The same of records of the last two days of months.
    pub month_end_times: f64,
    /// The same of readings that are invented on their face, contradict others or grow too evenly.
    pub mileage_times: f64,
    /// The same of visits without parts and labour.
    pub bare_visit_times: f64,
    /// So large a share of last digits must have to be others, beyond what chance makes of it.
    pub digit_share: f64,
    /// Where there is little to compare it with, a showroom's number stands for one in this many records at least.
    pub showroom_one_in: u64,
    /// More records within one minute than a clerk can type.
    pub burst_records: u64,
    /// So many records within one minute nobody made up: a file was taken over.
    pub takeover_records: u64,
    /// The same of one in this many of all records that have a time.
    pub takeover_one_in: u64,
    /// Calls of one length that matter: so many,
    pub equal_calls: u64,
    /// and so large a share.
    pub equal_calls_share: f64,
    /// In a call of fewer seconds nobody spoke.
    pub call_seconds: u64,
    /// More than this, day after day, no car of the network's customers covers: readings that would need it contradict each other.
    pub believable_km_a_day: u64,
    /// Three readings of a car are even if the middle one lies this near, as a share of the distance between the others, to where the
    /// same distance or the same pace would put it.
    pub even_within: f64,
    /// Shorter distances than this between the first and the last of three readings say nothing.
    pub even_km: u64,
    /// Phone numbers this close together on different people are a sequence.
    pub sequence_gap: u64,
    /// Beside and between many such numbers, others this close are of the same block.
    pub sequence_reach: u64,
    /// An address on so many unrelated customers is copied; one fewer will do where one in fifty of all addresses is theirs.
    pub address_strangers: u64,
    /// A house or village where many live or work has less than one in this many of a dealer's customers.
    pub shared_house_one_in: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            false_discovery_rate: 0.1,
            placeholder_times: 2.0,
            broken_id_times: 3.0,
            month_end_times: 2.0,
            mileage_times: 3.0,
            bare_visit_times: 3.0,
            digit_share: 0.15,
            showroom_one_in: 30,
            burst_records: 8,
            takeover_records: 60,
            takeover_one_in: 8,
            equal_calls: 6,
            equal_calls_share: 0.15,
            call_seconds: 6,
            believable_km_a_day: 500,
            even_within: 0.002,
            even_km: 300,
            sequence_gap: 5,
            sequence_reach: 30,
            address_strangers: 5,
            shared_house_one_in: 2,
        }
    }
}
