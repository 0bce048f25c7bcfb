//! The vehicle service.
