//! Who is who: record linkage, batch and incremental.
