//! Which columns of a file nothing is read from: whoever sent it hears their names, so that a misspelt header does not lose a column
//! in silence.

use marque_tabular::HeaderMap;

use crate::{Sink, store::ImportRow};

/// Most columns that are named, and most characters of a name.
const MOST: usize = 100;

/// Headers of the columns read so far that mean nothing to the schema, the mapping and the service.
pub(crate) fn unread_columns<S: Sink>(sink: &S, import: &ImportRow) -> Vec<String> {
    let headers: Vec<String> = serde_json::from_str(&import.headers).unwrap_or_default();
    let mapping = import.mapping().unwrap_or_default();
    let map = sink
        .schema(&import.kind)
        .and_then(|schema| HeaderMap::recognise_keys(&headers, schema, mapping.as_ref()).ok());
    let Some(map) = map else {
        return Vec::new();
    };
    map.unknown()
        .map(|(place, _)| headers[*place].as_str())
        .filter(|header| !header.is_empty() && !sink.reads_besides(header))
        .take(MOST)
        .map(|header| header.chars().take(MOST).collect())
        .collect()
}
