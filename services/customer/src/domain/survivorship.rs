//! Which value survives where records disagree: a chain of rules for each field, as configured.
//!
//! | rule | keeps |
//! |---|---|
//! | `verified` | what a call or letter confirmed; if nothing was, all but what one found wrong |
//! | `documented` | what a record says whose ID number proves it |
//! | `trusted` | what the most trusted sources say |
//! | `most_frequent` | what most records say |
//! | `newest` | what was typed last |
//! | `oldest` | what was typed first |
//!
//! Each rule of a chain narrows what the one before left; a rule that nothing fits is passed over. What is then still
//! open goes to the newest.
//!
//! How far a source is trusted is what the configuration says of it, or else what the data-quality service last said of its
//! dealer, or else what is given for the unknown: a half beside dealers of whom it said something, 1 where it said nothing yet.

use std::{
    collections::BTreeMap,
    hash::{Hash as _, Hasher as _},
};

use marque_core::DealerCode;
use rustc_hash::FxHasher;

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Verified,
    Documented,
    Trusted,
    MostFrequent,
    Newest,
    Oldest,
}

impl Rule {
    const ALL: [Self; 6] = [
        Self::Verified,
        Self::Documented,
        Self::Trusted,
        Self::MostFrequent,
        Self::Newest,
        Self::Oldest,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Documented => "documented",
            Self::Trusted => "trusted",
            Self::MostFrequent => "most_frequent",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }
}

/// A golden field that has one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoldenField {
    Name,
    IdNumber,
    CreditCode,
    Phone,
    Gender,
    Birthday,
    Address,
    RegionCode,
    Occupation,
    Industry,
    IncomeBand,
    Hobbies,
    AcquisitionChannel,
}

/// What most say; of what equally many say, what the more trusted do. What somebody asked him about goes first.
const BY_COUNT: &[Rule] = &[Rule::Verified, Rule::MostFrequent, Rule::Trusted];
/// The same, after what an ID number proves.
const BY_PROOF: &[Rule] = &[
    Rule::Documented,
    Rule::Verified,
    Rule::MostFrequent,
    Rule::Trusted,
];
/// What was confirmed, or else what was typed last.
const BY_TIME: &[Rule] = &[Rule::Verified, Rule::Newest];

/// Name and chain of each field, where nothing is configured; in the order of [`GoldenField`].
const DEFAULTS: [(&str, &[Rule]); 13] = [
    ("name", BY_COUNT),
    ("id_number", BY_COUNT),
    ("credit_code", BY_COUNT),
    ("phone", BY_TIME),
    ("gender", BY_PROOF),
    ("birthday", BY_PROOF),
    ("address", BY_TIME),
    ("region_code", &[Rule::Newest]),
    ("occupation", &[Rule::Newest]),
    ("industry", &[Rule::Newest]),
    ("income_band", &[Rule::Newest]),
    ("hobbies", &[Rule::Newest]),
    ("acquisition_channel", &[Rule::Oldest]),
];

impl GoldenField {
    pub(crate) const fn as_str(self) -> &'static str {
        DEFAULTS[self as usize].0
    }
}

/// How far a source is trusted, and who says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trust {
    /// 0 to 1.
    pub(crate) share: f64,
    pub(crate) from: TrustFrom,
}

/// Who says how far a source is trusted: each goes before those after him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrustFrom {
    Configured,
    DataQuality,
    /// Nobody did.
    Default,
}

impl TrustFrom {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::DataQuality => "data_quality",
            Self::Default => "default",
        }
    }
}

/// How far a dealer's records are trusted, as the data-quality service last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DealerTrust {
    /// 0 to 100.
    pub(crate) percent: i64,
    /// Grows with each word about the dealer.
    pub(crate) version: i64,
}

/// The chains of all fields, and how far each source is trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Survivorship {
    chains: Vec<Vec<Rule>>,
    trust: BTreeMap<String, f64>,
    /// Tells these rules from others.
    fingerprint: i64,
}

/// A configuration of survivorship that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSurvivorship {
    /// No such field.
    #[error("customer.survivorship has no field {0}: write one of {known}", known = fields())]
    Field(String),
    /// No such rule.
    #[error("customer.survivorship.{field} has no rule {rule}: write one or more of {known}", known = rules())]
    Rule {
        /// The field.
        field: String,
        /// What was written.
        rule: String,
    },
    /// A chain of no rule.
    #[error("customer.survivorship.{0} has no rule: write one or more of {known}, or leave the field out", known = rules())]
    NoRule(String),
    /// Trust is a share.
    #[error("customer.trust.{0} must be from 0 to 1")]
    Trust(String),
    /// Nobody can be called so.
    #[error(
        "customer.trust has no source {0:?}: write a dealer's code, a source system or both, as in \"D001/dms\""
    )]
    Source(String),
}

/// Of a customer's edition the lower bits count the words of data quality about his dealers.
const WORDS_BITS: u32 = 20;

/// Whether a name can be a dealer's, a source system's, or both with a stroke between.
fn is_source(name: &str) -> bool {
    match name.split_once('/') {
        Some((dealer, source)) => dealer.parse::<DealerCode>().is_ok() && !source.is_empty(),
        None => !name.is_empty(),
    }
}

fn fields() -> String {
    DEFAULTS.map(|(name, _)| name).join(", ")
}

fn rules() -> String {
    Rule::ALL.map(Rule::as_str).join(", ")
}

impl Default for Survivorship {
    fn default() -> Self {
        Self {
            chains: DEFAULTS.iter().map(|(_, chain)| chain.to_vec()).collect(),
            trust: BTreeMap::new(),
            fingerprint: 0,
        }
    }
}

impl Survivorship {
    /// Reads the chains of some fields; the others keep their own. `trust` (0 to 1) is by dealer (`D001`), source
    /// system (`dms`) or both (`D001/dms`); the most exact one counts, and goes before what data quality says.
    ///
    /// # Errors
    /// [`InvalidSurvivorship`] if a field or rule is unknown, a chain empty, a trust out of range, or its source nobody's name.
    pub fn read(
        chains: &BTreeMap<String, Vec<String>>,
        trust: &BTreeMap<String, f64>,
    ) -> Result<Self, InvalidSurvivorship> {
        let mut read = Self::default();
        for (field, names) in chains {
            let at = DEFAULTS.iter().position(|(name, _)| name == field);
            let at = at.ok_or_else(|| InvalidSurvivorship::Field(field.clone()))?;
            if names.is_empty() {
                return Err(InvalidSurvivorship::NoRule(field.clone()));
            }
            let rule = |name: &String| {
                let found = Rule::ALL.into_iter().find(|rule| rule.as_str() == name);
                found.ok_or_else(|| InvalidSurvivorship::Rule {
                    field: field.clone(),
                    rule: name.clone(),
                })
            };
            read.chains[at] = names.iter().map(rule).collect::<Result<_, _>>()?;
        }
        if let Some((source, _)) = trust
            .iter()
            .find(|(_, share)| !(0.0..=1.0).contains(*share))
        {
            return Err(InvalidSurvivorship::Trust(source.clone()));
        }
        if let Some(source) = trust.keys().find(|source| !is_source(source)) {
            return Err(InvalidSurvivorship::Source(source.clone()));
        }
        read.trust.clone_from(trust);
        read.fingerprint = read.fingerprint();
        Ok(read)
    }

    /// What tells a customer's golden values from those by other rules or another trust, at `told` words of data quality about
    /// his dealers: it grows with each word, and is that number alone where nothing is configured.
    pub(crate) fn edition(&self, told: i64) -> i64 {
        self.fingerprint + told
    }

    fn fingerprint(&self) -> i64 {
        if *self == Self::default() {
            return 0;
        }
        let mut hasher = FxHasher::default();
        for ((field, _), chain) in DEFAULTS.iter().zip(&self.chains) {
            field.hash(&mut hasher);
            for rule in chain {
                rule.as_str().hash(&mut hasher);
            }
        }
        for (source, share) in &self.trust {
            source.hash(&mut hasher);
            share.to_bits().hash(&mut hasher);
        }
        // Above any number of words, and within what JSON carries exactly.
        ((hasher.finish() >> 33) << WORDS_BITS).cast_signed()
    }

    /// By what names sources are trusted by hand.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = &str> {
        self.trust.keys().map(String::as_str)
    }

    pub(crate) fn chain(&self, field: GoldenField) -> &[Rule] {
        &self.chains[field as usize]
    }

    /// How far a source is trusted; `told` is what data quality says of its dealer, `unknown` holds where it says nothing.
    pub(crate) fn trust(
        &self,
        dealer: &DealerCode,
        source: &str,
        told: Option<DealerTrust>,
        unknown: f64,
    ) -> Trust {
        let (share, from) = match (self.configured(dealer, source), told) {
            (Some(share), _) => (share, TrustFrom::Configured),
            (None, Some(told)) => (told.percent as f64 / 100.0, TrustFrom::DataQuality),
            (None, None) => (unknown, TrustFrom::Default),
        };
        Trust { share, from }
    }

    fn configured(&self, dealer: &DealerCode, source: &str) -> Option<f64> {
        if self.trust.is_empty() {
            return None;
        }
        let dealer = dealer.as_str();
        [format!("{dealer}/{source}").as_str(), dealer, source]
            .into_iter()
            .find_map(|key| self.trust.get(key).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_configured_keeps_its_rule() {
        let chains = BTreeMap::from([(
            "phone".to_owned(),
            vec!["trusted".to_owned(), "newest".to_owned()],
        )]);
        let read = Survivorship::read(&chains, &BTreeMap::new()).unwrap();
        assert_eq!(
            read.chain(GoldenField::Phone),
            [Rule::Trusted, Rule::Newest]
        );
        assert_eq!(read.chain(GoldenField::AcquisitionChannel), [Rule::Oldest]);
        assert_eq!(
            GoldenField::AcquisitionChannel.as_str(),
            "acquisition_channel"
        );
    }

    #[test]
    fn what_makes_no_sense_says_what_would() {
        let read = |field: &str, rule: &str| {
            let chains = BTreeMap::from([(field.to_owned(), vec![rule.to_owned()])]);
            Survivorship::read(&chains, &BTreeMap::new())
                .unwrap_err()
                .to_string()
        };
        assert!(read("shoe_size", "newest").contains("address"));
        assert!(read("address", "loudest").contains("most_frequent"));
        let trust = BTreeMap::from([("dms".to_owned(), 1.5)]);
        assert_eq!(
            Survivorship::read(&BTreeMap::new(), &trust),
            Err(InvalidSurvivorship::Trust("dms".to_owned()))
        );
    }

    #[test]
    fn an_empty_chain_and_an_impossible_source_are_refused() {
        let chains = BTreeMap::from([("phone".to_owned(), Vec::new())]);
        assert_eq!(
            Survivorship::read(&chains, &BTreeMap::new()),
            Err(InvalidSurvivorship::NoRule("phone".to_owned()))
        );
        for source in ["", "D001/", "/dms", "not a code/dms"] {
            let trust = BTreeMap::from([(source.to_owned(), 0.5)]);
            assert_eq!(
                Survivorship::read(&BTreeMap::new(), &trust),
                Err(InvalidSurvivorship::Source(source.to_owned()))
            );
        }
    }

    #[test]
    fn other_rules_and_another_trust_are_another_edition() {
        let edition = |rule: &str, share: f64| {
            let chains = BTreeMap::from([("phone".to_owned(), vec![rule.to_owned()])]);
            let trust = BTreeMap::from([("D1".to_owned(), share)]);
            Survivorship::read(&chains, &trust).unwrap().edition(3)
        };
        let base = edition("newest", 0.5);
        assert_eq!(base, edition("newest", 0.5), "whoever asks, and whenever");
        assert_ne!(base, edition("oldest", 0.5));
        assert_ne!(base, edition("newest", 0.6));
        assert_eq!(Survivorship::default().edition(3), 3);
        let nothing = Survivorship::read(&BTreeMap::new(), &BTreeMap::new()).unwrap();
        assert_eq!(nothing.edition(0), 0);
    }

    #[test]
    fn the_most_exact_trust_counts() {
        let trust = [("D1", 0.5), ("dms", 0.8), ("D1/dms", 0.1)];
        let trust = trust
            .map(|(source, share)| (source.to_owned(), share))
            .into();
        let read = Survivorship::read(&BTreeMap::new(), &trust).unwrap();
        let (one, other): (DealerCode, DealerCode) = ("D1".parse().unwrap(), "D2".parse().unwrap());
        let of = |dealer, source| (read.trust(dealer, source, None, 1.0).share * 10.0) as u8;
        assert_eq!(
            [
                of(&one, "dms"),
                of(&one, "crm"),
                of(&other, "dms"),
                of(&other, "crm")
            ],
            [1, 5, 8, 10]
        );
    }

    #[test]
    fn the_configuration_goes_before_data_quality_and_that_before_nothing() {
        let configured = BTreeMap::from([("D1".to_owned(), 0.5), ("crm".to_owned(), 0.2)]);
        let read = Survivorship::read(&BTreeMap::new(), &configured).unwrap();
        let told = Some(DealerTrust {
            percent: 85,
            version: 3,
        });
        for (dealer, source, told, share, from) in [
            ("D1", "dms", told, 0.5, "configured"),
            ("D2", "crm", told, 0.2, "configured"),
            ("D2", "dms", told, 0.85, "data_quality"),
            ("D2", "dms", None, 0.5, "default"),
        ] {
            let trust = read.trust(&dealer.parse().unwrap(), source, told, 0.5);
            assert_eq!((trust.share, trust.from.as_str()), (share, from));
        }
    }
}
