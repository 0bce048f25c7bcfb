//! Messages of the contract as bytes from the wire: refused, or read into something that is written and read the same.

#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use marque_api::{complaint, customer, intake, network, quality, scoring, service_history, vehicle};
use prost::Message;

fn round<M: Message + Default + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes) else {
        return;
    };
    let written = message.encode_to_vec();
    let again = M::decode(written.as_slice()).expect("what was written can be read");
    // Compared as bytes, since NaN is not equal to itself.
    assert_eq!(again.encode_to_vec(), written);
}

const READERS: [fn(&[u8]); 10] = [
    round::<intake::v1::ImportRequest>,
    round::<intake::v1::ListImportRowsRequest>,
    round::<network::v1::ApplyNetworkRequest>,
    round::<customer::v1::PutSourceRecordRequest>,
    round::<customer::v1::LookupRequest>,
    round::<vehicle::v1::PutVehicleRequest>,
    round::<service_history::v1::PutVisitRequest>,
    round::<scoring::v1::PutModelRequest>,
    round::<quality::v1::RecordVerificationsRequest>,
    round::<complaint::v1::OpenComplaintRequest>,
];

fuzz_target!(|input: &[u8]| {
    if let [choice, bytes @ ..] = input {
        READERS[usize::from(*choice) % READERS.len()](bytes);
    }
});
