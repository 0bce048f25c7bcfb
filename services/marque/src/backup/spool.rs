//! Files of imports that wait to be worked off. They lie sealed; in a backup they are sealed once more, each to its name, since
//! those that a release before wrote lie as dealers sent them.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use marque_vault::{Place, Vault};

/// Bytes sealed at a time.
const CHUNK: usize = 1 << 20;
/// A sealed chunk is longer by its header and tag; anything much longer was not sealed by us.
const LONGEST: usize = CHUNK + 256;

/// Holds on to all files below `spool` by a second name, so that they stay though an import ends: quick enough to be done
/// while every store stands still.
pub(super) fn hold(spool: &Path, at: &Path) -> io::Result<Vec<PathBuf>> {
    let mut held = Vec::new();
    for file in files_below(spool)? {
        let path = file.strip_prefix(spool).map_err(io::Error::other)?;
        let second = at.join(path);
        fs::create_dir_all(second.parent().unwrap_or(at))?;
        match fs::hard_link(&file, &second) {
            // It was being written, and was given up.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            // Another file system: a copy, then.
            Err(_) => {
                fs::copy(&file, &second)?;
            }
            Ok(()) => {}
        }
        held.push(path.to_owned());
    }
    Ok(held)
}

/// All files below a folder; none if it is not there.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    if folder.is_dir() {
        folders.push(folder.to_owned());
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Seals a file. It opens under the same name and nowhere else.
pub(super) fn seal(vault: &Vault, name: &Path, from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut from = File::open(from)?;
    let mut out = io::BufWriter::new(File::create(to)?);
    let mut chunk = Vec::with_capacity(CHUNK);
    for number in 0_u32.. {
        chunk.clear();
        (&mut from).take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            break;
        }
        let number = number.to_string();
        let sealed = vault.seal(place(name, &number), &chunk)?;
        out.write_all(&(sealed.len() as u32).to_be_bytes())?;
        out.write_all(&sealed)?;
    }
    out.into_inner()?.sync_all()?;
    Ok(())
}

/// Opens a sealed file.
pub(super) fn open(vault: &Vault, name: &Path, from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut from = io::BufReader::new(File::open(from)?);
    let mut out = File::create(to)?;
    for number in 0_u32.. {
        let mut length = [0; 4];
        match from.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            done => done?,
        }
        let length = u32::from_be_bytes(length) as usize;
        ensure!(length <= LONGEST, "{} is damaged", name.display());
        let mut sealed = vec![0; length];
        from.read_exact(&mut sealed)?;
        let number = number.to_string();
        let opened = vault
            .open(place(name, &number), &sealed)
            .with_context(|| format!("{} cannot be opened", name.display()))?;
        out.write_all(&opened)?;
    }
    out.sync_all()?;
    Ok(())
}

fn place<'a>(name: &'a Path, number: &'a str) -> Place<'a> {
    Place::new("spool", name.as_os_str().as_encoded_bytes(), number)
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    #[test]
    fn all_files_are_held_sealed_ones_and_those_of_the_release_before() {
        let folder = tempfile::tempdir().unwrap();
        let (spool, second) = (folder.path().join("spool"), folder.path().join("second"));
        assert!(hold(&spool, &second).unwrap().is_empty());
        let names = [
            "customer/1",
            "customer-sealed/2.sealed",
            "vehicle-sealed/3.sealed",
        ];
        for name in names {
            fs::create_dir_all(spool.join(name).parent().unwrap()).unwrap();
            fs::write(spool.join(name), name).unwrap();
        }
        let mut held = hold(&spool, &second).unwrap();
        held.sort();
        assert_eq!(held, names.map(PathBuf::from));
        fs::remove_dir_all(&spool).unwrap();
        for name in names {
            assert_eq!(fs::read_to_string(second.join(name)).unwrap(), name);
        }
    }

    #[test]
    fn a_file_opens_under_its_name_alone_and_is_not_in_clear_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let vault = Vault::new(&Keyring::generate().unwrap());
        let text = b"name,phone\nsomebody,13900000000\n".repeat(70_000);
        assert!(text.len() > 2 * CHUNK);
        fs::write(at("plain"), &text).unwrap();
        seal(&vault, Path::new("customer/a"), &at("plain"), &at("sealed")).unwrap();
        let sealed = fs::read(at("sealed")).unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"somebody"));
        open(&vault, Path::new("customer/a"), &at("sealed"), &at("again")).unwrap();
        assert_eq!(fs::read(at("again")).unwrap(), text);
        assert!(open(&vault, Path::new("customer/b"), &at("sealed"), &at("wrong")).is_err());
    }
}
