//! Tables as Parquet files.

use super::datum::ColumnKind;
use super::table::{Column, Table, Values};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// Rows of one row group: bounds what a reader must hold.
const ROW_GROUP: usize = 1 << 20;

impl Table {
    /// The table as the bytes of a Parquet file: the same bytes for the same table. Numbers are required doubles
    /// (NaN where they are missing), all other columns are optional. Nothing is compressed.
    ///
    /// # Errors
    /// What the writer of the format refuses, such as texts beyond 2 GiB.
    pub fn to_parquet(&self) -> Result<Vec<u8>> {
        let fields = self.columns().iter().map(|column| field(column).map(Arc::new));
        let schema = Type::group_type_builder("table").with_fields(fields.collect::<Result<_>>()?).build()?;
        let properties = WriterProperties::builder()
            .set_created_by(concat!("sgdyn version ", env!("CARGO_PKG_VERSION")).to_owned())
            // Statistics of NaN are a matter on which readers differ, and small tables gain nothing by them.
            .set_statistics_enabled(EnabledStatistics::None)
            .set_dictionary_enabled(false)
            .build();
        let schema: TypePtr = Arc::new(schema);
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        for start in (0..self.rows()).step_by(ROW_GROUP) {
            let end = self.rows().min(start + ROW_GROUP);
            let mut group = writer.next_row_group()?;
            for column in self.columns() {
                let mut chunk = group.next_column()?.ok_or_else(|| {
                    ParquetError::General(format!("no place for the column `{}`", column.name))
                })?;
                write_chunk(&mut chunk, &column.values, start, end)?;
                chunk.close()?;
            }
            group.close()?;
        }
        writer.into_inner()
    }
}

fn field(column: &Column) -> Result<Type> {
    let (physical, logical) = match column.values.kind() {
        ColumnKind::Number => (Physical::DOUBLE, None),
        ColumnKind::Count => (Physical::INT64, Some(LogicalType::integer(64, false))),
        ColumnKind::Integer => (Physical::INT64, Some(LogicalType::integer(64, true))),
        ColumnKind::Truth => (Physical::BOOLEAN, None),
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = match column.values.kind() {
        ColumnKind::Number => Repetition::REQUIRED,
        _ => Repetition::OPTIONAL,
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
}

fn write_chunk(
    chunk: &mut SerializedColumnWriter<'_>,
    values: &Values,
    start: usize,
    end: usize,
) -> Result<()> {
    match values {
        Values::Number(values) => {
            chunk.typed::<DoubleType>().write_batch(&values[start..end], None, None).map(drop)
        }
        Values::Count(values) => {
            optional::<Int64Type, _>(chunk, &values[start..end], |value| value.cast_signed())
        }
        Values::Integer(values) => optional::<Int64Type, _>(chunk, &values[start..end], |value| *value),
        Values::Truth(values) => optional::<BoolType, _>(chunk, &values[start..end], |value| *value),
        Values::Text(values) => {
            optional::<ByteArrayType, _>(chunk, &values[start..end], |value| ByteArray::from(value.as_str()))
        }
    }
}

fn optional<D: DataType, T>(
    chunk: &mut SerializedColumnWriter<'_>,
    values: &[Option<T>],
    convert: impl Fn(&T) -> D::T,
) -> Result<()> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<D::T> = values.iter().flatten().map(convert).collect();
    chunk.typed::<D>().write_batch(&present, Some(&levels), None).map(drop)
}

#[cfg(test)]
mod tests {
    use crate::study::{ColumnKind, Datum, Table};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use std::io::Write as _;

    fn reader(bytes: &[u8]) -> SerializedFileReader<std::fs::File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        SerializedFileReader::new(file).unwrap()
    }

    fn table() -> Table {
        let columns = [
            ("x y", ColumnKind::Number),
            ("count", ColumnKind::Count),
            ("integer", ColumnKind::Integer),
            ("truth", ColumnKind::Truth),
            ("text", ColumnKind::Text),
        ];
        let mut table = Table::new("all", columns).unwrap();
        table.push([0.1.into(), u64::MAX.into(), i64::MIN.into(), true.into(), "θ,\"".into()]).unwrap();
        table.push([Datum::Missing, Datum::Missing, Datum::Missing, Datum::Missing, Datum::Missing]).unwrap();
        table.push([f64::INFINITY.into(), 3_u64.into(), (-3_i64).into(), false.into(), "".into()]).unwrap();
        table
    }

    #[test]
    fn a_table_reads_back_through_the_reader_of_the_format() {
        let rows: Vec<Vec<Field>> = reader(&table().to_parquet().unwrap())
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect())
            .collect();
        let text = |text: &str| Field::Str(text.to_owned());
        let first = vec![
            Field::Double(0.1),
            Field::ULong(u64::MAX),
            Field::Long(i64::MIN),
            Field::Bool(true),
            text("θ,\""),
        ];
        assert_eq!(rows[0], first);
        assert!(matches!(rows[1][0], Field::Double(number) if number.is_nan()));
        assert_eq!(rows[1][1..], [Field::Null, Field::Null, Field::Null, Field::Null]);
        let last = vec![
            Field::Double(f64::INFINITY),
            Field::ULong(3),
            Field::Long(-3),
            Field::Bool(false),
            text(""),
        ];
        assert_eq!(rows[2], last);
    }

    #[test]
    fn the_bytes_are_a_function_of_the_table() {
        assert_eq!(table().to_parquet().unwrap(), table().to_parquet().unwrap());
    }

    #[test]
    fn a_table_without_rows_is_a_file() {
        let empty = Table::new("empty", [("x", ColumnKind::Number)]).unwrap().to_parquet().unwrap();
        let reader = reader(&empty);
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(reader.metadata().file_metadata().schema_descr().num_columns(), 1);
    }
}
