//! gRPC reflection, for the admin port only: to the outside it would be a map for attackers.

use tonic::service::Routes;

/// Routes that describe the whole contract to tools such as `grpcurl`.
pub fn reflection_routes() -> Routes {
    let service = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(marque_api::DESCRIPTORS)
        .build_v1()
        .expect("the descriptors were written by our own build");
    Routes::new(service)
}
