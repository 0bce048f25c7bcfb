//! How a row is kept: encoded compactly, sealed as one field.

use marque_core::{SourceRecordId, Timestamp};
use marque_db::StoreError;
use marque_vault::Place;
use prost::Message;

use super::{CustomerStore, sealed};
use crate::{
    domain::{COLUMNS, Columns, PastContact, Since},
    error::Result,
};

#[derive(Clone, PartialEq, Message)]
struct Content {
    /// Place in the list of columns.
    #[prost(uint32, repeated, tag = "1")]
    places: Vec<u32>,
    #[prost(string, repeated, tag = "2")]
    texts: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    extra_headers: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    extra_texts: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    past: Vec<Past>,
    /// Places of columns that say what they say since a moment of their own.
    #[prost(uint32, repeated, tag = "6")]
    since_places: Vec<u32>,
    /// Those moments, in the same order.
    #[prost(int64, repeated, tag = "7")]
    since: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Past {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(string, tag = "2")]
    value: String,
    #[prost(int64, tag = "3")]
    from: i64,
    /// 0 while the record has it still.
    #[prost(int64, tag = "4")]
    to: i64,
}

impl CustomerStore {
    /// Seals a row to its record.
    pub(crate) fn seal(
        &self,
        id: SourceRecordId,
        columns: &Columns,
        past: &[PastContact],
        since: &[Since],
    ) -> Result<Vec<u8>> {
        let place_of = |since: &Since| COLUMNS.iter().position(|field| *field == since.field);
        let content = Content {
            places: columns
                .known
                .iter()
                .map(|(place, _)| u32::from(*place))
                .collect(),
            texts: columns.known.iter().map(|(_, text)| text.clone()).collect(),
            extra_headers: columns
                .extra
                .iter()
                .map(|(header, _)| header.clone())
                .collect(),
            extra_texts: columns.extra.iter().map(|(_, text)| text.clone()).collect(),
            past: past.iter().map(past_to_kept).collect(),
            since_places: since
                .iter()
                .map(|since| place_of(since).map_or(NOWHERE, |place| place as u32))
                .collect(),
            since: since.iter().map(|since| since.at.as_micros()).collect(),
        };
        Ok(self.vault().seal(place(&id), &content.encode_to_vec())?)
    }

    /// Opens a sealed row.
    pub(crate) fn open(
        &self,
        id: SourceRecordId,
        sealed: &[u8],
    ) -> Result<(Columns, Vec<PastContact>, Vec<Since>)> {
        let opened = self.vault().open(place(&id), sealed)?;
        let content = Content::decode(opened.as_slice()).map_err(|error| StoreError::Decode {
            column: 0,
            source: error.into(),
        })?;
        let Content {
            places,
            texts,
            extra_headers,
            extra_texts,
            past,
            since_places,
            since,
        } = content;
        let columns = Columns {
            known: places
                .into_iter()
                .map(|place| place as u8)
                .zip(texts)
                .collect(),
            extra: extra_headers.into_iter().zip(extra_texts).collect(),
        };
        let since = since_places.into_iter().zip(since);
        let since = since.filter_map(|(place, at)| {
            let field = *COLUMNS.get(place as usize)?;
            let at = Timestamp::from_micros(at);
            Some(Since { field, at })
        });
        let past = past.into_iter().map(past_from_kept).collect();
        Ok((columns, past, since.collect()))
    }
}

/// No column's place.
const NOWHERE: u32 = u32::MAX;

fn place(id: &SourceRecordId) -> Place<'_> {
    sealed::place(id.as_bytes(), "sealed")
}

fn past_to_kept(past: &PastContact) -> Past {
    Past {
        channel: past.channel.clone(),
        value: past.value.clone(),
        from: past.from.as_micros(),
        to: past.to.map_or(0, Timestamp::as_micros),
    }
}

fn past_from_kept(past: Past) -> PastContact {
    PastContact {
        channel: past.channel,
        value: past.value,
        from: Timestamp::from_micros(past.from),
        to: (past.to != 0).then(|| Timestamp::from_micros(past.to)),
    }
}
