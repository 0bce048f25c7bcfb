//! The service-history service.
