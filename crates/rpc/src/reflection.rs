//! gRPC reflection, for the admin port only: to the outside it would be a map for attackers.

use tonic::service::Routes;
use tonic_reflection::server::Builder;

const OURS: &str = "the descriptors were written by our own build";

/// Routes that describe the whole contract to tools such as `grpcurl`; older ones ask by `v1alpha`.
pub fn reflection_routes() -> Routes {
    let contract =
        || Builder::configure().register_encoded_file_descriptor_set(marque_api::DESCRIPTORS);
    Routes::new(contract().build_v1().expect(OURS))
        .add_service(contract().build_v1alpha().expect(OURS))
}
