//! The figures behind an alert, as they were when it was raised: counts and probabilities, nothing of any record.

use marque_core::Timestamp;
use marque_quality::falsification::{Evidence, Kind, evidence};

use super::Mean;

/// What was counted of a sign of invention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SignFigures {
    /// How much of what was seen is beyond the usual, 0 to 1.
    pub(crate) strength: f64,
    pub(crate) p: f64,
    /// The p value over all tests of all dealers and clerks.
    pub(crate) q: f64,
    pub(crate) bearing: i64,
    pub(crate) looked_at: i64,
    /// How many would be usual.
    pub(crate) expected: f64,
    /// When the minute of a burst began.
    pub(crate) burst_at: Option<Timestamp>,
}

impl SignFigures {
    /// The reason of the sign and these figures, in words that accuse nobody.
    pub(crate) fn evidence(&self, kind: Kind) -> Evidence {
        let counted = (self.bearing.unsigned_abs(), self.looked_at.unsigned_abs());
        evidence(kind, counted, self.expected, (self.p, self.q))
    }
}

/// The figures behind an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figures {
    /// It was raised by a release that kept none.
    Unknown,
    /// The score of a month and of the month before.
    Fall { before: Mean, after: Mean },
    /// What was counted of a sign.
    Sign(SignFigures),
}

impl Figures {
    /// As they are stored: `fall:40,349000,40,150000` or `sign:8.75e-1,1.2e-9,3e-7,30,60,1.1e0,`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Fall { before, after } => format!(
                "fall:{},{},{},{}",
                before.records, before.total, after.records, after.total
            ),
            Self::Sign(sign) => {
                let SignFigures {
                    strength,
                    p,
                    q,
                    bearing,
                    looked_at,
                    expected,
                    burst_at,
                } = sign;
                let begun = burst_at.map_or_else(String::new, |at| at.as_micros().to_string());
                format!("sign:{strength:e},{p:e},{q:e},{bearing},{looked_at},{expected:e},{begun}")
            }
        }
    }

    /// Reads what [`Self::text`] wrote; what this release does not know is unknown.
    pub(crate) fn read(text: &str) -> Self {
        let known = match text.split_once(':') {
            Some(("fall", figures)) => read_fall(figures),
            Some(("sign", figures)) => read_sign(figures),
            _ => None,
        };
        known.unwrap_or(Self::Unknown)
    }
}

fn read_fall(text: &str) -> Option<Figures> {
    let figures: Vec<i64> = text
        .split(',')
        .map(|figure| figure.parse().ok())
        .collect::<Option<_>>()?;
    let mean = |records, total| Mean { records, total };
    let [earlier, points_before, later, points] = figures[..] else {
        return None;
    };
    Some(Figures::Fall {
        before: mean(earlier, points_before),
        after: mean(later, points),
    })
}

fn read_sign(text: &str) -> Option<Figures> {
    let figures: Vec<&str> = text.split(',').collect();
    let [strength, p, q, bearing, looked_at, expected, burst_at] = figures[..] else {
        return None;
    };
    let burst_at = match burst_at {
        "" => None,
        micros => Some(Timestamp::from_micros(micros.parse().ok()?)),
    };
    Some(Figures::Sign(SignFigures {
        strength: strength.parse().ok()?,
        p: p.parse().ok()?,
        q: q.parse().ok()?,
        bearing: bearing.parse().ok()?,
        looked_at: looked_at.parse().ok()?,
        expected: expected.parse().ok()?,
        burst_at,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_another_release_wrote_is_unknown_and_no_panic() {
        for text in [
            "",
            "fall:1,2,3",
            "fall:1,2,3,x",
            "sign:1",
            "rise:1,2,3,4",
            "sign:,,,,,,",
        ] {
            assert_eq!(Figures::read(text), Figures::Unknown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn figures_are_read_as_they_were_written(
            counts in any::<[i64; 4]>(),
            shares in prop::array::uniform4(0.0_f64..1.0),
            tiny in 0.0_f64..1e-300,
            at in prop::option::of(any::<i64>()),
        ) {
            let mean = |at: usize| Mean { records: counts[at], total: counts[at + 1] };
            let fall = Figures::Fall { before: mean(0), after: mean(2) };
            prop_assert_eq!(Figures::read(&fall.text()), fall);
            let sign = Figures::Sign(SignFigures {
                strength: shares[0],
                p: tiny,
                q: shares[1],
                bearing: counts[0],
                looked_at: counts[1],
                expected: shares[2] * 1e6,
                burst_at: at.map(Timestamp::from_micros),
            });
            prop_assert_eq!(Figures::read(&sign.text()), sign);
        }
    }
}
