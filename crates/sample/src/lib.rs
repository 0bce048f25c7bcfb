//! Believable dealer files with the truth beside them.
