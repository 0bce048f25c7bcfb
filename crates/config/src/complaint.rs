//! How complaint cases are timed, measured and made good.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Secret;

/// Rules of complaint cases; what is left out is as shipped. What is wrong in it is found at the start of the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComplaintConfig {
    /// By severity (`low`, `medium`, `high`, `critical`) and clock (`first_response`, `next_update`, `resolution`, `follow_up` of a resolved
    /// case, and `task` for one that a case needs and of which nobody says until when): minutes of working time.
    pub clocks: BTreeMap<String, BTreeMap<String, u32>>,
    /// By tier (`vip`, `major`, `ordinary`, `small`) or category (`"product.safety"`): share of that time, in per cent.
    pub time_percent: BTreeMap<String, u32>,
    /// What the handling score of the dealer assessment is made of, and how much each weighs: `first_response`,
    /// `resolution` (shares on time), `lasting` (share that did not come back), `satisfaction`.
    pub score: BTreeMap<String, f64>,
    /// Up to which worth of a case's compensations, in yuan, a role may approve them: `service = 500`.
    pub compensation: BTreeMap<String, u32>,
    /// Days without anything happening after which a case that was followed up is closed by itself, 1 to 90.
    pub close_after_days: Option<u32>,
    /// Clocks, and tasks, of which an instance takes the steps that are due at once, 1 to 5000; 500 if not said. A transaction takes longer with
    /// more, and more is taken anew where an instance dies in the midst of one.
    pub escalation_batch: Option<u32>,
    /// Files of cases.
    pub attachments: AttachmentsConfig,
    /// When many cases of one part, model and model year are out of the ordinary.
    pub clusters: ClustersConfig,
}

/// Where files of cases lie: under the data folder, or in a bucket if one is named.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentsConfig {
    /// Largest file, in bytes; 1 to 256 MiB.
    pub max_bytes: usize,
    /// Bucket of an S3-compatible store. Empty: the folder `attachments` under the data folder.
    pub bucket: String,
    /// Its address, such as `https://oss.example.com`; empty for AWS.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Key by which it knows us.
    pub access_key_id: Option<Secret<String>>,
    /// And the secret of that key.
    pub secret_access_key: Option<Secret<String>>,
    /// Whether an `http://` endpoint will do, for trying out.
    pub allow_http: bool,
}

impl Default for AttachmentsConfig {
    fn default() -> Self {
        Self {
            max_bytes: 20 << 20,
            bucket: String::new(),
            endpoint: String::new(),
            region: String::new(),
            access_key_id: None,
            secret_access_key: None,
            allow_http: false,
        }
    }
}

/// When a cluster is out of the ordinary.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClustersConfig {
    /// Days that are looked at.
    pub days: u32,
    /// Cars that must have complained at least.
    pub least: u32,
    /// Share of false alerts among all (Benjamini and Hochberg).
    pub false_discovery_rate: f64,
    /// How often it is looked, in seconds, where cases have changed.
    pub check_s: u64,
}

impl Default for ClustersConfig {
    fn default() -> Self {
        Self {
            days: 90,
            least: 3,
            false_discovery_rate: 0.01,
            check_s: 600,
        }
    }
}
