//! The match report: what was learnt, what was found, what was cut.

use serde::Serialize;

use super::CalibrationBin;
use crate::blocking::BlockingReport;
use crate::cluster::Cut;
use crate::score::Model;

/// Everything a reader needs to judge a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Records read.
    pub records: usize,
    /// Entities found.
    pub entities: usize,
    /// Pairs compared.
    pub pairs_compared: u64,
    /// Share of all pairs that blocking spared.
    pub reduction: f64,
    /// log2 odds before any evidence.
    pub prior_bits: f32,
    /// Clusters are joined from this average evidence on.
    pub join_bits: f32,
    /// Blocking, kind by kind.
    pub blocking: Vec<BlockingReport>,
    /// The weights in use.
    pub model: Model,
    /// Stated against observed probability.
    pub calibration: Vec<CalibrationBin>,
    /// The largest clusters.
    pub largest: Vec<ClusterReport>,
    /// Joins that were refused.
    pub cuts: Vec<Cut>,
    /// Seconds by phase are the caller's to add: this crate has no clock.
    pub sizes: Vec<(usize, usize)>,
}

/// One cluster of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterReport {
    /// The entity as in the output: the number, from 1, of its first record.
    pub entity: u32,
    /// How many records it holds.
    pub records: usize,
}
