//! Names of clerks among those of all dealers.

/// Parts a dealer from his clerk: nobody types it, while names of dealers may have any usual sign in them.
const PART: char = '\u{1f}';

/// A clerk as a unit to be assessed: he is nobody without his dealer.
pub fn clerk_unit(dealer: &str, clerk: &str) -> String {
    format!("{dealer}{PART}{clerk}")
}

/// The dealer of a unit, and the clerk if it is one of [`clerk_unit`]; else nothing in his place.
pub fn dealer_and_clerk(unit: &str) -> (&str, &str) {
    unit.split_once(PART).unwrap_or((unit, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_is_told_from_his_dealer_whatever_their_names() {
        for (dealer, clerk) in [("D001", "S1"), ("北京/朝阳店", "销售/张"), ("", "S1")] {
            assert_eq!(
                dealer_and_clerk(&clerk_unit(dealer, clerk)),
                (dealer, clerk)
            );
        }
        assert_eq!(dealer_and_clerk("北京/朝阳店"), ("北京/朝阳店", ""));
    }
}
