//! Calibration: of the pairs said to be 0.9, nine in ten should be right.

use serde::{Deserialize, Serialize};

use crate::score::probability;

/// Pairs whose stated probability lies in one band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// From this probability on.
    pub from: f32,
    /// Up to this.
    pub to: f32,
    /// Pairs in the band.
    pub pairs: u64,
    /// Their mean stated probability.
    pub stated: f64,
    /// The share of them in one cluster: against the truth where it is known, else against the final clusters.
    pub observed: f64,
}

const BOUNDS: [f32; 11] = [
    0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0,
];

/// The reliability curve of pairs given as (bits, belongs together).
pub fn reliability(pairs: impl Iterator<Item = (f32, bool)>) -> Vec<CalibrationBin> {
    let mut bins: Vec<CalibrationBin> = BOUNDS
        .windows(2)
        .map(|bound| CalibrationBin {
            from: bound[0],
            to: bound[1],
            ..CalibrationBin::default()
        })
        .collect();
    let last = bins.len() - 1;
    for (bits, together) in pairs {
        let stated = probability(bits);
        let at = bins.iter().position(|bin| stated < bin.to).unwrap_or(last);
        bins[at].pairs += 1;
        bins[at].stated += f64::from(stated);
        bins[at].observed += f64::from(u8::from(together));
    }
    bins.retain(|bin| bin.pairs > 0);
    for bin in &mut bins {
        bin.stated /= bin.pairs as f64;
        bin.observed /= bin.pairs as f64;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_the_shares() {
        let bins = reliability(
            [
                (10.0, true),
                (10.0, true),
                (-10.0, false),
                (0.0, true),
                (0.0, false),
            ]
            .into_iter(),
        );
        assert_eq!(bins.iter().map(|bin| bin.pairs).sum::<u64>(), 5);
        let even = bins
            .iter()
            .find(|bin| (bin.from, bin.to) == (0.5, 0.75))
            .unwrap();
        assert!((even.stated - 0.5).abs() < 1e-6 && (even.observed - 0.5).abs() < 1e-6);
    }
}
