//! Between the wire and the domain: every field by name.

use chrono::NaiveDate;
use marque_api::{intake::v1::Column, vehicle::v1 as pb};
use marque_events::to_proto_time;
use marque_quality::VehicleRow;

use crate::{
    app::{Naming, RawRow, Shown},
    domain::{Licence, Party, PartyFact, PlateInterval, Reading, Vehicle},
    storage::KeptRow,
};

pub(super) fn row_from_pb(columns: &pb::VehicleColumns) -> RawRow<'_> {
    let pb::VehicleColumns {
        vin,
        plate,
        brand,
        series,
        model,
        model_year,
        color,
        energy_type,
        sale_date,
        selling_dealer,
        owner_key,
        insurance_expiry,
        inspection_due,
        warranty_end,
        extra,
    } = columns;
    let columns = VehicleRow {
        vin: Some(vin),
        plate: Some(plate),
        brand: Some(brand),
        series: Some(series),
        model: Some(model),
        model_year: Some(model_year),
        color: Some(color),
        energy_type: Some(energy_type),
        sale_date: Some(sale_date),
        selling_dealer: Some(selling_dealer),
        owner_key: Some(owner_key),
        insurance_expiry: Some(insurance_expiry),
        inspection_due: Some(inspection_due),
        warranty_end: Some(warranty_end),
    };
    let extra = extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    RawRow { columns, extra }
}

/// A row as it is handed out.
pub(super) fn row_to_pb(naming: Naming) -> pb::ExportedRow {
    let Naming {
        kept,
        roles,
        columns,
    } = naming;
    let KeptRow {
        dealer,
        source,
        vin,
        sealed: _,
        received_at,
    } = kept;
    let column = |(name, value)| Column { name, value };
    let [columns, extra] = columns
        .into_pairs()
        .map(|pairs| pairs.into_iter().map(column).collect());
    pb::ExportedRow {
        dealer,
        source,
        vin,
        roles: roles.iter().map(|role| role.code().to_owned()).collect(),
        columns,
        extra,
        received_at: Some(to_proto_time(received_at)),
    }
}

pub(super) fn vehicle_to_pb(shown: Shown) -> pb::Vehicle {
    let Shown { vehicle, plates } = shown;
    let Vehicle {
        id,
        vin,
        definition,
        licence,
        color,
        sale_date,
        selling_dealer,
        insurance_expiry,
        inspection_due,
        warranty_end,
        odometer_km,
        odometer_at,
        version,
        updated_at,
    } = vehicle;
    let Licence {
        class,
        vehicle_use,
        seats,
    } = licence;
    pb::Vehicle {
        id: id.to_string(),
        vin,
        definition: Some(crate::app::definition_to_pb(definition)),
        plates: plates.into_iter().map(plate_to_pb).collect(),
        color,
        sale_date: date_to_pb(sale_date),
        selling_dealer,
        insurance_expiry: date_to_pb(insurance_expiry),
        inspection_due: date_to_pb(inspection_due),
        warranty_end: date_to_pb(warranty_end),
        odometer_km: odometer_km as i32,
        odometer_at: (odometer_km > 0).then(|| to_proto_time(odometer_at)),
        version,
        updated_at: Some(to_proto_time(updated_at)),
        vehicle_class: class,
        vehicle_use,
        seats,
    }
}

fn plate_to_pb(interval: PlateInterval) -> pb::Plate {
    let PlateInterval { plate, from, to } = interval;
    pb::Plate {
        plate,
        valid_from: Some(to_proto_time(from)),
        valid_to: to.map(to_proto_time),
    }
}

pub(super) fn party_to_pb(party: Party) -> pb::Party {
    let Party {
        fact,
        valid_from,
        valid_to,
    } = party;
    let PartyFact {
        vehicle,
        role,
        record,
        dealer,
        customer,
        first_at: _,
        last_at: _,
        ended_at: _,
        by_row: _,
        left_at: _,
        away_at: _,
        absences: _,
    } = fact;
    pb::Party {
        vehicle_id: vehicle.to_string(),
        source_record_id: record.to_string(),
        customer_id: customer.map_or_else(String::new, |customer| customer.to_string()),
        role: role.code().to_owned(),
        dealer,
        valid_from: Some(to_proto_time(valid_from)),
        valid_to: valid_to.map(to_proto_time),
    }
}

/// A part of somebody whom the caller has nothing to do with: that there was one, not who.
pub(super) fn without_person(party: pb::Party) -> pb::Party {
    pb::Party {
        source_record_id: String::new(),
        customer_id: String::new(),
        ..party
    }
}

pub(super) fn reading_to_pb(reading: Reading) -> pb::Reading {
    let Reading {
        read_at,
        visit: _,
        visit_version: _,
        km,
        dealer,
        quality,
    } = reading;
    pb::Reading {
        odometer_km: km as i32,
        read_at: Some(to_proto_time(read_at)),
        origin: "visit".to_owned(),
        dealer,
        quality: quality.code().to_owned(),
    }
}

fn date_to_pb(date: Option<NaiveDate>) -> String {
    date.map_or_else(String::new, |date| date.to_string())
}
