//! JSON whose numbers are those that were meant: `0.3` and not `0.30000001192092896`, as fractions of 32 bits and sums come out.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

/// Digits of a number that count; what 32 bits hold beyond them is noise.
const DIGITS: usize = 7;

/// From here on two decimals are more than [`DIGITS`].
const LARGE: f64 = 1e5;

/// From here on a number has no decimals that could be noise.
const HUGE: f64 = 1e13;

/// Bytes that most answers have room in.
const CUSTOMARY: usize = 2_048;

/// The value as JSON.
///
/// # Errors
/// Those of the value's own `Serialize`.
pub(crate) fn to_json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(CUSTOMARY);
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, Meant);
    value.serialize(&mut writer)?;
    Ok(bytes)
}

/// Compact JSON with rounded fractions.
struct Meant;

impl Formatter for Meant {
    fn write_f64<W>(&mut self, writer: &mut W, value: f64) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        CompactFormatter.write_f64(writer, rounded(value))
    }
}

/// The number to [`DIGITS`] digits, or to two decimals if that is more.
fn rounded(value: f64) -> f64 {
    let size = value.abs();
    if size >= HUGE {
        value
    } else if size >= LARGE {
        (value * 100.0).round() / 100.0
    } else if value.fract() == 0.0 {
        // It has no more than five digits: counts, points and grades need not be written to be read.
        value
    } else {
        let text = format!("{value:.*e}", DIGITS - 1);
        text.parse().unwrap_or(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_were_meant() {
        for (value, written) in [
            (f64::from(0.3_f32), "0.3"),
            (0.1 + 0.2, "0.3"),
            (2.876_000_000_000_000_3, "2.876"),
            (f64::from(123.456_f32), "123.456"),
            (80.0, "80.0"),
            (-0.0, "-0.0"),
            (99_999.0, "99999.0"),
            (0.000_25, "0.00025"),
            (-12_345.678, "-12345.68"),
            (1_234_567.891, "1234567.89"),
            (0.0, "0.0"),
        ] {
            let json = to_json(&value).expect("a number is JSON");
            assert_eq!(String::from_utf8_lossy(&json), written);
        }
        let tiny = to_json(&1.234_567_89e-9).expect("a number is JSON");
        let read: f64 = serde_json::from_slice(&tiny).expect("a number");
        assert!((read - 1.234_568e-9).abs() < 1e-20, "{read}");
        assert_eq!(to_json(&[1, 2]).expect("JSON"), b"[1,2]");
    }
}
