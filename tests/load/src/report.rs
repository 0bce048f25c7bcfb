//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::Tally;

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Of the peak.
    pub multiple: f64,
    /// Arrivals a second; 0 where the loop was closed.
    pub offered: f64,
    /// Good answers a second.
    pub goodput: f64,
    /// All of it.
    pub tally: Tally,
    /// Most resident memory of the server seen, in MB.
    pub memory_mb: f64,
    /// Cores that the server used.
    pub cpu: f64,
}

/// A whole run.
#[derive(Debug)]
pub struct Report {
    /// The closed loop.
    pub peak: Step,
    /// The open steps.
    pub steps: Vec<Step>,
    /// Seconds from the end of the last step until 95 % of four fifths of the peak were served; `None` if not within those watched.
    pub recovery: Option<usize>,
}

impl Report {
    /// As a table.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:>8} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>7} {:>8} {:>7} {:>6} {:>9}\n",
            "step",
            "offered/s",
            "goodput/s",
            "of peak",
            "p50 ms",
            "p99 ms",
            "refused",
            "ref. p99",
            "late",
            "failed",
            "RSS MB",
            "cores",
            "own p99"
        );
        text += &line("peak", &self.peak, &self.peak);
        for step in &self.steps {
            text += &line(&format!("{}x", step.multiple), step, &self.peak);
        }
        let recovery = match self.recovery {
            Some(seconds) => format!("served 95 % of 0.8x again {seconds} s after the last step"),
            None => "did not serve 95 % of 0.8x again while it was watched".to_owned(),
        };
        text = text + &recovery + "\n";
        for step in &self.steps {
            let failures = step.tally.failures();
            if !failures.is_empty() {
                // A text takes everything.
                let _ = writeln!(text, "{}x: {}", step.multiple, failures.join(", "));
            }
        }
        text
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        json!({
            "peak": json_of(&self.peak),
            "steps": self.steps.iter().map(json_of).collect::<Vec<_>>(),
            "recovery_s": self.recovery,
        })
    }
}

fn line(name: &str, step: &Step, peak: &Step) -> String {
    let tally = &step.tally;
    let refused = tally.count(|ending| ending == crate::Ending::Refused);
    let late = tally.count(|ending| ending == crate::Ending::Late);
    format!(
        "{name:>8} {:>9.0} {:>9.0} {:>6.0}% {:>9.2} {:>9.2} {refused:>9} {:>9.2} {late:>7} {:>8} {:>7.0} {:>6.2} {:>9.2}\n",
        step.offered,
        step.goodput,
        100.0 * step.goodput / peak.goodput,
        tally.good_ms(0.5),
        tally.good_ms(0.99),
        tally.refused_ms(0.99),
        tally.failed(),
        step.memory_mb,
        step.cpu,
        tally.own_lateness_ms(0.99),
    )
}

fn json_of(step: &Step) -> Value {
    let tally = &step.tally;
    let kinds: serde_json::Map<String, Value> = tally
        .kinds(0.99)
        .into_iter()
        .map(|(kind, good, p99)| (kind.name().to_owned(), json!({"good": good, "p99_ms": p99})))
        .collect();
    json!({
        "multiple": step.multiple, "offered_per_s": step.offered, "goodput_per_s": step.goodput,
        "admitted_p50_ms": tally.good_ms(0.5), "admitted_p99_ms": tally.good_ms(0.99),
        "refused": tally.count(|ending| ending == crate::Ending::Refused), "refused_p99_ms": tally.refused_ms(0.99),
        "late": tally.count(|ending| ending == crate::Ending::Late), "failed": tally.failed(), "failures": tally.failures(),
        "memory_mb": step.memory_mb, "cores": step.cpu, "generator_late_p99_ms": tally.own_lateness_ms(0.99), "kinds": kinds,
    })
}
