use std::io::Cursor;

use super::*;
use crate::Keyring;

const KIND: &str = "spool";
const NAME: &str = "a";
const WHOLE: usize = SEALED_FRAME as usize;

fn vault() -> Vault {
    Vault::new(&Keyring::generate().unwrap())
}

/// Bytes of which no frame is like another.
fn text(length: usize) -> Vec<u8> {
    let words = (0_u32..).flat_map(|n| format!("{n},13900000000\n").into_bytes());
    words.take(length).collect()
}

/// Seals in pieces of uneven length.
fn seal(vault: &Vault, text: &[u8]) -> Vec<u8> {
    let mut sealer = FileSealer::new(vault.clone(), KIND, NAME);
    let mut sealed = Vec::new();
    for piece in text.chunks(50_021) {
        sealer.update(piece, &mut sealed).unwrap();
    }
    sealer.finish(&mut sealed).unwrap();
    sealed
}

fn open(vault: &Vault, sealed: &[u8]) -> io::Result<SealedFile<Cursor<Vec<u8>>>> {
    SealedFile::open(vault.clone(), KIND, NAME, Cursor::new(sealed.to_vec()))
}

fn read(vault: &Vault, sealed: &[u8]) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    open(vault, sealed)?.read_to_end(&mut read)?;
    Ok(read)
}

#[test]
fn a_file_of_any_length_reads_back() {
    let vault = vault();
    for length in [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 7] {
        let text = text(length);
        let sealed = seal(&vault, &text);
        assert_eq!(
            sealed.len(),
            length + length.div_ceil(FRAME).max(1) * OVERHEAD
        );
        assert!(read(&vault, &sealed).unwrap() == text, "{length} bytes");
    }
}

#[test]
fn reading_begins_at_any_byte() {
    let vault = vault();
    let text = text(3 * FRAME + 7);
    let sealed = seal(&vault, &text);
    let mut file = open(&vault, &sealed).unwrap();
    assert_eq!(file.seek(SeekFrom::End(0)).unwrap(), text.len() as u64);
    for at in [0, 1, FRAME, 2 * FRAME - 1, 3 * FRAME + 6, text.len(), 5] {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).unwrap();
        assert!(rest == text[at..], "from byte {at}");
    }
    assert_eq!(file.seek(SeekFrom::End(-7)).unwrap(), 3 * FRAME as u64);
    assert_eq!(
        file.seek(SeekFrom::Current(-1)).unwrap(),
        3 * FRAME as u64 - 1
    );
    assert!(file.seek(SeekFrom::End(-(text.len() as i64) - 1)).is_err());
    // Beyond the end there is nothing, as in any file.
    file.seek(SeekFrom::Start(u64::MAX)).unwrap();
    assert_eq!(file.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn nothing_of_it_is_in_clear() {
    let sealed = seal(&vault(), &text(2 * FRAME));
    assert!(!sealed.windows(6).any(|part| part == b"139000"));
}

#[test]
fn a_file_that_was_cut_changed_or_rearranged_is_refused() {
    let vault = vault();
    let sealed = seal(&vault, &text(3 * FRAME));
    let frame = |number: usize| sealed[number * WHOLE..(number + 1) * WHOLE].to_vec();
    let mut flipped = sealed.clone();
    flipped[WHOLE + 100] ^= 1;
    let wrong = [
        ("cut to nothing", Vec::new()),
        ("cut within the header", sealed[..3].to_vec()),
        ("cut within a frame", sealed[..WHOLE + 9].to_vec()),
        ("cut between frames", sealed[..2 * WHOLE].to_vec()),
        ("cut by one byte", sealed[..3 * WHOLE - 1].to_vec()),
        ("longer", [sealed.clone(), frame(2)].concat()),
        ("exchanged", [frame(1), frame(0), frame(2)].concat()),
        ("without the middle", [frame(0), frame(2)].concat()),
        ("one bit", flipped),
        ("never sealed", text(100)),
    ];
    for (what, bytes) in wrong {
        let refused = read(&vault, &bytes).err().map(|error| error.kind());
        assert_eq!(refused, Some(io::ErrorKind::InvalidData), "{what}");
    }
}

#[test]
fn a_file_opens_under_its_own_kind_and_name_alone() {
    let vault = vault();
    let sealed = seal(&vault, b"text");
    for (kind, name) in [(KIND, "b"), ("other", NAME)] {
        let file = Cursor::new(sealed.clone());
        assert!(SealedFile::open(vault.clone(), kind, name, file).is_err());
    }
}

#[test]
fn keys_may_change_while_a_file_comes_in() {
    let mut ring = Keyring::generate().unwrap();
    let (vault, before) = (Vault::new(&ring), Vault::new(&ring));
    let text = text(2 * FRAME);
    let mut sealer = FileSealer::new(vault.clone(), KIND, NAME);
    let mut sealed = Vec::new();
    sealer.update(&text[..FRAME + 1], &mut sealed).unwrap();
    ring.rotate_data_key().unwrap();
    vault.replace(&ring);
    sealer.update(&text[FRAME + 1..], &mut sealed).unwrap();
    sealer.finish(&mut sealed).unwrap();
    assert!(read(&vault, &sealed).unwrap() == text);
    assert_eq!(
        keys_of_file(Cursor::new(&sealed)).unwrap(),
        BTreeSet::from([1, 2])
    );
    let coming_in = Cursor::new(&sealed[..WHOLE + 2]);
    assert_eq!(keys_of_file(coming_in).unwrap(), BTreeSet::from([1]));
    // Whoever has not read the ring yet can wait for it: the file is not to blame.
    let refused = read(&before, &sealed).err().map(|error| error.kind());
    assert_eq!(refused, Some(io::ErrorKind::Other));
    assert!(keys_of_file(Cursor::new(b"name,phone\n")).is_err());
}
