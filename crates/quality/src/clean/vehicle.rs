//! Vehicles.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use super::{Cleaned, Notes};
use crate::{
    dictionary::{Field, RecordKind, VehicleRow},
    finding::Rule,
    plate::Plate,
    standard::{Measure, Measured, Standard, release},
    text::{present, tidy},
    vin::Vin,
};

/// What a car runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EnergyType {
    /// 汽油.
    Petrol,
    /// 柴油.
    Diesel,
    /// 纯电.
    BatteryElectric,
    /// 插电混动.
    PlugInHybrid,
    /// 增程.
    RangeExtender,
    /// 混动 without plug.
    Hybrid,
    /// 氢燃料电池.
    FuelCell,
    /// 天然气, 液化气.
    Gas,
}

const ENERGY_TYPES: &[(EnergyType, &[&str])] = &[
    (
        EnergyType::Petrol,
        &["petrol", "汽油", "gasoline", "燃油", "汽油车", "燃油车"],
    ),
    (EnergyType::Diesel, &["diesel", "柴油", "柴油车"]),
    (
        EnergyType::BatteryElectric,
        &[
            "battery_electric",
            "纯电",
            "纯电动",
            "纯电动车",
            "纯电动汽车",
            "电动",
            "电动车",
            "电动汽车",
            "电",
            "BEV",
            "EV",
        ],
    ),
    (
        EnergyType::PlugInHybrid,
        &[
            "plug_in_hybrid",
            "插电混动",
            "插电式混动",
            "插电式混合动力",
            "插电",
            "插混",
            "PHEV",
        ],
    ),
    (
        EnergyType::RangeExtender,
        &[
            "range_extender",
            "增程",
            "增程式",
            "增程式电动",
            "增程式混动",
            "EREV",
            "REEV",
        ],
    ),
    (
        EnergyType::Hybrid,
        &[
            "hybrid",
            "混动",
            "油电混动",
            "油电混合",
            "混合动力",
            "轻混",
            "HEV",
            "MHEV",
        ],
    ),
    (
        EnergyType::FuelCell,
        &["fuel_cell", "燃料电池", "氢燃料电池", "氢能", "氢", "FCEV"],
    ),
    (
        EnergyType::Gas,
        &[
            "gas",
            "天然气",
            "压缩天然气",
            "液化气",
            "液化石油气",
            "双燃料",
            "CNG",
            "LPG",
        ],
    ),
];

impl EnergyType {
    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        ENERGY_TYPES
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, words)| words[0])
    }
}

/// A vehicle row, typed and normalised. Fields mean what the dictionary says.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanVehicle<'a> {
    pub vin: Option<Vin>,
    /// What the VIN probably is where I, O or Q was typed: to be confirmed, never taken silently.
    pub vin_suggestion: Option<Vin>,
    pub plate: Option<Plate>,
    pub brand: Option<Cow<'a, str>>,
    pub series: Option<Cow<'a, str>>,
    pub model: Option<Cow<'a, str>>,
    /// As given, else by the VIN.
    pub model_year: Option<i32>,
    /// Whether the model year is only what the VIN has it to be: no word of whoever typed the row.
    pub is_year_guessed: bool,
    pub color: Option<Cow<'a, str>>,
    pub energy_type: Option<EnergyType>,
    pub sale_date: Option<NaiveDate>,
    pub selling_dealer: Option<Cow<'a, str>>,
    pub owner_key: Option<Cow<'a, str>>,
    pub insurance_expiry: Option<NaiveDate>,
    pub inspection_due: Option<NaiveDate>,
    pub warranty_end: Option<NaiveDate>,
}

/// Cleans one vehicle row. `today` is the business day of the check, which names the release's standard whose ranges hold.
pub fn clean_vehicle<'a>(row: &VehicleRow<'a>, today: NaiveDate) -> Cleaned<CleanVehicle<'a>> {
    clean_vehicle_by(release(RecordKind::Vehicles, today), row, today)
}

/// Cleans one vehicle row by the ranges of a standard.
pub fn clean_vehicle_by<'a>(
    standard: &Standard,
    row: &VehicleRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanVehicle<'a>> {
    let mut notes = Notes::new(today, standard);
    let mut row = *row;
    let plate_is_vin = present(row.plate).is_some_and(|cell| Vin::parse(cell).is_ok());
    if plate_is_vin && present(row.vin).is_none_or(crate::plate::looks_like_plate) {
        std::mem::swap(&mut row.plate, &mut row.vin);
        notes.add_other(Field::VehiclePlate, Rule::SwappedColumns, Field::VehicleVin);
    }
    let (vin, vin_suggestion) = notes.vin(Field::VehicleVin, row.vin);
    let mut vehicle = CleanVehicle {
        vin,
        vin_suggestion,
        plate: notes.plate(Field::VehiclePlate, row.plate),
        brand: notes.text(Field::VehicleBrand, row.brand),
        series: notes.text(Field::VehicleSeries, row.series),
        model: notes.text(Field::VehicleModel, row.model),
        model_year: model_year(row.model_year, vin, &mut notes),
        is_year_guessed: false,
        color: notes.text(Field::VehicleColor, row.color),
        energy_type: notes.choice(Field::VehicleEnergyType, row.energy_type, ENERGY_TYPES),
        sale_date: notes
            .date_in_range(Field::VehicleSaleDate, row.sale_date)
            .map(|d| d.date),
        selling_dealer: notes.key(Field::VehicleSellingDealer, row.selling_dealer),
        owner_key: notes.key(Field::VehicleOwnerKey, row.owner_key),
        insurance_expiry: notes.due_date(Field::VehicleInsuranceExpiry, row.insurance_expiry),
        inspection_due: notes.due_date(Field::VehicleInspectionDue, row.inspection_due),
        warranty_end: notes.due_date(Field::VehicleWarrantyEnd, row.warranty_end),
    };
    if vehicle.model_year.is_none() {
        vehicle.model_year = year_by_vin(vin, today);
        vehicle.is_year_guessed = vehicle.model_year.is_some();
    }
    if let (Some(sold), Some(end)) = (vehicle.sale_date, vehicle.warranty_end)
        && end < sold
    {
        notes.add_other(
            Field::VehicleWarrantyEnd,
            Rule::DateOrder,
            Field::VehicleSaleDate,
        );
    }
    if vehicle.vin.is_none() && vehicle.plate.is_none() {
        notes.add(Field::VehicleVin, Rule::VehicleUnidentified);
    }
    notes.into_cleaned(vehicle)
}

/// The model year that the VIN has.
fn year_by_vin(vin: Option<Vin>, today: NaiveDate) -> Option<i32> {
    vin.and_then(|vin| vin.model_year(today.year() + 1))
}

/// The model year as typed: `2024`, `2024款`, `24款`.
fn model_year(cell: Option<&str>, vin: Option<Vin>, notes: &mut Notes<'_>) -> Option<i32> {
    let text = tidy(present(cell)?);
    let digits = text.trim_end_matches(['款', '年', '型']);
    let year = digits
        .parse::<i32>()
        .ok()
        .map(|year| if digits.len() == 2 { 2000 + year } else { year });
    let Some(year) = year else {
        notes.add(Field::VehicleModelYear, Rule::NumberForm);
        return None;
    };
    let measured = Measured {
        field: Field::VehicleModelYear,
        measure: Measure::Year,
        value: i64::from(year),
    };
    if !notes.measure(measured) {
        return None;
    }
    let by_vin = year_by_vin(vin, notes.today);
    if vin.is_some_and(|vin| vin.is_chinese()) && by_vin.is_some_and(|by_vin| by_vin != year) {
        notes.add_other(
            Field::VehicleModelYear,
            Rule::VinModelYearDiffers,
            Field::VehicleVin,
        );
    }
    Some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn a_vehicle_is_typed_and_its_year_taken_from_the_vin() {
        let row = VehicleRow {
            vin: Some("LJ1EEKRN7R4000001"),
            energy_type: Some("纯电"),
            sale_date: Some("2024年3月5日"),
            ..VehicleRow::default()
        };
        let cleaned = clean_vehicle(&row, today());
        assert!(cleaned.findings.is_empty());
        assert_eq!(cleaned.record.model_year, Some(2024));
        assert!(cleaned.record.is_year_guessed);
        assert_eq!(
            cleaned.record.energy_type,
            Some(EnergyType::BatteryElectric)
        );
        assert_eq!(
            cleaned.record.sale_date,
            NaiveDate::from_ymd_opt(2024, 3, 5)
        );
    }

    #[test]
    fn what_is_valid_until_a_month_is_so_to_its_end() {
        let row = VehicleRow {
            vin: Some("LJ1EEKRN7R4000001"),
            sale_date: Some("2024-05"),
            inspection_due: Some("2028-02"),
            insurance_expiry: Some("2026年12月"),
            warranty_end: Some("2028-05-04"),
            ..VehicleRow::default()
        };
        let cleaned = clean_vehicle(&row, today());
        let vehicle = &cleaned.record;
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        assert_eq!(vehicle.inspection_due, day(2028, 2, 29));
        assert_eq!(vehicle.insurance_expiry, day(2026, 12, 31));
        assert_eq!(vehicle.warranty_end, day(2028, 5, 4));
        assert_eq!(vehicle.sale_date, day(2024, 5, 1));
        let findings = cleaned.findings.iter();
        let found: Vec<_> = findings.map(|one| (one.field, one.rule)).collect();
        let month_only = |field| (field, Rule::DateMonthOnly);
        let fields = [Field::VehicleInsuranceExpiry, Field::VehicleInspectionDue];
        assert_eq!(found, fields.map(month_only));
    }

    #[test]
    fn a_vehicle_without_vin_and_plate_is_rejected() {
        let cleaned = clean_vehicle(
            &VehicleRow {
                brand: Some("样例"),
                vin: Some("R4000001"),
                ..VehicleRow::default()
            },
            today(),
        );
        assert!(cleaned.is_rejected());
    }

    #[test]
    fn swapped_plate_and_vin_are_put_right() {
        let row = VehicleRow {
            vin: Some("冀A8K302"),
            plate: Some("LJ1EEKRN7R4000001"),
            ..VehicleRow::default()
        };
        let cleaned = clean_vehicle(&row, today());
        assert!(cleaned.record.vin.is_some() && cleaned.record.plate.is_some());
        assert_eq!(cleaned.findings[0].rule, Rule::SwappedColumns);
    }

    #[test]
    fn a_year_that_is_not_the_vins_is_doubted() {
        let row = VehicleRow {
            vin: Some("LJ1EEKRN7R4000001"),
            model_year: Some("2022款"),
            ..VehicleRow::default()
        };
        let cleaned = clean_vehicle(&row, today());
        assert_eq!(cleaned.record.model_year, Some(2022));
        assert!(!cleaned.record.is_year_guessed);
        assert_eq!(cleaned.findings[0].rule, Rule::VinModelYearDiffers);
    }
}
