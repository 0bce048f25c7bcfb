//! The inputs of a score as bytes: a mask of what is known, then eight bytes for each.

use marque_db::StoreError;
use marque_insight::value::{Fact, Indicator, Inputs, Points};

use super::corrupt;

/// The bytes of inputs: facts first, then given indicators.
pub(super) fn to_bytes(inputs: &Inputs) -> Vec<u8> {
    let mut mask = 0_u32;
    let mut bytes = vec![0; 4];
    let facts = Fact::ALL.into_iter().map(|fact| {
        let value = inputs.facts.get(fact);
        value.map(f64::to_bits)
    });
    let given = inputs.given.iter().map(|points| {
        let nanos = points.map(Points::nanos);
        nanos.map(i64::cast_unsigned)
    });
    for (place, value) in facts.chain(given).enumerate() {
        if let Some(value) = value {
            mask |= 1 << place;
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    bytes[..4].copy_from_slice(&mask.to_le_bytes());
    bytes
}

/// The inputs of bytes; a column number for the error.
pub(super) fn from_bytes(bytes: &[u8], column: usize) -> Result<Inputs, StoreError> {
    let broken = || corrupt(column, "inputs are cut off");
    let (mask, mut rest) = bytes.split_first_chunk::<4>().ok_or_else(broken)?;
    let mask = u32::from_le_bytes(*mask);
    let mut inputs = Inputs::default();
    for place in 0..Fact::COUNT + Indicator::COUNT {
        if mask & (1 << place) == 0 {
            continue;
        }
        let (value, more) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
        rest = more;
        match Fact::ALL.get(place) {
            Some(&fact) => inputs.facts.set(fact, f64::from_le_bytes(*value)),
            None => {
                inputs.given[place - Fact::COUNT] = Points::from_nanos(i64::from_le_bytes(*value));
            }
        }
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_come_back_as_they_were() {
        let mut inputs = Inputs::default();
        inputs.facts.set(Fact::PurchaseAmount, 128_000.5);
        inputs.facts.set(Fact::OverdueDays, 0.0);
        inputs.given[2] = Points::parse(b"70.25").ok();
        inputs.given[5] = Some(Points::MAX);
        let back = from_bytes(&to_bytes(&inputs), 0).unwrap();
        assert_eq!(back.given, inputs.given);
        for fact in Fact::ALL {
            assert_eq!(back.facts.get(fact), inputs.facts.get(fact));
        }
        assert!(from_bytes(&to_bytes(&inputs)[..9], 0).is_err());
    }
}
