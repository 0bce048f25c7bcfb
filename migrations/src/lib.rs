//! Schema of every service's store, version by version.
