//! The rules of a deployment, read from its configuration.

use std::time::Duration;

use marque_config::ComplaintConfig;

use crate::domain::{ClusterRules, InvalidRules, Rules};

impl Rules {
    /// What is shipped, with what the configuration says otherwise.
    ///
    /// # Errors
    /// The first key that makes no sense, with what to write instead.
    pub fn read(config: &ComplaintConfig) -> Result<Self, InvalidRules> {
        let mut rules = Self::default();
        for (severity, clocks) in &config.clocks {
            for (clock, minutes) in clocks {
                rules.times.set_minutes(severity, clock, *minutes)?;
            }
        }
        for (of, percent) in &config.time_percent {
            rules.times.set_percent(of, *percent)?;
        }
        for (part, weight) in &config.score {
            rules.weights.set(part, *weight)?;
        }
        for (role, yuan) in &config.compensation {
            rules.limits.set(role, *yuan)?;
        }
        rules.clusters = clusters(config)?;
        if let Some(days) = config.close_after_days {
            if !(1..=90).contains(&days) {
                return Err(InvalidRules::new("close_after_days", "write 1 to 90 days"));
            }
            rules.close_after = Duration::from_hours(24 * u64::from(days));
        }
        if let Some(batch) = config.escalation_batch {
            if !(1..=5_000).contains(&batch) {
                return Err(InvalidRules::new("escalation_batch", "write 1 to 5000"));
            }
            rules.batch = batch;
        }
        Ok(rules)
    }
}

fn clusters(config: &ComplaintConfig) -> Result<ClusterRules, InvalidRules> {
    let clusters = &config.clusters;
    if !(1..=730).contains(&clusters.days) {
        return Err(InvalidRules::new("clusters.days", "write 1 to 730 days"));
    }
    if clusters.least == 0 {
        return Err(InvalidRules::new("clusters.least", "at least 1 car"));
    }
    if !(0.0..1.0).contains(&clusters.false_discovery_rate) {
        let advice = "a share from 0 to below 1, such as 0.01";
        return Err(InvalidRules::new("clusters.false_discovery_rate", advice));
    }
    Ok(ClusterRules {
        days: i64::from(clusters.days),
        least: i64::from(clusters.least),
        false_share: clusters.false_discovery_rate,
        every: Duration::from_secs(clusters.check_s),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_configuration_is_what_is_shipped() {
        let rules = Rules::read(&ComplaintConfig::default()).unwrap();
        assert_eq!(rules.weights, Rules::default().weights);
        assert_eq!(rules.clusters, ClusterRules::default());
    }

    #[test]
    fn what_makes_no_sense_names_its_key() {
        let mut config = ComplaintConfig::default();
        config.score.insert("speed".to_owned(), 3.0);
        let error = Rules::read(&config).unwrap_err();
        assert!(
            error.to_string().starts_with("complaint.score.speed: "),
            "{error}"
        );
        let mut config = ComplaintConfig::default();
        config.clusters.days = 0;
        assert!(Rules::read(&config).is_err());
        let never = ComplaintConfig {
            close_after_days: Some(0),
            ..ComplaintConfig::default()
        };
        let error = Rules::read(&never).unwrap_err().to_string();
        assert!(error.starts_with("complaint.close_after_days: "), "{error}");
        let nothing = ComplaintConfig {
            escalation_batch: Some(0),
            ..ComplaintConfig::default()
        };
        let error = Rules::read(&nothing).unwrap_err().to_string();
        assert!(error.starts_with("complaint.escalation_batch: "), "{error}");
    }
}
