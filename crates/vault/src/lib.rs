//! Field encryption, blind indexes, and types that cannot leak.
