#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod consumer;
mod dead_letters;
mod erasure;
mod feed;
mod links;
mod outbox;
mod positions;
mod regions;
mod sight;
mod source;
mod time;
mod wall;

pub use consumer::{ApplyError, Consumer, Handler, Source};
pub use dead_letters::{Chosen, DeadLetter, ask_retry, dead_letters};
pub use erasure::{CUSTOMERS_ERASED, Erased, ErasedWord, withdraw_links};
pub use feed::Feed;
pub use links::{
    Alias, LONGEST_CHAIN, Linked, current_customer, customers_of, put_alias, put_links,
    records_with_dealers, relink,
};
pub use outbox::{ANSWER_BYTES, NewEvent, first_since, newest_before, prune, publish, read_after};
pub use positions::{Positions, forget_applied, positions};
pub use regions::{Regions, dealer_clause};
pub use sight::{
    CONSENT_CHANGED, CUSTOMER_RECEIVED, SHARING, is_received, knows_customer, put_reception,
    shut_receptions,
};
pub use source::GrpcFeed;
pub use time::{from_proto_time, to_proto_time};
pub use wall::{BehindWall, WallLayer, behind_wall, wall_of};
