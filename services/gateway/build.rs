//! Puts the pages of `docs/errors` into the binary, so that the `type` of every problem leads somewhere.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    let pages = Path::new("../../docs/errors");
    println!("cargo::rerun-if-changed={}", pages.display());
    let mut names: Vec<String> = fs::read_dir(pages)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    names.sort();
    let mut code =
        String::from("/// Reason and page.\npub(super) const PAGES: &[(&str, &str)] = &[\n");
    for name in names {
        let path = fs::canonicalize(pages.join(format!("{name}.md")))?;
        writeln!(
            code,
            "    ({name:?}, include_str!({:?})),",
            path.to_string_lossy()
        )
        .expect("writing to a string cannot fail");
    }
    code.push_str("];\n");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("reasons.rs"), code)
}
