//! Ids, clock, money, paging: the words every crate speaks.
