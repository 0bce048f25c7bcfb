//! Files of a case: what they may be.

use marque_core::Timestamp;
use uuid::Uuid;

/// Most files of a case.
pub(crate) const MOST_ATTACHMENTS: usize = 50;
/// Longest name of a file, in characters.
pub(crate) const NAME_CHARS: usize = 200;

/// A file, without its bytes.
#[derive(Clone)]
pub(crate) struct Attachment {
    pub(crate) id: Uuid,
    /// One of [`MEDIA_TYPES`].
    pub(crate) media_type: &'static str,
    /// As it was called; names of files name people, so it is sealed.
    pub(crate) name: String,
    pub(crate) size: i64,
    /// SHA-256.
    pub(crate) digest: Vec<u8>,
    pub(crate) added_by: String,
    pub(crate) added_at: Timestamp,
}

const PDF: &str = "application/pdf";
const BMP: &str = "image/bmp";

/// What may be kept: pictures, recordings and papers; nothing that a browser or an office program runs.
pub(crate) const MEDIA_TYPES: [&str; 14] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heif",
    BMP,
    PDF,
    "video/mp4",
    "video/quicktime",
    "audio/mpeg",
    "audio/m4a",
    "audio/amr",
    "audio/x-wav",
    "audio/ogg",
];

/// The type of a file by its bytes, whatever it is called; nothing if it may not be kept.
pub(crate) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let found = known_type(infer::get(bytes)?.mime_type())?;
    let is_it = match found {
        // Its mark is looked for far into the file, where a page with a script may stand before it.
        PDF => begins_as_pdf(bytes),
        // Two letters are its mark, with which words may begin too, such as a brand. Behind the size four bytes are nothing.
        BMP => bytes.get(6..10).is_some_and(|unused| unused == [0_u8; 4]),
        _ => true,
    };
    is_it.then_some(found)
}

/// Whether nothing but a byte order mark and blanks stands before the mark of a PDF.
fn begins_as_pdf(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"%PDF-")
}

/// A type as it stands in the list.
pub(crate) fn known_type(found: &str) -> Option<&'static str> {
    MEDIA_TYPES.into_iter().find(|known| *known == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let files: [(&[u8], Option<&str>); 12] = [
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("image/png")),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"\xef\xbb\xbf%PDF-1.7\n", Some("application/pdf")),
            (b"\r\n%PDF-1.4\n", Some("application/pdf")),
            (b"<script>alert(1)</script>%PDF-1.7\n", None),
            (b"#!/bin/sh\n%PDF-1.7\n", None),
            (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0", Some("image/bmp")),
            (b"BMW 325i, the brakes squeak", None),
            // A program, a page and a packed folder are not kept, nor what nobody knows.
            (b"MZ\x90\x00\x03\x00\x00\x00", None),
            (b"<!DOCTYPE html><script>", None),
            (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", None),
        ];
        for (bytes, expected) in files {
            assert_eq!(media_type(bytes), expected);
        }
        assert_eq!(media_type(b"just words"), None);
    }
}
