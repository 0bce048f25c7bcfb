//! Where a sealed field stands.

/// The place a ciphertext is bound to: it opens here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Table.
    pub table: &'a str,
    /// Primary key of the row: the bytes of a UUID, or of any other key.
    pub row: &'a [u8],
    /// Column.
    pub field: &'a str,
}

/// Longest associated data that needs no allocation: a UUID row with names of ordinary length.
const INLINE: usize = 128;

impl<'a> Place<'a> {
    /// The place of a field; `row` is anything with bytes, such as `&Uuid`.
    pub fn new(table: &'a str, row: &'a (impl AsRef<[u8]> + ?Sized), field: &'a str) -> Self {
        Self {
            table,
            row: row.as_ref(),
            field,
        }
    }

    /// Calls `use_it` with the associated data: the header (version and key number), then each part after its
    /// length, so that no two places have the same bytes.
    pub(crate) fn with_associated_data<R>(
        &self,
        header: [u8; 5],
        use_it: impl FnOnce(&[u8]) -> R,
    ) -> R {
        let parts = [self.table.as_bytes(), self.row, self.field.as_bytes()];
        let size = header.len() + parts.iter().map(|part| part.len() + 4).sum::<usize>();
        if size > INLINE {
            let mut bytes = vec![0; size];
            write(&mut bytes, header, parts);
            return use_it(&bytes);
        }
        let mut bytes = [0; INLINE];
        write(&mut bytes[..size], header, parts);
        use_it(&bytes[..size])
    }
}

fn write(into: &mut [u8], header: [u8; 5], parts: [&[u8]; 3]) {
    let (start, mut rest) = into.split_at_mut(header.len());
    start.copy_from_slice(&header);
    for part in parts {
        let (length, after) = rest.split_at_mut(4);
        length.copy_from_slice(&(part.len() as u32).to_be_bytes());
        let (body, after) = after.split_at_mut(part.len());
        body.copy_from_slice(part);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together_and_long_places_work() {
        let bytes = |place: Place<'_>| place.with_associated_data([1; 5], <[u8]>::to_vec);
        assert_ne!(
            bytes(Place::new("ab", "c", "d")),
            bytes(Place::new("a", "bc", "d"))
        );
        assert_ne!(
            bytes(Place::new("a", "b", "cd")),
            bytes(Place::new("a", "bc", "d"))
        );
        let long = "x".repeat(300);
        assert_eq!(
            bytes(Place::new(&long, "r", "f")).len(),
            5 + 300 + 1 + 1 + 12
        );
    }
}
