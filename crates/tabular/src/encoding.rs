//! Which characters the bytes stand for: found out from the first bytes, then applied row by row.

use encoding_rs::{DecoderResult, GB18030, UTF_16BE, UTF_16LE};

use crate::{problem::Problem, source::Window};

/// How the file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030, and with it GBK and GB 2312: what Chinese Windows programs write.
    Gb18030,
    /// UTF-16, low byte first: "Unicode text" of spreadsheet programs.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// The beginning is plain ASCII, so each later row is read as UTF-8 if it is that, else as GB18030.
    Ascii,
}

/// Share of the lines with other than ASCII that have to be well-formed for an encoding to be believed. A few
/// damaged rows must not make the whole file unreadable.
const MIN_GOOD_LINES: f64 = 0.5;
/// Share of two-byte characters that lie in GB 2312's ideographs and punctuation. Text in Big5 or Latin-1 can be
/// well-formed GB18030, but falls outside of them.
const MIN_COMMON_CHARACTERS: f64 = 0.8;

impl Encoding {
    /// Finds the encoding from the beginning of the file, drops the byte order mark and switches the window to UTF-8
    /// where the file is in UTF-16.
    pub(crate) fn prepare(window: &mut Window) -> Result<Self, Problem> {
        let sample = window.bytes();
        let (encoding, mark) = match sample {
            [0xEF, 0xBB, 0xBF, ..] => (Self::Utf8, 3),
            [0xFF, 0xFE, ..] => (Self::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Self::Utf16Be, 2),
            _ => (detect_unmarked(sample, window.is_complete())?, 0),
        };
        window.consume(mark);
        match encoding {
            Self::Utf16Le => window.transcode(UTF_16LE),
            Self::Utf16Be => window.transcode(UTF_16BE),
            Self::Utf8 | Self::Gb18030 | Self::Ascii => {}
        }
        Ok(encoding)
    }

    /// Appends the text of one record; false, with what could be read, if the bytes are no text of this encoding, or one of them is
    /// zero, which no text has.
    #[inline]
    pub(crate) fn decode(self, bytes: &[u8], into: &mut String) -> bool {
        let is_encoded = self.decode_encoded(bytes, into);
        if memchr::memchr(0, bytes).is_none() {
            return is_encoded;
        }
        *into = without_zeros(into);
        false
    }

    fn decode_encoded(self, bytes: &[u8], into: &mut String) -> bool {
        match self {
            Self::Gb18030 => decode_gb18030(bytes, into),
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be | Self::Ascii => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    into.push_str(text);
                    return true;
                }
                if self == Self::Ascii && decode_gb18030(bytes, into) {
                    return true;
                }
                into.clear();
                into.push_str(&String::from_utf8_lossy(bytes));
                false
            }
        }
    }
}

/// A text with the mark of what could not be read in the place of zero characters, so that it can go out to be mended.
pub(crate) fn without_zeros(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// Appends GB18030 as text; where that fails, the text has replacement characters and the answer is false.
fn decode_gb18030(bytes: &[u8], into: &mut String) -> bool {
    let before = into.len();
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    into.reserve(
        decoder
            .max_utf8_buffer_length_without_replacement(bytes.len())
            .unwrap_or(bytes.len() * 3),
    );
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, into, true);
    if result == DecoderResult::InputEmpty {
        return true;
    }
    into.truncate(before);
    into.push_str(&GB18030.decode_without_bom_handling(bytes).0);
    false
}

fn detect_unmarked(sample: &[u8], complete: bool) -> Result<Encoding, Problem> {
    if sample.contains(&0) {
        if let Some(encoding) = detect_utf16(sample) {
            return Ok(encoding);
        }
        if is_binary(sample) {
            return Err(Problem::NotTabular {
                found: "binary data",
            });
        }
    }
    if sample.is_ascii() {
        return Ok(Encoding::Ascii);
    }
    // The last line may be cut in the middle of a character.
    let whole = if complete {
        sample
    } else {
        &sample[..memchr::memrchr(b'\n', sample).unwrap_or(sample.len())]
    };
    let lines = || {
        whole
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_ascii())
    };
    let total = lines().count() as f64;
    if total == 0.0 {
        return Ok(Encoding::Ascii);
    }
    let utf8 = lines().filter(|line| is_utf8(line, complete)).count() as f64;
    if utf8 / total >= MIN_GOOD_LINES {
        return Ok(Encoding::Utf8);
    }
    let mut scratch = String::new();
    let mut is_gb18030 = |line: &[u8]| {
        scratch.clear();
        decode_gb18030(line, &mut scratch)
    };
    let gb18030 = lines().filter(|line| is_gb18030(line)).count() as f64;
    if gb18030 / total >= MIN_GOOD_LINES && common_share(whole) >= MIN_COMMON_CHARACTERS {
        return Ok(Encoding::Gb18030);
    }
    Err(Problem::UnknownEncoding)
}

/// Whether zero bytes stand in so many lines that it is no text with a few damaged rows.
fn is_binary(sample: &[u8]) -> bool {
    let lines = || sample.split(|byte| *byte == b'\n');
    let good = lines().filter(|line| !line.contains(&0)).count() as f64;
    good / (lines().count() as f64) < MIN_GOOD_LINES
}

/// A sample without any line end may be cut anywhere: an incomplete last character is no error then.
fn is_utf8(line: &[u8], complete: bool) -> bool {
    match std::str::from_utf8(line) {
        Ok(_) => true,
        Err(error) => !complete && error.error_len().is_none(),
    }
}

/// Share of the two-byte characters that everyday Chinese is made of; four-byte characters and letters with accents
/// say nothing either way.
fn common_share(bytes: &[u8]) -> f64 {
    let (mut characters, mut common) = (0_u32, 0_u32);
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0x81..=0xFF, 0x30..=0x39, _, _, tail @ ..] | [0xA8, 0xA1..=0xBA, tail @ ..] => tail,
            [lead @ 0x81..=0xFF, trail, tail @ ..] => {
                characters += 1;
                common += u32::from(matches!(*lead, 0xA1..=0xA3 | 0xB0..=0xF7) && *trail >= 0xA1);
                tail
            }
            [_, tail @ ..] => tail,
            [] => return f64::from(common) / f64::from(characters.max(1)),
        };
    }
}

/// UTF-16 without a mark: the separators and digits have a zero byte, always on the same side. A single one is damage.
fn detect_utf16(sample: &[u8]) -> Option<Encoding> {
    let pairs = sample.len() / 2;
    let zeros_at = |side: usize| {
        sample
            .iter()
            .skip(side)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    match (zeros_at(0), zeros_at(1)) {
        (0, odd) if odd > 1 && odd * 20 >= pairs => Some(Encoding::Utf16Le),
        (even, 0) if even > 1 && even * 20 >= pairs => Some(Encoding::Utf16Be),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Result<Encoding, &'static str> {
        detect_unmarked(bytes, true).map_err(|problem| problem.reason())
    }

    #[test]
    fn the_encodings_dealers_use_are_told_apart() {
        let text = "客户编号,姓名,手机\nK1,王小明,13800138000\nK2,李娜,13900139000\n";
        let gb = GB18030.encode(text).0;
        let utf16 = |swap: bool| -> Vec<u8> {
            text.encode_utf16()
                .flat_map(|unit| {
                    if swap {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        assert_eq!(detected(text.as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(detected(&gb), Ok(Encoding::Gb18030));
        assert_eq!(detected(&utf16(false)), Ok(Encoding::Utf16Le));
        assert_eq!(detected(&utf16(true)), Ok(Encoding::Utf16Be));
        assert_eq!(detected(b"key,name\n1,Wang\n"), Ok(Encoding::Ascii));
    }

    #[test]
    fn other_encodings_are_refused_rather_than_misread() {
        let big5 = encoding_rs::BIG5
            .encode("客戶編號,姓名,電話號碼,聯絡地址\nK1,陳大文,1,臺北市中正區\n")
            .0;
        assert_eq!(detected(&big5), Err("UNKNOWN_ENCODING"));
        assert_eq!(
            detected(b"Schl\xFCssel,Stra\xDFe,Gr\xF6\xDFe\nM\xFCller,K\xF6ln,\xC4\n"),
            Err("UNKNOWN_ENCODING")
        );
        assert_eq!(
            detected(b"\x7FELF\x02\x01\x00\x00\x00\x01\x00\x02"),
            Err("NOT_TABULAR")
        );
    }

    #[test]
    fn a_zero_byte_in_a_row_damages_that_row_alone() {
        for (text, encoding) in [
            ("id,name\n1,a\0b\n", Encoding::Ascii),
            ("编号,姓名\n1,王\0\n2,李\n", Encoding::Utf8),
        ] {
            assert_eq!(detected(text.as_bytes()), Ok(encoding), "{text:?}");
        }
        let mut text = String::new();
        assert!(!Encoding::Ascii.decode(b"1,a\0b", &mut text));
        assert_eq!(text, "1,a\u{FFFD}b");
    }

    #[test]
    fn one_damaged_row_does_not_change_the_encoding() {
        let mut bytes = "编号,姓名\n1,王\n2,李\n3,赵\n".as_bytes().to_vec();
        bytes.extend(b"4,\xFF\xFE\n");
        assert_eq!(detected(&bytes), Ok(Encoding::Utf8));
    }
}
