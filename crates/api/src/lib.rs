#![doc = include_str!("../README.md")]
/// `marque.<service>.v1` as modules.
macro_rules! package {
    ($module:ident, $name:literal) => {
        pub mod $module {
            pub mod v1 {
                tonic::include_proto!($name);
            }
        }
    };
}

pub mod marque {
    package!(options, "marque.options.v1");
    package!(events, "marque.events.v1");
    package!(intake, "marque.intake.v1");
    package!(network, "marque.network.v1");
    package!(customer, "marque.customer.v1");
    package!(vehicle, "marque.vehicle.v1");
    package!(service_history, "marque.service_history.v1");
    package!(evidence, "marque.evidence.v1");
    package!(quality, "marque.quality.v1");
    package!(scoring, "marque.scoring.v1");
    package!(complaint, "marque.complaint.v1");
}

pub use marque::{
    complaint, customer, events, evidence, intake, network, options, quality, scoring,
    service_history, vehicle,
};

/// Every proto with its comments, for reflection and for tests that walk all methods.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Who may call one method.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// Numbers of [`options::v1::Role`].
    pub roles: &'static [i32],
}

/// The access rules of all methods, sorted by path.
pub static ACCESS: &[Access] = include!(concat!(env!("OUT_DIR"), "/access.rs"));

/// The access rule of a method; `None` for a path that is no method of ours.
pub fn access(path: &str) -> Option<&'static Access> {
    ACCESS
        .binary_search_by(|access| access.path.cmp(path))
        .ok()
        .map(|at| &ACCESS[at])
}
