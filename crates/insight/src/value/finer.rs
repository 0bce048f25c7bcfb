//! What is finer than a billionth of a point: programs write floats with fourteen decimals and more, and each of them counts.

use super::PointsError;
use super::points::digits;

/// Decimals from the tenth on, of points or of their weighted sum: exact, and compared from the first to the last.
///
/// Each limb holds nine decimals. In a sum they may hold more until it is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finer([u64; Finer::LIMBS]);

impl Finer {
    /// With the nine decimals of [`Points`](super::Points) there is room for 54; the finest float has 52.
    const LIMBS: usize = 5;
    const DIGITS_OF_A_LIMB: usize = 9;
    const LIMB: u64 = 1_000_000_000;
    /// Nothing finer.
    pub(crate) const ZERO: Self = Self([0; Self::LIMBS]);

    /// Reads the digits from the tenth decimal on; `None` when they are none or zeros.
    pub(super) fn read(decimals: &[u8]) -> Result<Option<Self>, PointsError> {
        let Some(last) = decimals.iter().rposition(|&digit| digit != b'0') else {
            return Ok(None);
        };
        let mut finer = Self::ZERO;
        let limbs = decimals[..=last].chunks(Self::DIGITS_OF_A_LIMB);
        let is_too_fine = limbs.len() > Self::LIMBS;
        for (limb, written) in finer.0.iter_mut().zip(limbs) {
            let missing = (Self::DIGITS_OF_A_LIMB - written.len()) as u32;
            *limb = digits(written)? as u64 * 10_u64.pow(missing);
        }
        if is_too_fine {
            return Err(PointsError::TooManyDecimals);
        }
        Ok(Some(finer))
    }

    /// Adds another so many times: six times the highest weight leaves a limb of the sum far below what it holds.
    pub(crate) fn add(&mut self, times: i64, other: &Self) {
        for (sum, limb) in self.0.iter_mut().zip(other.0) {
            *sum += times as u64 * limb;
        }
    }

    /// Takes out the whole units that came together, and leaves less than one.
    pub(crate) fn carry(&mut self) -> i64 {
        let mut carried = 0;
        for limb in self.0.iter_mut().rev() {
            *limb += carried;
            carried = *limb / Self::LIMB;
            *limb %= Self::LIMB;
        }
        carried as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finer(text: &str) -> Finer {
        Finer::read(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn decimals_compare_as_they_are_written() {
        assert_eq!(finer("5"), finer("500000000000"));
        assert!(finer("000000000000000001") < finer("00000000000000001"));
        assert!(finer("999999999999") < finer("9999999999991"));
        for zeros in ["", "0", "000000000000000000000000"] {
            assert_eq!(Finer::read(zeros.as_bytes()), Ok(None));
        }
    }

    #[test]
    fn what_is_no_digit_or_has_no_room_is_refused() {
        let finest = "0".repeat(Finer::LIMBS * Finer::DIGITS_OF_A_LIMB - 1) + "1";
        assert!(finer(&finest) > Finer::ZERO);
        for (text, error) in [
            ("12x", PointsError::NotANumber),
            (format!("0{finest}").as_str(), PointsError::TooManyDecimals),
        ] {
            assert_eq!(Finer::read(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn a_sum_carries_whole_units_and_keeps_the_rest() {
        let mut sum = Finer::ZERO;
        sum.add(200_000, &finer("000012345"));
        sum.add(100_000, &finer("99999999999999"));
        // 2.469 + 99999.999999999
        assert_eq!(sum.carry(), 100_002);
        assert_eq!(sum, finer("468999999"));
    }
}
