//! Databases, sandboxes and builders for tests.
