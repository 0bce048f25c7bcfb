//! Apache Parquet: one row group, every column optional.

use std::sync::Arc;

use parquet::{
    basic::{LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::Result,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use crate::{Cell, Column, Kind, Table, WriteError};

pub(crate) fn write(table: &Table) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder()
        .set_created_by("marque".to_owned())
        .build();
    let mut file = SerializedFileWriter::new(&mut bytes, schema(table)?, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (place, column) in table.columns().iter().enumerate() {
        let mut writer = group
            .next_column()?
            .expect("the schema has all columns of the table");
        let cells = table.rows().iter().map(|row| &row[place]);
        match column.kind {
            Kind::Text => put::<ByteArrayType>(&mut writer, cells, |cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            })?,
            Kind::Integer => put::<Int64Type>(&mut writer, cells, |cell| {
                number(cell).map(|number| number as i64)
            })?,
            Kind::Number => put::<DoubleType>(&mut writer, cells, number)?,
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        _ => None,
    }
}

/// Writes one column: the values there are, and for each row whether it has one.
fn put<'c, T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = &'c Cell>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        let value = value(cell);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    writer
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    Ok(())
}

fn schema(table: &Table) -> Result<TypePtr> {
    let fields = table.columns().iter().map(field).collect::<Result<_>>()?;
    let root = Type::group_type_builder("table").with_fields(fields);
    Ok(Arc::new(root.build()?))
}

fn field(column: &Column) -> Result<TypePtr> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
    };
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::{
        file::{reader::FileReader as _, serialized_reader::SerializedFileReader},
        record::RowAccessor as _,
    };

    use super::*;
    use crate::Format;

    #[test]
    fn a_table_comes_back_as_it_was_with_its_types() {
        let columns = vec![
            Column::new("dealer", Kind::Text),
            Column::new("customers", Kind::Integer),
            Column::new("rate", Kind::Number),
        ];
        let rows = vec![
            vec![Cell::from("一店"), Cell::from(12_i64), Cell::from(0.25)],
            vec![Cell::from("D002"), Cell::from(0_i64), Cell::Empty],
        ];
        let table = Table::new(columns, rows).unwrap();
        let bytes = Bytes::from(Format::Parquet.write(&table).unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        let kinds = reader.metadata().file_metadata().schema_descr();
        let kinds: Vec<Physical> = kinds
            .columns()
            .iter()
            .map(|each| each.physical_type())
            .collect();
        assert_eq!(
            kinds,
            [Physical::BYTE_ARRAY, Physical::INT64, Physical::DOUBLE]
        );
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get_string(0).unwrap(), "一店");
        assert_eq!(
            (rows[0].get_long(1).unwrap(), rows[0].get_double(2).unwrap()),
            (12, 0.25)
        );
        assert_eq!(rows[1].get_long(1).unwrap(), 0);
        assert!(rows[1].get_double(2).is_err(), "not known is null");
    }

    #[test]
    fn a_table_without_rows_still_has_its_columns() {
        let table = Table::new(vec![Column::new("group", Kind::Text)], Vec::new()).unwrap();
        let bytes = Bytes::from(Format::Parquet.write(&table).unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(
            reader
                .metadata()
                .file_metadata()
                .schema_descr()
                .num_columns(),
            1
        );
    }
}
