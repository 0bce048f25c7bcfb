//! Compiles `proto/` without protoc and turns the methods' access options into a table.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

const PROTOS: [&str; 12] = [
    "marque/options/v1/access.proto",
    "marque/events/v1/events.proto",
    "marque/intake/v1/intake.proto",
    "marque/network/v1/network.proto",
    "marque/customer/v1/customer.proto",
    "marque/customer/v1/personal_data.proto",
    "marque/vehicle/v1/vehicle.proto",
    "marque/service_history/v1/service_history.proto",
    "marque/evidence/v1/evidence.proto",
    "marque/quality/v1/quality.proto",
    "marque/scoring/v1/scoring.proto",
    "marque/complaint/v1/complaint.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = "../../proto";
    println!("cargo:rerun-if-changed={root}");
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(PROTOS)?;
    let encoded = compiler.encode_file_descriptor_set();
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("descriptors.bin"), &encoded)?;
    fs::write(Path::new(&out).join("access.rs"), access_table(&encoded)?)?;
    tonic_prost_build::configure()
        .bytes(".marque.intake.v1")
        .bytes(".marque.complaint.v1")
        // An idempotency key remembers a request by its bytes: a map must be written in one order.
        .btree_map(".")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// A sorted static table of every method's path and roles.
fn access_table(encoded: &[u8]) -> Result<String, Box<dyn Error>> {
    let pool = DescriptorPool::decode(encoded)?;
    let option = pool
        .get_extension_by_name("marque.options.v1.access")
        .ok_or("the access option is not declared")?;
    let mut rows = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            let options = method.options();
            let access = options.get_extension(&option);
            let roles = roles_of(access.as_message(), &method)?;
            rows.push((format!("/{}/{}", service.full_name(), method.name()), roles));
        }
    }
    rows.sort();
    let mut table = String::from("&[\n");
    for (path, roles) in rows {
        writeln!(table, "    Access {{ path: {path:?}, roles: &{roles:?} }},")?;
    }
    table.push(']');
    Ok(table)
}

fn roles_of(
    access: Option<&DynamicMessage>,
    method: &MethodDescriptor,
) -> Result<Vec<i32>, Box<dyn Error>> {
    let roles: Vec<i32> = access
        .and_then(|access| access.get_field_by_name("roles"))
        .and_then(|roles| {
            roles
                .as_list()
                .map(|list| list.iter().filter_map(Value::as_enum_number).collect())
        })
        .unwrap_or_default();
    if roles.is_empty() {
        return Err(format!("{} declares no role that may call it", method.full_name()).into());
    }
    Ok(roles)
}
