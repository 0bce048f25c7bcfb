//! Splits a total over units so that it comes out exactly, though each share is drawn by chance.

use crate::rng::Rng;

/// How shares are spread around their mean: weights and multiples of the mean.
pub(crate) type Shape = &'static [(u32, f64)];

/// Most have one car, few have several.
pub(crate) const VEHICLES: Shape = &[(20, 0.5), (60, 0.83), (15, 1.5), (5, 3.0)];
/// Some come once, some for every service.
pub(crate) const VISITS: Shape = &[(15, 0.2), (35, 0.7), (30, 1.1), (15, 1.9), (5, 3.0)];
/// Most never complain.
pub(crate) const COMPLAINTS: Shape = &[(80, 0.0), (17, 4.0), (3, 10.0)];

/// What is left of the total and of the units.
#[derive(Debug, Clone)]
pub(crate) struct Quota {
    left: u64,
    units: u64,
    shape: Shape,
    mean: f64,
}

impl Quota {
    pub(crate) fn new(total: u64, units: u64, shape: Shape) -> Self {
        let weight: u32 = shape.iter().map(|(weight, _)| weight).sum();
        let sum: f64 = shape
            .iter()
            .map(|(weight, multiple)| f64::from(*weight) * multiple)
            .sum();
        Self {
            left: total,
            units,
            shape,
            mean: sum / f64::from(weight),
        }
    }

    /// The next unit's share, `factor` times the usual; the last unit gets what is left.
    pub(crate) fn take(&mut self, rng: &mut Rng, factor: f64) -> u64 {
        if self.units <= 1 {
            self.units = 0;
            return std::mem::take(&mut self.left);
        }
        let wanted = self.left as f64 / self.units as f64 * factor * self.multiple(rng) / self.mean;
        let share = (wanted + rng.unit()).floor() as u64;
        let share = share.min(self.left);
        self.left -= share;
        self.units -= 1;
        share
    }

    fn multiple(&self, rng: &mut Rng) -> f64 {
        let weight: u32 = self.shape.iter().map(|(weight, _)| weight).sum();
        let mut place = rng.below(weight as usize) as u32;
        for (weight, multiple) in self.shape {
            if place < *weight {
                return *multiple;
            }
            place -= weight;
        }
        1.0
    }
}
