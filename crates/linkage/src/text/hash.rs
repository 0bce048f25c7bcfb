//! A stable 64-bit hash: the same on every machine and in every release, so that it may be stored.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a over the parts, with a separator after each, finished by the 64-bit mixer of MurmurHash3.
///
/// Never returns 0, so that 0 can stand for "no value".
pub fn stable_hash(parts: &[&[u8]]) -> u64 {
    let mut state = OFFSET;
    for part in parts {
        for byte in *part {
            state = (state ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        state = (state ^ 0xff).wrapping_mul(PRIME);
    }
    mix(state).max(1)
}

/// Spreads every bit of `value` over the whole word (the finaliser of MurmurHash3, public domain).
pub fn mix(mut value: u64) -> u64 {
    value ^= value >> 33;
    value = value.wrapping_mul(0xff51_afd7_ed55_8ccd);
    value ^= value >> 33;
    value = value.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    value ^ (value >> 33)
}

/// Joins two hashes into one; order matters.
pub fn join(left: u64, right: u64) -> u64 {
    mix(left ^ mix(right).rotate_left(29)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_apart_and_zero_never_comes() {
        assert_ne!(stable_hash(&[b"ab", b"c"]), stable_hash(&[b"a", b"bc"]));
        assert_ne!(stable_hash(&[]), 0);
        assert_ne!(join(1, 2), join(2, 1));
    }

    #[test]
    fn the_hash_never_changes_between_releases() {
        assert_eq!(stable_hash(&[b"marque"]), 7_950_806_811_268_668_998);
    }
}
