//! What a good record looks like: normalisers, validators, rules, signs of invention.
